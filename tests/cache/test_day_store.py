"""Days on a real Redis: what is kept, for whom, and what counts as not there."""

from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as AwayError

from app.cache.day_store import Claim, DayStore, Shelf
from app.store.connection import open_store
from tests.cache.replicas import (
    DAY,
    DAYS,
    INTRO,
    LONG,
    NEWS,
    PREFIX,
    WORKSHOP,
    claimed,
    kept,
    reach_of,
    read,
    replica,
    shelved,
)
from tests.support.ports import free_port

NAME = f"{PREFIX}day:{INTRO}:{DAY}"


async def test_what_one_replica_has_kept_others_read(days: DayStore, other: DayStore) -> None:
    values = {DAY: read(b"\x00\xff"), DAYS[1]: read(b"", seconds=5)}
    await kept(days, values)

    assert await other.read(INTRO, DAYS) == Shelf(generation=await days.generation(), days=values)


async def test_days_come_by_date_in_whatever_order_they_are_asked_for(days: DayStore) -> None:
    values = {day: read(str(day).encode()) for day in DAYS}
    await kept(days, values)

    assert (await days.read(INTRO, DAYS[::-1])).days == values


async def test_days_belong_to_an_event_type_and_an_account(days: DayStore, store: Redis) -> None:
    await kept(days, {DAY: read()})

    assert await shelved(days, WORKSHOP) == {}
    assert await shelved(replica(store, account="bob")) == {}


async def test_the_instant_of_a_reading_is_kept_to_the_microsecond(days: DayStore) -> None:
    as_of = datetime(2026, 11, 23, 6, 0, 0, 1, tzinfo=UTC)
    await kept(days, {DAY: (as_of, b"slots")})

    assert await shelved(days) == {DAY: (as_of, b"slots")}


async def test_a_day_goes_when_its_lifetime_is_over(days: DayStore, store: Redis) -> None:
    await kept(days, {DAY: read()})

    assert 3_500 <= await store.ttl(NAME) <= 3_600


async def test_nothing_is_kept_for_ever(days: DayStore, store: Redis) -> None:
    await kept(days, {DAY: read()})
    await claimed(days, *DAYS[1:])
    await days.forget([DAYS[3]])

    names = await store.keys("*")

    assert len(names) == 3
    assert all([await store.ttl(name) > 0 for name in names])


@pytest.mark.fault("R10")
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"1795435200", id="too short"),
        pytest.param(b"179543520000000x[]", id="no instant"),
        pytest.param(b"-795435200000000[]", id="an instant before all others"),
        pytest.param("١٢٣٤٥٦٧٨".encode(), id="digits of another kind"),
        pytest.param(b"\xff" * 100, id="no text"),
        pytest.param(b"\x00" * 100, id="no letter"),
        pytest.param(b"0", id="a digit"),
        pytest.param(b"0000000000000000" * 3, id="another epoch"),
        pytest.param(b"{epoch}", id="no reading"),
        pytest.param(b"{epoch}\x00\x00", id="no digits"),
        pytest.param(b"{epoch}000000000000000x[]", id="too few digits"),
    ],
)
async def test_what_is_not_ours_is_a_miss_that_may_be_read_and_spoils_no_other(
    days: DayStore, store: Redis, raw: bytes
) -> None:
    await kept(days, {DAYS[1]: read()})
    await store.set(NAME, raw.replace(b"{epoch}", f"{await days.generation():016}".encode()))

    assert await shelved(days) == {DAYS[1]: read()}
    assert (await claimed(days, DAY)).granted == {DAY}


@pytest.mark.fault("R10")
async def test_a_value_of_another_type_is_a_miss_and_makes_room(days: DayStore, store: Redis) -> None:
    await store.rpush(NAME, "foreign")
    before = await shelved(days)

    await kept(days, {DAY: read()})

    assert (before, await shelved(days)) == ({}, {DAY: read()})


@pytest.mark.fault("R10")
@pytest.mark.parametrize("name", [NEWS, f"{PREFIX}claims:{INTRO}"])
async def test_what_should_be_a_hash_and_is_none_is_made_anew(
    days: DayStore, store: Redis, name: str
) -> None:
    await store.set(name, "foreign")

    await kept(days, {DAY: read()})

    assert await shelved(days) == {DAY: read()}


@pytest.mark.fault("R10")
@pytest.mark.parametrize("field", ["generation", "epoch"])
async def test_without_the_news_nothing_that_is_kept_can_be_trusted(
    days: DayStore, store: Redis, field: str
) -> None:
    await kept(days, {DAY: read()})
    before = await days.generation()
    await store.hset(NEWS, field, "foreign")
    days.heard.generation = before

    after = await days.read(INTRO, [DAY])

    assert (dict(after.days), after.generation > before) == ({}, True)
    await kept(days, {DAY: read()})
    assert await shelved(days) == {DAY: read()}


@pytest.mark.fault("R10")
async def test_a_claim_that_nobody_can_read_is_none(days: DayStore, store: Redis) -> None:
    await store.hset(f"{PREFIX}claims:{INTRO}", str(DAY), "foreign")

    assert (await claimed(days)).granted == {DAY}


async def test_what_nobody_can_read_is_discarded(days: DayStore) -> None:
    await kept(days, {day: read() for day in DAYS})

    await days.discard(INTRO, DAYS[1:])

    assert await shelved(days) == {DAY: read()}


@pytest.mark.fault("R14")
async def test_forgotten_scripts_are_told_again(days: DayStore, store: Redis) -> None:
    await kept(days, {DAY: read()})
    await store.script_flush()

    assert await shelved(days) == {DAY: read()}


async def _is_nothing(days: DayStore) -> None:
    claim = await claimed(days, *DAYS)
    await days.extend(INTRO, claim, LONG)
    await days.release(INTRO, claim)
    await days.discard(INTRO, DAYS)

    assert claim == Claim(granted=frozenset(DAYS))
    assert await days.keep(INTRO, claim, {DAY: read()}) == frozenset()
    assert await days.read(INTRO, DAYS) == Shelf()
    assert await days.generation() == 0


@pytest.mark.fault("R02")
async def test_without_redis_everything_may_be_read_and_nothing_is_kept() -> None:
    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as away:
        days = replica(away)

        await _is_nothing(days)
        assert await days.forget(DAYS) is None


async def test_a_redis_that_was_away_is_not_asked_but_told_what_is_untrue(
    days: DayStore, store: Redis
) -> None:
    await kept(days, {DAY: read()})
    reach = reach_of(store)
    reach.failed(AwayError())
    unaware = replica(store, reach)

    await _is_nothing(unaware)
    told = await unaware.forget([DAY])

    assert told is not None
    assert (told.generation, await shelved(days)) == (await days.generation(), {})


async def test_what_was_claimed_without_redis_is_not_kept_when_it_is_back(days: DayStore) -> None:
    without = Claim(granted=frozenset({DAY}))

    assert await days.keep(INTRO, without, {DAY: read()}) == frozenset()
    assert await shelved(days) == {}


@pytest.mark.fault("R05")
async def test_a_full_redis_keeps_nothing_and_is_not_away(store: Redis) -> None:
    reach = reach_of(store)
    days = replica(store, reach)
    claim = await claimed(days)
    await store.config_set("maxmemory", "1")
    untrue = await days.keep(INTRO, claim, {DAY: read()})
    await store.config_set("maxmemory", "0")

    assert (untrue, reach.is_away, await shelved(days)) == (frozenset(), False, {})
