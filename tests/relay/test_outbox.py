"""Notices in the state store: each once, each target on its own, none lost and none kept for ever."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.relay import names
from app.relay.notices import Notice, body_of
from app.relay.outbox import Claimed, Outbox, Put
from app.relay.scripts import DROPPED_AT_ONCE
from app.relay.targets import Target
from app.sealing import Sealer
from app.store.state import StateStore, StoreAwayError
from tests.relay.examples import KEY, notice, passed, target
from tests.support.contents import contents_of

LEASE = timedelta(minutes=1)
OVER = timedelta(milliseconds=-1)
"""A lease whose holder is gone already."""

ONE, OTHER = target(1), target(2)


async def put(outbox: Outbox, *numbers: int, targets: tuple[Target, ...] = (ONE,)) -> list[Notice]:
    notices = [notice(number) for number in numbers]
    for each in notices:
        assert (await outbox.put(each, body_of(each), targets)).new
    return notices


async def claim(outbox: Outbox, *targets: Target, lease: timedelta = LEASE) -> list[Claimed]:
    return await outbox.claim({each.name: 10 for each in targets or (ONE,)}, lease)


async def died(outbox: Outbox, number: int = 1) -> Claimed:
    await put(outbox, number)
    [claimed] = await claim(outbox)
    assert await outbox.failed(claimed, "500", None)
    return claimed


async def test_what_was_put_is_claimed_with_its_body(outbox: Outbox) -> None:
    [given] = await put(outbox, 1)

    [claimed] = await claim(outbox)

    assert claimed == Claimed(ONE.name, given.id, 1, body_of(given))


async def test_a_repetition_is_none(outbox: Outbox) -> None:
    [given] = await put(outbox, 1)

    assert await outbox.put(given, body_of(given), [ONE]) == Put(new=False, crowded=0)
    assert len(await claim(outbox)) == 1


async def test_a_repetition_after_the_delivery_is_none_for_seven_days(outbox: Outbox, store: Redis) -> None:
    [given] = await put(outbox, 1)
    [claimed] = await claim(outbox)
    await outbox.delivered(claimed)

    assert not (await outbox.put(given, body_of(given), [ONE])).new
    left = await store.pttl(f"{names.PREFIX}seen:{given.id}")
    assert timedelta(days=6, hours=23) < timedelta(milliseconds=left) <= timedelta(days=7)


async def test_while_one_has_it_nobody_else_gets_it(outbox: Outbox) -> None:
    await put(outbox, 1)

    assert len(await claim(outbox)) == 1
    assert await claim(outbox) == []


async def test_what_its_holder_never_finished_is_claimed_again(outbox: Outbox) -> None:
    await put(outbox, 1)
    await claim(outbox, lease=OVER)

    [again] = await claim(outbox)

    assert again.attempt == 2


async def test_no_more_is_claimed_than_there_is_room_for(outbox: Outbox) -> None:
    await put(outbox, 1, 2, 3, targets=(ONE, OTHER))

    claimed = await outbox.claim({ONE.name: 2, OTHER.name: 0}, LEASE)

    assert [each.target for each in claimed] == [ONE.name] * 2


async def test_targets_are_delivered_to_on_their_own(outbox: Outbox) -> None:
    [given] = await put(outbox, 1, targets=(ONE, OTHER))
    first, second = await claim(outbox, ONE, OTHER)
    await outbox.failed(first, "500", timedelta(0))
    await outbox.delivered(second)

    assert await outbox.counts() == (1, 0)
    assert [each.id for each in await outbox.listed("waiting", 10)] == [given.id]
    assert await claim(outbox, ONE, OTHER) == [Claimed(first.target, given.id, 2, body_of(given))]


async def test_nothing_is_left_of_what_was_delivered_but_that_it_was(outbox: Outbox, store: Redis) -> None:
    [given] = await put(outbox, 1, targets=(ONE, OTHER))
    for claimed in await claim(outbox, ONE, OTHER):
        assert await outbox.delivered(claimed)

    assert list(await contents_of(store)) == [f"{names.PREFIX}seen:{given.id}"]


async def test_what_failed_comes_again_when_it_is_due(outbox: Outbox) -> None:
    await put(outbox, 1)
    [claimed] = await claim(outbox)

    await outbox.failed(claimed, "500", timedelta(hours=1))
    assert await claim(outbox) == []
    await outbox.failed(claimed, "500", timedelta(0))

    [again] = await claim(outbox)
    assert again.attempt == 2


async def test_a_holder_who_is_late_to_fail_changes_nothing(outbox: Outbox) -> None:
    await put(outbox, 1)
    [late] = await claim(outbox, lease=OVER)
    [claimed] = await claim(outbox)

    assert not await outbox.failed(late, "500", None)
    assert await outbox.counts() == (1, 0)
    assert await outbox.delivered(claimed)
    assert not await outbox.failed(claimed, "500", None)


async def test_a_holder_who_is_late_to_deliver_has_delivered(outbox: Outbox) -> None:
    await put(outbox, 1)
    [late] = await claim(outbox, lease=OVER)
    [claimed] = await claim(outbox)
    await outbox.failed(claimed, "500", None)

    assert await outbox.delivered(late)
    assert await outbox.counts() == (0, 0)


async def test_a_dead_letter_is_shown_without_anything_personal(outbox: Outbox) -> None:
    claimed = await died(outbox)

    [listed] = await outbox.listed("dead", 10)

    assert (listed.id, listed.type, listed.host) == (claimed.id, "booking.confirmed", "127.0.0.1")
    assert (listed.attempts, listed.outcome) == (1, "500")


async def test_a_dead_letter_is_replayed_with_the_same_id_and_body(outbox: Outbox) -> None:
    dead = await died(outbox)
    assert await claim(outbox) == []

    assert await outbox.replay(dead.id) == 1

    assert await claim(outbox) == [dead]
    assert await outbox.counts() == (1, 0)


async def test_all_dead_letters_are_replayed_and_no_other_by_name(outbox: Outbox) -> None:
    first, second = await died(outbox, 1), await died(outbox, 2)

    assert await outbox.replay("msg_unknown") == 0
    assert await outbox.replay(first.id) == 1
    assert [each.id for each in await outbox.listed("dead", 10)] == [second.id]
    assert await outbox.replay() == 1
    assert await outbox.replay() == 0


async def test_beyond_what_may_wait_the_oldest_are_dead_letters(store: Redis, sealer: Sealer) -> None:
    small = Outbox(StateStore(store), sealer, most=2)
    [first] = await put(small, 1)
    await passed(store, names.WAITING, timedelta(seconds=1))
    await put(small, 2)
    third = notice(3)

    assert await small.put(third, body_of(third), [ONE]) == Put(new=True, crowded=1)

    assert await small.counts() == (2, 1)
    [dead] = await small.listed("dead", 10)
    assert (dead.id, dead.outcome) == (first.id, "crowded_out")
    assert len(await claim(small)) == 2


async def test_beyond_what_may_be_dead_the_oldest_are_gone_with_all_that_was_kept_of_them(
    store: Redis, sealer: Sealer
) -> None:
    """Also of a notice that is on its way to another target still."""
    small = Outbox(StateStore(store), sealer, most=2, most_dead=3)
    dropped, ids = [], []
    for number in range(20):
        given = notice(number)
        put = await small.put(given, body_of(given), [ONE])
        dropped.append(put.dropped)
        ids.append(given.id)
        await passed(store, names.WAITING, timedelta(seconds=1))
        await passed(store, names.DEAD, timedelta(seconds=1))

    assert await small.counts() == (2, 3)
    assert [each.id for each in await small.listed("dead", 10)] == ids[15:18]
    assert dropped == [0] * 5 + [1] * 15
    assert len(await store.keys(f"{names.PREFIX}notice:*")) == 5
    assert len(await store.keys(f"{names.PREFIX}delivery:*")) == 5


async def test_many_dead_letters_of_another_time_go_a_few_at_a_time(store: Redis, sealer: Sealer) -> None:
    many = int(DROPPED_AT_ONCE)
    for number in range(many + 2):
        await died(Outbox(StateStore(store), sealer), number)
    small = Outbox(StateStore(store), sealer, most_dead=1)

    dropped = [await _dropped(small, 1000 + number) for number in range(3)]

    assert dropped == [many, 1, 0]


async def _dropped(outbox: Outbox, number: int) -> int:
    given = notice(number)
    return (await outbox.put(given, body_of(given), [ONE])).dropped


async def test_to_replay_more_than_may_wait_comes_to_an_end(store: Redis, sealer: Sealer) -> None:
    small = Outbox(StateStore(store), sealer, most=2)
    for number in range(4):
        await died(small, number)

    assert await small.replay() == 4
    assert await small.counts() == (2, 2)


async def test_what_nobody_sends_to_becomes_a_dead_letter_in_the_end(outbox: Outbox, store: Redis) -> None:
    """Its target is no longer set anywhere."""
    await put(outbox, 1)
    await passed(store, names.WAITING, timedelta(days=8))

    assert await claim(outbox, OTHER) == []

    [dead] = await outbox.listed("dead", 10)
    assert dead.outcome == "unclaimed"


async def test_dead_letters_are_kept_for_a_month(outbox: Outbox, store: Redis) -> None:
    dead = await died(outbox)
    await passed(store, names.DEAD, timedelta(days=29))
    await claim(outbox)
    assert await outbox.counts() == (0, 1)

    await passed(store, names.DEAD, timedelta(days=2))
    await claim(outbox)

    assert list(await contents_of(store)) == [f"{names.PREFIX}seen:{dead.id}"]


async def test_nothing_of_a_person_can_be_read_in_the_store(outbox: Outbox, store: Redis) -> None:
    await put(outbox, 1)

    everything = repr(await contents_of(store))

    assert "grace" not in everything.casefold()
    assert ONE.url not in everything
    assert notice().account_id not in everything


async def test_what_another_key_sealed_is_not_made_up(outbox: Outbox, store: Redis) -> None:
    [given] = await put(outbox, 1)
    stranger = Outbox(StateStore(store), Sealer((KEY[::-1],), "relay"))

    assert await claim(stranger) == [Claimed(ONE.name, given.id, 1, None)]


async def test_a_body_under_another_name_is_no_body(outbox: Outbox, store: Redis) -> None:
    first, second = await put(outbox, 1, 2)
    body = await store.hget(f"{names.PREFIX}notice:{second.id}", "body")
    await store.hset(f"{names.PREFIX}notice:{first.id}", "body", body)

    claimed = {each.id: each.body for each in await claim(outbox)}

    assert claimed == {first.id: None, second.id: body_of(second)}


@pytest.mark.parametrize("name", [names.WAITING, names.DEAD, f"{names.PREFIX}due:{ONE.name}"])
async def test_what_is_foreign_under_our_names_is_taken_for_nothing(
    outbox: Outbox, store: Redis, name: str
) -> None:
    await store.set(name, "foreign")

    await put(outbox, 1)

    assert len(await claim(outbox)) == 1


async def test_a_notice_whose_record_is_gone_is_not_claimed_for_ever(outbox: Outbox, store: Redis) -> None:
    [given] = await put(outbox, 1)
    await store.delete(f"{names.PREFIX}notice:{given.id}")

    assert await claim(outbox) == []
    assert await outbox.counts() == (0, 0)


async def test_without_targets_nothing_is_kept(outbox: Outbox) -> None:
    await put(outbox, 1, targets=())

    assert await outbox.counts() == (0, 0)


async def test_a_store_that_is_away_is_told_of(sealer: Sealer) -> None:
    away = Outbox(StateStore(Redis(port=1)), sealer)

    with pytest.raises(StoreAwayError):
        await put(away, 1)
