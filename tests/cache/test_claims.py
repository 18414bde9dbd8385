"""Who may read a day: one of all replicas, as long as it shows life, and whose reading stays in the end."""

from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from app.cache.day_store import Claim, DayStore
from tests.cache.replicas import (
    DAY,
    DAYS,
    INTRO,
    LONG,
    NOON,
    OVER,
    PREFIX,
    SECOND,
    WORKSHOP,
    claimed,
    kept,
    read,
    shelved,
)


def _answers(claim: Claim) -> tuple[set[object], set[object]]:
    """What may be read, and what has been. All else somebody is reading."""
    return set(claim.granted), set(claim.newer)


async def test_of_two_replicas_one_may_read(days: DayStore, other: DayStore) -> None:
    first, second = await claimed(days), await claimed(other)

    assert _answers(first) == ({DAY}, set())
    assert _answers(second) == (set(), set())


async def test_whoever_asks_for_more_may_read_what_nobody_reads(days: DayStore, other: DayStore) -> None:
    await claimed(days, *DAYS[:2])

    assert _answers(await claimed(other, *DAYS[1:])) == (set(DAYS[2:]), set())


async def test_event_types_are_claimed_each_for_itself(days: DayStore, other: DayStore) -> None:
    await claimed(days)

    assert (await claimed(other, event_type=WORKSHOP)).granted == {DAY}


async def test_every_claim_has_a_later_fence(days: DayStore, other: DayStore) -> None:
    fences = [(await claimed(each)).fence.split(" ") for each in (days, other, days)]

    assert len({epoch for epoch, _ in fences}) == 1
    assert [int(number) for _, number in fences] == [1, 2, 3]


@pytest.mark.parametrize(
    ("known", "is_newer"),
    [
        pytest.param(None, True, id="nothing known"),
        pytest.param(NOON - timedelta.resolution, True, id="an older one known"),
        pytest.param(NOON, False, id="this one known"),
        pytest.param(NOON + SECOND, False, id="a newer one known"),
    ],
)
async def test_what_has_been_read_since_need_not_be_read(
    days: DayStore, other: DayStore, known: datetime | None, *, is_newer: bool
) -> None:
    await kept(days, {DAY: read()})

    claim = await other.claim(INTRO, {DAY: known}, LONG)

    assert _answers(claim) == ((set(), {DAY}) if is_newer else ({DAY}, set()))


@pytest.mark.fault("P06")
async def test_what_lies_ahead_is_as_if_it_were_not_there(days: DayStore, other: DayStore) -> None:
    """For the clock was set back since, or is wrong somewhere else; and it gives way to any other reading."""
    believed = read(seconds=120)
    await kept(days, {DAY: read(seconds=121), DAYS[1]: believed})
    assert await shelved(other) == {DAYS[1]: believed}

    claim = await claimed(other, *DAYS[:2])
    await other.keep(INTRO, claim, {DAY: read(b"now")})
    live = await days.claim(INTRO, {}, LONG)
    await days.keep(INTRO, live, {DAY: read(b"later", seconds=1), DAYS[1]: read(b"earlier")})

    assert _answers(claim) == ({DAY}, {DAYS[1]})
    assert await shelved(days) == {DAY: read(b"later", seconds=1), DAYS[1]: believed}


async def test_what_has_been_read_since_is_told_though_somebody_reads_it(
    days: DayStore, other: DayStore
) -> None:
    await kept(days, {DAY: read()})
    await days.claim(INTRO, {DAY: NOON}, LONG)

    assert _answers(await claimed(other)) == (set(), {DAY})


async def test_whoever_could_not_read_lets_others_try(days: DayStore, other: DayStore) -> None:
    await days.release(INTRO, await claimed(days, *DAYS))

    assert (await claimed(other, *DAYS)).granted == set(DAYS)


async def test_whoever_waits_fails_with_whoever_reads_and_only_once(days: DayStore, other: DayStore) -> None:
    reading = await claimed(days, *DAYS[:2])
    waiting = await claimed(other)
    await days.release(INTRO, reading, "upstream_timeout")

    failed = await other.claim(INTRO, {DAY: None}, LONG, since=waiting.fence)
    later = await other.claim(INTRO, {DAY: None}, LONG, since=failed.fence)

    assert (failed.failed, _answers(failed)) == ("upstream_timeout", (set(), set()))
    assert (later.failed, _answers(later)) == ("", ({DAY}, set()))


async def test_whoever_comes_after_a_failure_may_try(days: DayStore, other: DayStore) -> None:
    await days.release(INTRO, await claimed(days, *DAYS), "upstream_timeout")

    assert _answers(await claimed(other, *DAYS)) == (set(DAYS), set())


async def test_what_has_been_read_since_a_failure_is_told(days: DayStore, other: DayStore) -> None:
    reading, waiting = await claimed(days), await claimed(other)
    await days.release(INTRO, reading, "upstream_failed")
    await kept(days, {DAY: read()})

    assert _answers(await other.claim(INTRO, {DAY: None}, LONG, since=waiting.fence)) == (set(), {DAY})


async def test_nobody_gives_away_what_others_have_claimed(days: DayStore, other: DayStore) -> None:
    late = await claimed(days, lease=OVER)
    await claimed(other)

    await days.release(INTRO, late)

    assert _answers(await claimed(days)) == (set(), set())


async def test_whoever_shows_no_life_is_replaced(days: DayStore, other: DayStore) -> None:
    await claimed(days, lease=OVER)

    assert (await claimed(other)).granted == {DAY}


async def test_whoever_shows_life_is_not_replaced(days: DayStore, other: DayStore) -> None:
    claim = await claimed(days, *DAYS, lease=OVER)

    await days.extend(INTRO, claim, LONG)

    assert _answers(await claimed(other, *DAYS)) == (set(), set())


async def test_whoever_shows_life_too_late_is_replaced_all_the_same(days: DayStore, other: DayStore) -> None:
    late = await claimed(days, lease=OVER)
    newer = await claimed(other, lease=OVER)

    await days.extend(INTRO, late, LONG)

    assert newer.granted == {DAY}
    assert (await claimed(days)).granted == {DAY}


async def test_whoever_shows_life_when_it_has_kept_all_claims_nothing(days: DayStore) -> None:
    claim = await claimed(days)
    await days.keep(INTRO, claim, {DAY: read()})

    await days.extend(INTRO, claim, LONG)

    assert (await days.claim(INTRO, {DAY: NOON}, LONG)).granted == {DAY}


async def test_what_was_kept_may_be_read_again(days: DayStore, other: DayStore) -> None:
    await kept(days, {DAY: read()})

    assert (await other.claim(INTRO, {DAY: NOON}, LONG)).granted == {DAY}


async def test_a_late_reading_is_not_kept_while_somebody_else_reads(days: DayStore, other: DayStore) -> None:
    late = await claimed(days, lease=OVER)
    await claimed(other)

    untrue = await days.keep(INTRO, late, {DAY: read(b"late")})

    assert (untrue, await shelved(days)) == (frozenset(), {})
    assert _answers(await claimed(days)) == (set(), set())


async def test_a_late_reading_does_not_replace_the_newer_one(days: DayStore, other: DayStore) -> None:
    late = await claimed(days, lease=OVER)
    await kept(other, {DAY: read(b"newer", seconds=1)})

    untrue = await days.keep(INTRO, late, {DAY: read(b"late")})

    assert (untrue, await shelved(days)) == (frozenset(), {DAY: read(b"newer", seconds=1)})


async def test_a_late_reading_is_kept_where_nobody_has_another(days: DayStore) -> None:
    late = await claimed(days, lease=OVER)

    await days.keep(INTRO, late, {DAY: read(b"late")})

    assert await shelved(days) == {DAY: read(b"late")}


@pytest.mark.parametrize("lease", [OVER, LONG], ids=["late", "in time"])
async def test_a_reading_replaces_an_older_one(days: DayStore, lease: timedelta) -> None:
    await kept(days, {DAY: read(b"older")})
    claim = await days.claim(INTRO, {DAY: NOON}, lease)

    await days.keep(INTRO, claim, {DAY: read(b"newer", seconds=1)})

    assert await shelved(days) == {DAY: read(b"newer", seconds=1)}


async def test_whoever_holds_the_claim_replaces_what_somebody_read_whose_clock_was_ahead(
    days: DayStore, other: DayStore
) -> None:
    await kept(other, {DAY: read(b"ahead", seconds=3600)})
    claim = await days.claim(INTRO, {DAY: NOON + 3600 * SECOND}, LONG)

    await days.keep(INTRO, claim, {DAY: read()})

    assert await shelved(days) == {DAY: read()}


async def test_whoever_claims_nothing_keeps_what_nobody_reads(days: DayStore) -> None:
    live = await days.claim(INTRO, {}, LONG)

    await days.keep(INTRO, live, {DAY: read()})

    assert live.granted == frozenset()
    assert await shelved(days) == {DAY: read()}


async def test_whoever_claims_nothing_disturbs_nobody(days: DayStore, other: DayStore) -> None:
    claim = await claimed(days)
    live = await other.claim(INTRO, {}, LONG)

    await other.keep(INTRO, live, {DAY: read(b"live"), DAYS[1]: read(b"live")})
    before = await shelved(other)
    await days.keep(INTRO, claim, {DAY: read()})

    assert before == {DAYS[1]: read(b"live")}
    assert await shelved(other) == {DAY: read(), DAYS[1]: read(b"live")}


async def test_whoever_claims_nothing_replaces_no_newer_reading(days: DayStore, other: DayStore) -> None:
    live = await days.claim(INTRO, {}, LONG)
    await kept(other, {DAY: read(b"newer", seconds=1)})

    await days.keep(INTRO, live, {DAY: read(b"live")})

    assert await shelved(days) == {DAY: read(b"newer", seconds=1)}


async def test_whoever_showed_no_life_replaces_no_newer_reading(days: DayStore, other: DayStore) -> None:
    late = await claimed(days, lease=OVER)
    live = await other.claim(INTRO, {}, LONG)
    await other.keep(INTRO, live, {DAY: read(b"live", seconds=1)})

    await days.keep(INTRO, late, {DAY: read(b"late")})

    assert await shelved(days) == {DAY: read(b"live", seconds=1)}


async def test_claims_that_redis_has_lost_keep_what_they_read(days: DayStore, store: Redis) -> None:
    claim = await claimed(days)
    await store.delete(f"{PREFIX}claims:{INTRO}")

    await days.keep(INTRO, claim, {DAY: read()})

    assert await shelved(days) == {DAY: read()}
