"""What is taken in stays until it is done with, once."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.store.state import StateStore
from app.webhooks import inbox as figures
from app.webhooks.effects import Record
from app.webhooks.inbox import MOST_TRIES, Done, Failed, Inbox, Kept, Put
from app.webhooks.names import PREFIX
from tests.support.contents import contents_of
from tests.webhooks.conftest import SECRET
from tests.webhooks.examples import ADA, AT_ONCE, BOOKED, GRACE, HOLD, told

OTHER_SECRET = b"another, for the same tests only"


async def test_a_delivery_is_new_once(inbox: Inbox) -> None:
    assert [await inbox.put(ADA, "one", told()) for _ in range(3)] == [Put.NEW, Put.DUPLICATE, Put.DUPLICATE]


async def test_of_many_at_once_one_is_new(inbox: Inbox) -> None:
    puts = await asyncio.gather(*(inbox.put(ADA, "one", told()) for _ in range(20)))

    assert sorted(puts) == [Put.DUPLICATE] * 19 + [Put.NEW]


async def test_what_is_anothers_is_no_duplicate(inbox: Inbox) -> None:
    assert await inbox.put(ADA, "one", told()) is Put.NEW
    assert await inbox.put(GRACE, "one", told()) is Put.NEW


async def test_what_is_done_is_not_given_again_and_stays_known(inbox: Inbox) -> None:
    await inbox.put(ADA, "one", told())
    [claimed] = await inbox.claim([ADA], 10, AT_ONCE)

    assert await inbox.finish(claimed, await inbox.read(ADA, []), {}) is Done.DONE

    assert await inbox.claim([ADA], 10, HOLD) == []
    assert await inbox.put(ADA, "one", told()) is Put.DUPLICATE
    assert await inbox.has_seen(ADA, "one")
    assert not await inbox.has_seen(ADA, "two")
    assert await inbox.finish(claimed, await inbox.read(ADA, []), {}) is Done.GONE


async def test_records_are_kept_with_what_they_follow_from(inbox: Inbox) -> None:
    await inbox.put(ADA, "one", told())
    [claimed] = await inbox.claim([ADA], 10, HOLD)
    before = await inbox.read(ADA, ["IN1", "IN0"])

    assert await inbox.finish(claimed, before, {"IN1": BOOKED}) is Done.DONE

    after = await inbox.read(ADA, ["IN1", "IN0"])
    assert (before.records, after.records) == ({}, {"IN1": BOOKED.record})
    assert (await inbox.read(GRACE, ["IN1"])).records == {}


async def test_whoever_decided_by_what_is_no_longer_so_decides_anew(inbox: Inbox) -> None:
    for identity in ("one", "two"):
        await inbox.put(ADA, identity, told())
    first, second = await inbox.claim([ADA], 10, HOLD)
    seen = await inbox.read(ADA, ["IN1", "IN0"])
    await inbox.finish(first, seen, {"IN1": BOOKED})

    late = Kept(Record(canceled=True), timedelta(days=1))
    assert await inbox.finish(second, seen, {"IN0": late, "IN1": late}) is Done.CHANGED

    now = await inbox.read(ADA, ["IN1", "IN0"])
    assert now.records == {"IN1": BOOKED.record}
    assert await inbox.finish(second, now, {"IN1": late}) is Done.DONE


async def test_what_fails_comes_again_and_is_set_aside_in_the_end(inbox: Inbox) -> None:
    await inbox.put(ADA, "one", told())
    seen = []

    for _ in range(MOST_TRIES):
        [claimed] = await inbox.claim([ADA], 10, HOLD)
        seen.append((claimed.tries, await inbox.fail(claimed, AT_ONCE)))

    assert seen == [
        *((tries, Failed.LATER) for tries in range(MOST_TRIES - 1)),
        (MOST_TRIES - 1, Failed.ASIDE),
    ]
    assert await inbox.claim([ADA], 10, HOLD) == []
    assert await inbox.counts([ADA]) == (0, 1)
    assert await inbox.fail(claimed, AT_ONCE) is Failed.GONE


async def test_what_somebody_else_holds_up_comes_again_however_often(inbox: Inbox) -> None:
    await inbox.put(ADA, "one", told())
    seen = []

    for _ in range(3 * MOST_TRIES):
        [claimed] = await inbox.claim([ADA], 10, HOLD)
        seen.append(claimed.tries)
        await inbox.postpone(claimed, AT_ONCE, AT_ONCE)

    assert set(seen) == {0}
    assert await inbox.counts([ADA]) == (1, 0)


async def test_what_is_held_up_waits_ever_longer_up_to_the_longest(inbox: Inbox, store: Redis) -> None:
    await inbox.put(ADA, "one", told())
    [claimed] = await inbox.claim([ADA], 10, HOLD)
    waits = []

    for _ in range(6):
        await inbox.postpone(claimed, timedelta(seconds=10), timedelta(seconds=100))
        seconds, micros = await store.time()
        due = await store.zscore(f"{PREFIX}due:{ADA}", "one")
        assert due is not None
        waits.append(round((due / 1000 - seconds - micros / 1e6) / 10))

    assert waits == [1, 2, 4, 8, 10, 10]
    assert await inbox.claim([ADA], 10, HOLD) == []


async def test_what_is_done_with_is_not_postponed(inbox: Inbox) -> None:
    await inbox.put(ADA, "one", told())
    [claimed] = await inbox.claim([ADA], 10, AT_ONCE)
    await inbox.finish(claimed, await inbox.read(ADA, []), {})

    await inbox.postpone(claimed, AT_ONCE, AT_ONCE)

    assert await inbox.claim([ADA], 10, HOLD) == []


async def _set_aside(inbox: Inbox, *identities: str) -> None:
    for identity in identities:
        await inbox.put(ADA, identity, told())
    for _ in range(MOST_TRIES):
        for claimed in await inbox.claim([ADA], 10, HOLD):
            await inbox.fail(claimed, AT_ONCE)


async def test_what_was_set_aside_comes_back_as_it_was(inbox: Inbox) -> None:
    await _set_aside(inbox, "one", "two")

    assert await inbox.replay(ADA) == 2

    assert await inbox.counts([ADA]) == (2, 0)
    claimed = await inbox.claim([ADA], 10, HOLD)
    assert {(each.identity, each.tries) for each in claimed} == {("one", 0), ("two", 0)}
    assert [each.delivery for each in claimed] == [told(), told()]


async def test_what_was_never_set_aside_does_not_come_back(inbox: Inbox) -> None:
    await _set_aside(inbox, "one")

    assert await inbox.replay(GRACE) == 0
    assert [await inbox.replay(ADA) for _ in range(2)] == [1, 0]


async def test_what_has_failed_waits(inbox: Inbox) -> None:
    await inbox.put(ADA, "one", told())
    [claimed] = await inbox.claim([ADA], 10, HOLD)
    await inbox.fail(claimed, HOLD)

    assert await inbox.claim([ADA], 10, HOLD) == []
    assert await inbox.counts([ADA, GRACE]) == (1, 0)


async def test_an_inbox_is_full_at_some_point_and_then_knows_nothing_of_what_it_refused(
    inbox: Inbox, store: Redis
) -> None:
    filler = [part for number in range(figures.MOST) for part in (str(number), "sealed")]
    await store.hset(f"{PREFIX}items:{ADA}", items=filler)

    assert await inbox.put(ADA, "one", told()) is Put.FULL
    assert not await inbox.has_seen(ADA, "one")
    assert await inbox.put(GRACE, "one", told()) is Put.NEW


async def test_nothing_of_it_is_kept_for_ever(inbox: Inbox, store: Redis) -> None:
    await inbox.put(ADA, "one", told())
    await inbox.put(ADA, "two", told("IN2"))
    first, second = await inbox.claim([ADA], 10, HOLD)
    await inbox.finish(first, await inbox.read(ADA, ["IN1"]), {"IN1": BOOKED})
    await inbox.fail(second, HOLD)
    await store.hset(f"{PREFIX}tries:{ADA}", second.identity, str(MOST_TRIES))
    await inbox.put(ADA, "three", told("IN3"))
    await inbox.fail(second, HOLD)

    kept = {name: await store.pttl(name) for name in await store.keys()}
    kinds = {str(name).partition("{webhooks}:")[2].partition(":")[0] for name in kept}
    assert kinds == {"items", "due", "seen", "aside", "invitee"}
    assert [name for name, left in kept.items() if left < 0] == []


async def test_what_is_held_up_and_what_came_back_is_not_kept_for_ever(inbox: Inbox, store: Redis) -> None:
    await _set_aside(inbox, "one")
    await inbox.replay(ADA)
    [claimed] = await inbox.claim([ADA], 10, HOLD)
    await inbox.postpone(claimed, HOLD, HOLD)

    kept = {name: await store.pttl(name) for name in await store.keys()}
    kinds = {str(name).partition("{webhooks}:")[2].partition(":")[0] for name in kept}
    assert kinds == {"items", "due", "seen", "waits"}
    assert [name for name, left in kept.items() if left < 0] == []


async def test_a_store_tells_nobody_of_people(inbox: Inbox, store: Redis) -> None:
    await inbox.put(ADA, "one", told())
    await inbox.put(ADA, "two", told("IN2"))
    first, _ = await inbox.claim([ADA], 10, HOLD)
    await inbox.finish(first, await inbox.read(ADA, ["IN1"]), {"IN1": BOOKED})

    everything = str(await contents_of(store))
    assert "IN1" not in everything
    assert "grace" not in everything.lower()


async def test_what_is_sealed_with_another_key_is_left_to_others(inbox: Inbox, store: Redis) -> None:
    await inbox.put(ADA, "one", told())
    stranger = Inbox(StateStore(store), [OTHER_SECRET])
    rotated = Inbox(StateStore(store), [OTHER_SECRET, SECRET])

    [unread] = await stranger.claim([ADA], 10, AT_ONCE)
    [known] = await rotated.claim([ADA], 10, AT_ONCE)

    assert (unread.delivery, known.delivery) == (None, told())


@pytest.mark.parametrize("foreign", ["items", "due", "tries", "invitee"])
async def test_what_another_has_put_there_is_nothing(inbox: Inbox, store: Redis, foreign: str) -> None:
    await inbox.put(ADA, "one", told())
    await inbox.claim([ADA], 10, AT_ONCE)
    for name in await store.keys(f"{PREFIX}{foreign}:*"):
        await store.delete(name)
        await store.sadd(name, "foreign")

    await inbox.put(ADA, "two", told())
    claimed = await inbox.claim([ADA], 10, HOLD)

    assert "two" in {each.identity for each in claimed}
