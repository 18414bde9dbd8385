"""Reads and writes typed entries, and knows how old they are; what is fresh enough is the caller's business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from app.cache.clocks import latest
from app.cache.reach import Reach

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A value, and the instant at which it was true."""

    as_of: datetime
    value: T

    def is_within(self, age: timedelta, now: datetime) -> bool:
        """No older than that, as far as anybody knows."""
        return now - age <= self.as_of and self.is_believed(now)

    def is_believed(self, now: datetime) -> bool:
        """It does not lie ahead."""
        return self.as_of <= latest(now)


def later_of(known: Entry[T] | None, found: Entry[T] | None, now: datetime) -> Entry[T] | None:
    """What Redis has may be the older one, where it could not be told of the other. What lies ahead gives way."""
    if known is None or found is None:
        return known or found
    believed = [each for each in (known, found) if each.is_believed(now)]
    return max(believed, key=lambda each: each.as_of, default=known)


class Cache:
    """Entries as JSON in Redis, kept for `lifetime`.

    A Redis that is away, slow or full is no failure of ours: reads miss, writes
    are skipped, and both are counted. What cannot be parsed counts as not there.
    """

    def __init__(self, redis: Redis, reach: Reach, *, lifetime: timedelta) -> None:
        self._redis = redis
        self._reach = reach
        self._lifetime = lifetime

    async def read(self, keys: Sequence[str], kind: type[T]) -> dict[str, Entry[T]]:
        """What is there; a key that is not, is not in the answer."""
        pipe = self._redis.pipeline(transaction=False)
        for key in keys:
            pipe.get(key)
        found = await self._executed(pipe)
        entries = {key: _parsed(raw, kind) for key, raw in zip(keys, found, strict=False)}
        return {key: entry for key, entry in entries.items() if entry is not None}

    async def write(self, entries: Mapping[str, Entry[Any]]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for key, entry in entries.items():
            pipe.set(key, _serialised(entry), px=self._lifetime)
        await self._executed(pipe)

    async def _executed(self, pipe: Pipeline) -> list[Any]:
        """One round trip, one reply a command: an exception where only that one failed; empty when all did.

        Single commands rather than MGET and its kin, which cannot span the nodes of a cluster.
        """
        if self._reach.is_away:
            return []
        try:
            return await pipe.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            self._reach.failed(error)
            return []


class _Stored(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    as_of: Annotated[datetime, msgspec.Meta(tz=True)]
    value: msgspec.Raw


def _serialised(entry: Entry[Any]) -> bytes:
    return msgspec.json.encode(_Stored(entry.as_of, msgspec.Raw(msgspec.json.encode(entry.value))))


def _parsed(raw: object, kind: type[T]) -> Entry[T] | None:
    if not isinstance(raw, bytes):
        return None
    try:
        stored = msgspec.json.decode(raw, type=_Stored)
        return Entry(stored.as_of, msgspec.json.decode(stored.value, type=kind))
    except (msgspec.DecodeError, UnicodeDecodeError):
        log.warning("cache.entry_unreadable")
        return None
