"""Days that are no longer true: nobody reads them any more, nothing brings them back, and everybody hears of it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from app.cache.day_store import DayStore, Untrue
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
    read,
    replica,
    shelved,
)


async def _forget(days: DayStore, *untrue: date) -> Untrue:
    told = await days.forget(untrue or [DAY])
    assert told is not None
    return told


async def test_what_is_untrue_is_gone_of_all_event_types_and_nothing_else_is(
    days: DayStore, other: DayStore
) -> None:
    for event_type in (INTRO, WORKSHOP):
        await kept(days, {day: read() for day in DAYS}, event_type)

    await _forget(other, *DAYS[1:])

    assert [await shelved(days, each) for each in (INTRO, WORKSHOP)] == [{DAY: read()}] * 2


async def test_other_accounts_keep_their_days(days: DayStore, store: Redis) -> None:
    other = replica(store, account="bob")
    await kept(other, {DAY: read()})
    before = await other.generation()

    await _forget(days)

    assert await shelved(other) == {DAY: read()}
    assert await other.generation() == before


async def test_what_became_untrue_while_it_was_read_is_told_and_not_kept(
    days: DayStore, other: DayStore
) -> None:
    claim = await claimed(days, *DAYS)
    await _forget(other, *DAYS[2:])

    untrue = await days.keep(INTRO, claim, {day: read() for day in DAYS})

    assert untrue == set(DAYS[2:])
    assert await shelved(days) == {day: read() for day in DAYS[:2]}


async def test_whoever_claims_nothing_is_told_as_well(days: DayStore, other: DayStore) -> None:
    live = await days.claim(INTRO, {}, LONG)
    await _forget(other)

    assert await days.keep(INTRO, live, {DAY: read()}) == {DAY}
    assert await shelved(days) == {}


async def test_what_is_read_after_the_news_is_kept(days: DayStore) -> None:
    await _forget(days)

    await kept(days, {DAY: read()})

    assert await shelved(days) == {DAY: read()}


async def test_whoever_reads_what_is_untrue_keeps_nobody_from_reading_it_anew(
    days: DayStore, other: DayStore
) -> None:
    for event_type in (INTRO, WORKSHOP):
        await claimed(days, *DAYS[:2], event_type=event_type)
    await _forget(other)

    claims = [await claimed(other, *DAYS[:2], event_type=event_type) for event_type in (INTRO, WORKSHOP)]

    assert [each.granted for each in claims] == [{DAY}] * 2


async def test_a_reading_from_before_the_news_leaves_the_later_ones_claim(
    days: DayStore, other: DayStore
) -> None:
    before = await claimed(days)
    await _forget(days)
    after = await claimed(other)

    late = await days.keep(INTRO, before, {DAY: read(b"before")})
    in_time = await other.keep(INTRO, after, {DAY: read(b"after")})

    assert (late, in_time) == (frozenset({DAY}), frozenset())
    assert await shelved(days) == {DAY: read(b"after")}


async def test_each_news_names_the_one_before(days: DayStore, other: DayStore) -> None:
    before = await days.generation()
    told = [await _forget(each) for each in (days, other, days)]

    generations = [before, *(each.generation for each in told)]
    assert [each.before for each in told] == generations[:-1]
    assert generations == sorted(set(generations))
    assert await other.generation() == (await other.read(INTRO, [DAY])).generation == generations[-1]


async def test_generations_count_up_though_the_clock_of_redis_was_set_back(
    days: DayStore, store: Redis
) -> None:
    ahead = 4_000_000_000_000_000
    await store.hset(NEWS, mapping={"generation": ahead, "epoch": ahead})

    assert await _forget(days) == Untrue(ahead + 1, ahead, frozenset({DAY}))


async def test_whoever_listens_is_told_the_same(days: DayStore, store: Redis) -> None:
    before = await days.generation()
    async with store.pubsub() as channel:
        await channel.subscribe(days.channel)
        await channel.get_message(timeout=5)

        told = await _forget(days, *DAYS)
        message = await channel.get_message(timeout=5)

    assert message is not None
    assert Untrue.parsed(message["data"]) == told == Untrue(told.generation, before, frozenset(DAYS))


@pytest.mark.fault("U24")
async def test_what_is_gone_takes_its_days_along_and_whoever_listens_is_told(
    days: DayStore, other: DayStore, store: Redis
) -> None:
    for event_type in (INTRO, WORKSHOP):
        await kept(days, {day: read() for day in DAYS}, event_type)
    before = await days.generation()
    async with store.pubsub() as channel:
        await channel.subscribe(days.channel)
        await channel.get_message(timeout=5)

        told = await days.lose(INTRO, DAYS)
        message = await channel.get_message(timeout=5)

    assert told is not None
    assert message is not None
    assert Untrue.parsed(message["data"]) == told == Untrue(told.generation, before, gone=INTRO)
    assert await other.generation() == told.generation
    assert (await shelved(other), set(await shelved(other, WORKSHOP))) == ({}, set(DAYS))


async def test_what_is_gone_is_told_though_redis_has_nothing_of_it(days: DayStore, other: DayStore) -> None:
    """Others may have."""
    before = await other.generation()

    told = await days.lose(INTRO, DAYS)

    assert told == Untrue(await other.generation(), before, gone=INTRO)


@pytest.mark.fault("R09")
async def test_what_is_kept_is_not_trusted_once_the_news_about_it_are_lost(
    days: DayStore, other: DayStore, store: Redis
) -> None:
    """They were evicted alone. What is forgotten then is gone of all that is left, too."""
    await kept(days, {day: read() for day in DAYS})
    before = await days.generation()
    await store.delete(NEWS)

    told = await _forget(other)

    assert await shelved(days) == {}
    assert before < told.before < told.generation


@pytest.mark.fault("R09")
@pytest.mark.parametrize("lost", ["*", NEWS], ids=["with all else", "alone"])
async def test_what_was_being_read_when_the_news_were_lost_is_read_again(
    days: DayStore, store: Redis, lost: str
) -> None:
    claim = await claimed(days)
    for name in await store.keys(lost):
        await store.delete(name)

    untrue = await days.keep(INTRO, claim, {DAY: read()})

    assert (untrue, await shelved(days)) == (frozenset({DAY}), {})
    assert (await claimed(days)).granted == {DAY}


@pytest.mark.fault("R08")
async def test_a_redis_that_comes_back_as_it_was_before_is_not_trusted(
    days: DayStore, other: DayStore, store: Redis
) -> None:
    """Whoever has heard of what it has lost, tells it with the next question; and nobody else has to know."""
    await kept(days, {day: read() for day in DAYS})
    saved = {name: await store.dump(name) for name in await store.keys("*")}
    days.heard.generation = (await _forget(other)).generation
    for name, value in saved.items():
        await store.restore(name, 3_600_000, value or b"", replace=True)

    found = await days.read(INTRO, DAYS)

    assert (dict(found.days), found.generation > days.heard.generation) == ({}, True)
    assert await shelved(other) == {}


@pytest.mark.fault("P06")
async def test_what_is_untrue_is_told_by_counting_and_not_by_the_clock_of_redis(
    days: DayStore, store: Redis
) -> None:
    """It was set back by an hour: what was claimed and forgotten before, was so in times to come."""
    claim = await claimed(days, *DAYS[:2])
    await _forget(days)
    hour = 3_600_000_000
    claims = f"{PREFIX}claims:{INTRO}"
    *epoch_and_fence, until = str(await store.hget(claims, str(DAYS[1]))).strip("b'").split(" ")
    await store.hset(claims, str(DAYS[1]), " ".join([*epoch_and_fence, str(int(until) + hour)]))

    assert (await claimed(days, DAYS[1])).granted == {DAYS[1]}
    after = await claimed(days)
    assert await days.keep(INTRO, after, {DAY: read()}) == frozenset()
    assert await days.keep(INTRO, claim, {DAY: read()}) == {DAY}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"2 1", id="no days"),
        pytest.param(b"2 1 ", id="empty days"),
        pytest.param(b"2 1 gone:", id="nothing that is gone"),
        pytest.param(b"2 1 2026-12-01,", id="an empty day"),
        pytest.param(b"2 1 2026-12-32", id="no day"),
        pytest.param(b"x 1 2026-12-01", id="no generation"),
        pytest.param(b"2 1 2026-12-01 2026-12-02", id="too many"),
        pytest.param(b"\xff 1 2026-12-01", id="no text"),
    ],
)
def test_what_is_no_news_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Untrue.parsed(message)


@given(st.binary())
def test_any_message_is_news_or_refused(message: bytes) -> None:
    try:
        found = Untrue.parsed(message)
    except ValueError:
        return

    assert found.days or found.gone
