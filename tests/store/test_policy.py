"""What a Redis must be set to before state is kept in it, shown on real servers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from redis.asyncio import Redis
from redis.exceptions import TimeoutError as TooLateError

from app.store.connection import STATE_PATIENCE, open_store
from app.store.policy import FIT_FOR, WRONG_FOR, StatePolicy
from app.store.state import StoreAwayError
from app.store_url import EMBEDDED_STORE
from tests.support.ports import free_port
from tests.support.redis import RedisServer, running_redis

EVICTING = [
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
]


class Stopwatch:
    def __init__(self) -> None:
        self.moment = 0.0

    def __call__(self) -> float:
        return self.moment


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[Redis]:
    async with open_store(server.url(), patience=STATE_PATIENCE) as opened:
        yield opened


async def _fault(store: Redis) -> str | None:
    return await StatePolicy(store, embedded=False).fault()


async def _fault_for(server: RedisServer, store: Redis, *rules: str) -> str | None:
    """What a user with these rules finds out."""
    await _grant(store, *rules)
    async with open_store(server.url(user="ada:secret"), patience=STATE_PATIENCE) as seen:
        return await _fault(seen)


async def _grant(store: Redis, *rules: str) -> None:
    """To Ada: everything but what these rules take away."""
    categories = ["+@all", *(rule for rule in rules if "@" in rule)]
    commands = [rule for rule in rules if "@" not in rule]
    await store.acl_setuser(
        "ada", enabled=True, passwords=["+secret"], keys=["*"], categories=categories, commands=commands
    )


async def test_a_redis_that_keeps_what_it_is_told_is_fit(store: Redis) -> None:
    assert await _fault(store) is None


@pytest.mark.fault("R06")
@pytest.mark.parametrize("policy", EVICTING)
async def test_a_redis_that_evicts_is_not_fit(store: Redis, policy: str) -> None:
    await store.config_set("maxmemory-policy", policy)

    assert "`maxmemory-policy noeviction`" in (await _fault(store) or "")


async def test_a_redis_without_an_append_only_file_is_not_fit(store: Redis) -> None:
    await store.config_set("appendonly", "no")

    assert "`appendonly yes`" in (await _fault(store) or "")


@pytest.mark.fault("R07")
async def test_a_replica_is_not_fit(store: Redis) -> None:
    await store.replicaof("127.0.0.1", free_port())

    assert "BFF_STATE_URL lead to its master" in (await _fault(store) or "")


@pytest.mark.fault("R14")
async def test_a_user_who_may_run_no_scripts_is_told_so(server: RedisServer, store: Redis) -> None:
    assert "`+@scripting`" in (await _fault_for(server, store, "-@scripting") or "")


@pytest.mark.fault("R14")
async def test_a_redis_that_has_no_scripts_is_not_fit(tmp_path: Path) -> None:
    with running_redis(tmp_path, rename_command="EVAL ") as server:
        async with open_store(server.url(), patience=STATE_PATIENCE) as store:
            assert "`+@scripting`" in (await _fault(store) or "")


async def test_where_info_is_forbidden_the_settings_are_asked(server: RedisServer, store: Redis) -> None:
    await store.config_set("appendonly", "no")

    assert "`appendonly yes`" in (await _fault_for(server, store, "-info") or "")


async def test_where_info_is_forbidden_right_settings_are_fit(server: RedisServer, store: Redis) -> None:
    assert await _fault_for(server, store, "-info") is None


async def test_where_settings_are_forbidden_info_is_enough(server: RedisServer, store: Redis) -> None:
    await store.config_set("appendonly", "no")

    assert "`appendonly yes`" in (await _fault_for(server, store, "-config") or "")


async def test_what_cannot_be_found_out_is_fit(server: RedisServer, store: Redis) -> None:
    await store.config_set("appendonly", "no")

    assert await _fault_for(server, store, "-info", "-config") is None


async def test_what_cannot_be_found_out_is_logged_once(server: RedisServer, store: Redis) -> None:
    await _grant(store, "-info", "-config")
    stopwatch = Stopwatch()
    async with open_store(server.url(user="ada:secret"), patience=STATE_PATIENCE) as seen:
        policy = StatePolicy(seen, embedded=False, monotonic=stopwatch)
        with structlog.testing.capture_logs() as logs:
            await policy.fault()
            stopwatch.moment += FIT_FOR
            await policy.fault()

    warnings = [entry for entry in logs if entry["event"] == "state.policy_unknown"]
    assert [entry["settings"] for entry in warnings] == [["appendonly", "maxmemory-policy", "role"]]


@pytest.mark.parametrize(
    ("first", "then", "lasts"),
    [
        pytest.param("noeviction", "allkeys-lru", FIT_FOR, id="fit"),
        pytest.param("allkeys-lru", "noeviction", WRONG_FOR, id="a fault"),
    ],
)
async def test_a_finding_is_remembered_for_a_while(store: Redis, first: str, then: str, lasts: float) -> None:
    stopwatch = Stopwatch()
    policy = StatePolicy(store, embedded=False, monotonic=stopwatch)
    await store.config_set("maxmemory-policy", first)
    found = await policy.fault()
    await store.config_set("maxmemory-policy", then)

    stopwatch.moment += lasts - 0.1
    remembered = await policy.fault()
    stopwatch.moment += 0.1
    renewed = await policy.fault()

    assert remembered == found
    assert (renewed is None) != (found is None)


async def test_the_embedded_store_is_always_fit() -> None:
    async with open_store(EMBEDDED_STORE) as store:
        assert await StatePolicy(store, embedded=True).fault() is None


async def test_a_redis_that_does_not_answer_is_away() -> None:
    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as store:
        with pytest.raises(StoreAwayError):
            await _fault(store)


async def test_a_redis_that_is_too_busy_to_tell_is_away(store: Redis, server: RedisServer) -> None:
    await store.config_set("busy-reply-threshold", "1")
    async with open_store(server.url(), patience=STATE_PATIENCE) as other:
        policy = StatePolicy(other, embedded=False)
        with pytest.raises(TooLateError):
            await store.eval("while true do end", 0)

        with pytest.raises(StoreAwayError):
            await policy.fault()
