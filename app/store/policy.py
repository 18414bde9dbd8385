"""Whether state may be kept in a Redis: what it has to be set to, and what to tell an operator where it is not."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from app.concurrency import SingleFlight, together
from app.store.cluster import Ask
from app.store.masters import masters_of
from app.store.state import StoreAwayError

FIT_FOR = 30.0
"""Seconds for which a store that was found fit counts as fit."""

WRONG_FOR = 5.0
"""Seconds for which a fault is remembered: who mends it need not wait long."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demand:
    info: str
    """The field of INFO that tells."""
    config: str | None = None
    """The setting that tells where INFO does not."""
    wanted: frozenset[str]
    fault: str


_DEMANDS = (
    _Demand(
        info="role",
        wanted=frozenset({"master"}),
        fault="The Redis for state is a read-only replica: let BFF_STATE_URL lead to its master,"
        " or name its sentinels (redis+sentinel://).",
    ),
    _Demand(
        info="maxmemory_policy",
        config="maxmemory-policy",
        wanted=frozenset({"noeviction"}),
        fault="The Redis for state may evict bookings when it is full: set `maxmemory-policy noeviction`.",
    ),
    _Demand(
        info="aof_enabled",
        config="appendonly",
        wanted=frozenset({"1", "yes"}),
        fault="The Redis for state forgets bookings when it dies: set `appendonly yes`.",
    ),
)

_NO_SCRIPTS = "The Redis for state lets this user run no scripts: grant it `+@scripting`."


@dataclass(frozen=True, slots=True)
class _Examined:
    faults: tuple[str, ...]
    unknown: tuple[str, ...]


class StatePolicy:
    """Remembers its finding for a while: it is asked for at every booking."""

    def __init__(
        self, redis: Redis, *, embedded: bool, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._embedded = embedded
        self._monotonic = monotonic
        self._flight = SingleFlight()
        self._fault: str | None = None
        self._known_until: float | None = None
        self._warned = False

    async def fault(self) -> str | None:
        """None where the store is fit, else a sentence that says what to set.

        What cannot be found out counts as fit, and is logged once: managed
        stores hide their settings. Raises `StoreAwayError` when Redis does not answer.
        """
        if self._embedded:
            return None
        if self._known_until is None or self._monotonic() >= self._known_until:
            await self._flight.run("state", self._examine)
        return self._fault

    async def _examine(self) -> None:
        try:
            found = await together(*(_examined(ask) for ask in await masters_of(self._redis)))
        except (RedisError, OSError) as error:
            log.warning("state.failed", error=type(error).__name__)
            raise StoreAwayError from error
        faults = [fault for each in found for fault in each.faults]
        self._fault = faults[0] if faults else None
        self._known_until = self._monotonic() + (WRONG_FOR if faults else FIT_FOR)
        self._warn({name for each in found for name in each.unknown})

    def _warn(self, unknown: set[str]) -> None:
        if unknown and not self._warned:
            self._warned = True
            log.warning("state.policy_unknown", settings=sorted(unknown))


async def _examined(ask: Ask) -> _Examined:
    info = await _told(ask, "INFO")
    faults, unknown = [], []
    for demand in _DEMANDS:
        value = await _value(ask, info, demand)
        if value is None:
            unknown.append(demand.config or demand.info)
        elif value not in demand.wanted:
            faults.append(demand.fault)
    if not await _runs_scripts(ask):
        faults.append(_NO_SCRIPTS)
    return _Examined(tuple(faults), tuple(unknown))


async def _value(ask: Ask, info: Mapping[str, Any], demand: _Demand) -> str | None:
    value = info.get(demand.info)
    if value is None and demand.config is not None:
        value = (await _told(ask, "CONFIG GET", demand.config)).get(demand.config)
    return None if value is None else str(value)


async def _told(ask: Ask, *command: str) -> Mapping[str, Any]:
    """Nothing where this server does not tell such things, or not to us."""
    try:
        told: Mapping[str, Any] = await ask(*command)
    except ResponseError:
        return {}
    return told


async def _runs_scripts(ask: Ask) -> bool:
    try:
        await ask("EVAL", "return 1", 0)
    except ResponseError as error:
        if isinstance(error, NoPermissionError) or str(error).startswith("unknown command"):
            return False
        raise
    return True
