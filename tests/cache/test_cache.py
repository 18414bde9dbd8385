"""The cache on a real Redis: what is kept, what counts as a miss, and that its bad days are not ours."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from app.cache import keys
from app.cache.cache import Cache, Entry, _parsed, _serialised
from app.cache.clocks import AHEAD
from app.cache.reach import Reach
from app.slots.model import Slot
from app.store.connection import open_store
from tests.support.ports import free_port
from tests.support.redis import RedisServer
from tests.support.stopwatch import Stopwatch

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SLOTS = [Slot(NOON, 1), Slot(NOON + timedelta(minutes=30), 3)]
ENTRY = Entry(NOON, SLOTS)


def _cache(store: Redis) -> Cache:
    return Cache(store, Reach(store.ping, CollectorRegistry()), lifetime=timedelta(hours=1))


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[Redis]:
    async with open_store(redis.url()) as opened:
        yield opened


async def test_what_was_written_is_read(store: Redis) -> None:
    cache = _cache(store)
    await cache.write({"a": ENTRY})

    assert await cache.read(["a"], list[Slot]) == {"a": ENTRY}


async def test_what_is_not_there_is_not_in_the_answer(store: Redis) -> None:
    cache = _cache(store)
    await cache.write({"a": ENTRY})

    assert (await cache.read(["b", "a", "c"], list[Slot])).keys() == {"a"}


async def test_an_entry_goes_when_its_lifetime_is_over(store: Redis) -> None:
    await _cache(store).write({"a": ENTRY})

    assert 3_590 <= await store.ttl("a") <= 3_600


@pytest.mark.fault("P06")
@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        pytest.param(5 * SECOND, True, id="young enough"),
        pytest.param(6 * SECOND, False, id="too old"),
        pytest.param(-AHEAD, True, id="a little ahead"),
        pytest.param(-AHEAD - SECOND, False, id="far ahead, for the clock was set back"),
    ],
)
def test_an_entry_knows_its_age(passed: timedelta, *, expected: bool) -> None:
    assert ENTRY.is_within(5 * SECOND, NOON + passed) is expected


@pytest.mark.fault("R10")
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x80\x04\x95pickle", id="pickle"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b"{}", id="an object"),
        pytest.param(b"[]", id="an empty list"),
        pytest.param(b'["2026-11-23T12:00:00",[]]', id="no zone"),
        pytest.param(b'["2026-11-23T12:00:00Z",{"odd":1}]', id="another value"),
        pytest.param(b'["2026-11-23T12:00:00Z",[],1]', id="one too many"),
        pytest.param(b'["2026-11-23T12:00:00Z",[["2026-11-23T12:00:00Z"]]]', id="half a slot"),
        pytest.param(b"5" * 1_000_000, id="a megabyte of digits"),
    ],
)
async def test_what_is_not_ours_is_a_miss(store: Redis, raw: bytes) -> None:
    await store.set("a", raw)
    await _cache(store).write({"b": ENTRY})

    assert (await _cache(store).read(["a", "b"], list[Slot])).keys() == {"b"}


@pytest.mark.fault("R10")
async def test_a_value_of_another_type_is_a_miss_and_spoils_no_other(store: Redis) -> None:
    cache = _cache(store)
    await store.rpush("a", "1")
    await cache.write({"b": ENTRY})

    assert (await cache.read(["a", "b"], list[Slot])).keys() == {"b"}


@given(st.binary(max_size=64))
def test_any_bytes_are_an_entry_or_a_miss(raw: bytes) -> None:
    found = _parsed(raw, list[Slot])

    assert found is None or isinstance(found, Entry)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.lists(st.builds(Slot, st.datetimes(timezones=st.just(UTC)), st.integers(0, 1000)), max_size=5),
)
def test_an_entry_survives_its_way_through_json(as_of: datetime, slots: list[Slot]) -> None:
    entry = Entry(as_of, slots)

    assert _parsed(_serialised(entry), list[Slot]) == entry


async def test_a_redis_that_is_away_is_a_miss_and_counted() -> None:
    registry = CollectorRegistry()
    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as away:
        cache = Cache(away, Reach(away.ping, registry), lifetime=timedelta(hours=1))

        assert await cache.read(["a"], list[Slot]) == {}

    assert registry.get_sample_value("bff_cache_failures_total", {"error": "ConnectionError"}) == 1


@pytest.mark.fault("R03")
async def test_a_redis_that_hangs_costs_one_time_out(redis: RedisServer, store: Redis) -> None:
    cache = _cache(store)
    await cache.write({"a": ENTRY})
    redis.pause()
    watch = Stopwatch()

    found = [await cache.read(["a"], list[Slot]) for _ in range(100)]

    spent = watch.stop()
    redis.resume()
    assert found == [{}] * 100
    assert spent < 1


@pytest.mark.fault("R05")
async def test_a_full_redis_skips_the_write(store: Redis) -> None:
    cache = _cache(store)
    await store.config_set("maxmemory", "1")
    await cache.write({"a": ENTRY})
    await store.config_set("maxmemory", "0")

    assert await cache.read(["a"], list[Slot]) == {}


def test_keys_differ_wherever_values_may() -> None:
    made = {spell(account) for spell in (keys.catalogue, keys.days, keys.news) for account in ("A", "B")}

    assert len(made) == 6
