"""Hints: what may be to be told is looked into by one process at a time, and again where nothing came of it."""

from dataclasses import replace
from datetime import timedelta

from redis.asyncio import Redis

from app.relay import names
from app.relay.hints import Hint, Hints
from app.relay.notices import body_of
from app.relay.outbox import Outbox
from app.sealing import Sealer
from app.store.state import StateStore
from tests.relay.examples import KEY, notice, passed, target
from tests.support.contents import contents_of

ACCOUNT = notice().account_id
SURE = Hint(notice().id, ACCOUNT, '{"email":"grace@example.test"}', certain=True)
DOUBTFUL = replace(SURE, certain=False)
LATER = timedelta(minutes=1)
DUE = f"{names.PREFIX}hints:{names.account(ACCOUNT)}"


async def test_a_hint_is_claimed_by_one(hints: Hints) -> None:
    await hints.expect(SURE)

    [claimed] = await hints.claim(ACCOUNT)

    assert (claimed.id, claimed.about, claimed.certain, claimed.tries) == (SURE.id, SURE.about, True, 1)
    assert await hints.claim(ACCOUNT) == []


async def test_it_is_looked_into_no_sooner_than_it_says(hints: Hints, store: Redis) -> None:
    await hints.expect(DOUBTFUL, LATER)
    assert await hints.claim(ACCOUNT) == []

    await passed(store, DUE, LATER)

    assert len(await hints.claim(ACCOUNT)) == 1


async def test_what_is_certain_now_is_looked_into_now(hints: Hints) -> None:
    await hints.expect(DOUBTFUL, LATER)

    await hints.expect(SURE)

    [claimed] = await hints.claim(ACCOUNT)
    assert claimed.certain


async def test_what_is_certain_is_not_made_doubtful_again(hints: Hints) -> None:
    await hints.expect(SURE)

    assert not await hints.expect(DOUBTFUL, LATER)

    [claimed] = await hints.claim(ACCOUNT)
    assert claimed.certain


async def test_what_is_not_certain_leaves_the_words_of_whoever_came_first(hints: Hints, store: Redis) -> None:
    await hints.expect(DOUBTFUL, LATER)
    await hints.expect(replace(DOUBTFUL, about='{"by":"another"}'), LATER / 2)
    await passed(store, DUE, LATER / 2)

    [claimed] = await hints.claim(ACCOUNT)

    assert claimed.about == DOUBTFUL.about


async def test_what_is_certain_has_the_last_word(hints: Hints) -> None:
    await hints.expect(DOUBTFUL)
    [claimed] = await hints.claim(ACCOUNT)
    assert await hints.stands(claimed)

    await hints.expect(replace(SURE, about='{"by":"another"}'))

    [again] = await hints.claim(ACCOUNT)
    assert again.about == '{"by":"another"}'
    assert (await hints.stands(claimed), await hints.stands(again)) == (False, True)


async def test_what_is_done_with_does_not_stand(hints: Hints) -> None:
    await hints.expect(SURE)
    [claimed] = await hints.claim(ACCOUNT)

    await hints.forget(claimed)

    assert not await hints.stands(claimed)


async def test_where_nothing_came_of_it_it_comes_again_ever_more_rarely(hints: Hints, store: Redis) -> None:
    await hints.expect(SURE)
    seen = []
    for wait in (15, 30, 60, 120, 240, 300, 300):
        seen += [each.tries for each in await hints.claim(ACCOUNT)]
        await passed(store, DUE, timedelta(seconds=wait - 1))
        assert await hints.claim(ACCOUNT) == []
        await passed(store, DUE, timedelta(seconds=1))

    assert seen == [1, 2, 3, 4, 5, 6, 7]


async def test_hints_of_other_accounts_are_left_to_others(hints: Hints) -> None:
    await hints.expect(SURE)

    assert await hints.claim("GRACEAAAAAAAAAAA") == []
    assert len(await hints.claim(ACCOUNT)) == 1


async def test_the_notice_it_led_to_is_the_end_of_it(hints: Hints, outbox: Outbox) -> None:
    await hints.expect(SURE)

    await outbox.put(notice(), body_of(notice()), [target()])

    assert await hints.claim(ACCOUNT) == []
    assert not await hints.expect(SURE)
    assert await hints.claim(ACCOUNT) == []


async def test_what_is_forgotten_leaves_nothing_behind(hints: Hints, store: Redis) -> None:
    await hints.expect(SURE)

    await hints.forget(SURE)

    assert await contents_of(store) == {}


async def test_nothing_of_a_person_can_be_read_in_the_store(hints: Hints, store: Redis) -> None:
    await hints.expect(SURE)

    everything = repr(await contents_of(store))

    assert "grace" not in everything
    assert ACCOUNT not in everything


async def test_a_hint_that_this_process_cannot_read_is_left_to_others(hints: Hints, store: Redis) -> None:
    await hints.expect(SURE)
    stranger = Hints(StateStore(store), Sealer((KEY[::-1],), "relay"))

    assert await stranger.claim(ACCOUNT) == []
    await passed(store, DUE, timedelta(seconds=15))

    assert len(await hints.claim(ACCOUNT)) == 1


async def test_a_hint_whose_record_is_gone_is_none(hints: Hints, store: Redis) -> None:
    await hints.expect(SURE)
    await store.delete(f"{names.PREFIX}hint:{SURE.id}")

    assert await hints.claim(ACCOUNT) == []
