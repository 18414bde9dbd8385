"""Deliveries are given to one at a time, of each account in turn."""

from collections import Counter

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Monitor

from app.store.connection import open_store
from app.store.state import StateStore
from app.webhooks import inbox as figures
from app.webhooks.inbox import Inbox
from app.webhooks.names import PREFIX
from tests.support.redis import STATE, RedisServer
from tests.webhooks.conftest import SECRET
from tests.webhooks.examples import ADA, AT_ONCE, GRACE, HOLD, told


async def test_it_is_given_to_one_as_it_came(inbox: Inbox) -> None:
    await inbox.put(ADA, "one", told())

    [claimed] = await inbox.claim([ADA], 10, HOLD)

    assert (claimed.account, claimed.identity, claimed.tries) == (ADA, "one", 0)
    assert claimed.delivery == told()
    assert await inbox.claim([ADA], 10, HOLD) == []


async def test_whoever_dies_leaves_it_to_others(inbox: Inbox) -> None:
    await inbox.put(ADA, "one", told())
    await inbox.claim([ADA], 10, AT_ONCE)

    assert len(await inbox.claim([ADA], 10, HOLD)) == 1


async def test_only_those_of_the_accounts_that_are_served_are_given(inbox: Inbox) -> None:
    await inbox.put(GRACE, "one", told())

    assert await inbox.claim([ADA], 10, HOLD) == []
    assert await inbox.claim([], 10, HOLD) == []
    assert len(await inbox.claim([ADA, GRACE], 10, HOLD)) == 1


async def test_no_more_are_given_than_were_asked_for_of_each_account_in_turn(inbox: Inbox) -> None:
    for number in range(6):
        await inbox.put([ADA, GRACE][number % 2], str(number), told())

    assert [each.identity for each in await inbox.claim([ADA, GRACE], 4, HOLD)] == ["0", "1", "2", "3"]


async def test_an_account_whose_inbox_is_full_holds_up_no_other(inbox: Inbox, store: Redis) -> None:
    filler = [str(number) for number in range(figures.MOST)]
    await store.hset(f"{PREFIX}items:{ADA}", items=[part for each in filler for part in (each, "sealed")])
    await store.zadd(f"{PREFIX}due:{ADA}", dict.fromkeys(filler, 0))
    await inbox.put(GRACE, "one", told())

    claimed = await inbox.claim([ADA, GRACE], 4, HOLD)

    assert [each.account for each in claimed] == [ADA, GRACE, ADA, ADA]


async def test_where_there_are_more_accounts_than_are_given_at_a_time_each_has_its_turn(inbox: Inbox) -> None:
    accounts = [f"ACCOUNT{number}" for number in range(7)]
    for account in accounts:
        for number in range(7):
            await inbox.put(account, str(number), told())

    rounds = [await inbox.claim(accounts, 3, HOLD) for _ in range(3)]

    assert {each.account for claimed in rounds for each in claimed} == set(accounts)


@pytest.mark.parametrize("accounts", [1, 3, 40])
async def test_no_more_are_looked_up_than_are_given(redis: RedisServer, accounts: int) -> None:
    names = [f"ACCOUNT{number}" for number in range(accounts)]
    async with open_store(redis.url(STATE)) as store, store.monitor() as monitor:
        inbox = Inbox(StateStore(store), [SECRET])
        for account in names:
            for number in range(20):
                await inbox.put(account, str(number), told())

        claimed = await inbox.claim(names, 16, HOLD)

        await store.echo("over")
        looked_up = await _most_looked_up(monitor)

    of_each = Counter(each.account for each in claimed).values()
    assert (len(claimed), looked_up) == (16, 16)
    assert max(of_each) - min(of_each) <= 1
    assert len(of_each) == min(accounts, 16)


async def _most_looked_up(monitor: Monitor) -> int:
    """How many names the store was asked for until it was told that it is over."""
    asked = 0
    async for seen in monitor.listen():
        command, *words = seen["command"].split()
        if command == "ECHO":
            return asked
        if command == "ZRANGEBYSCORE":
            asked += int(words[-1])
    raise AssertionError(seen)


async def test_what_is_due_and_gone_takes_nobody_s_place(inbox: Inbox, store: Redis) -> None:
    lost = dict.fromkeys(map(str, range(10)), 0)
    await store.zadd(f"{PREFIX}due:{ADA}", lost)
    for account in (ADA, GRACE):
        for number in range(3):
            await inbox.put(account, f"kept {number}", told())

    claimed = await inbox.claim([ADA, GRACE], 5, HOLD)

    assert sorted((each.account, each.identity) for each in claimed) == [
        *((ADA, f"kept {number}") for number in range(2)),
        *((GRACE, f"kept {number}") for number in range(3)),
    ]
    assert await store.zcard(f"{PREFIX}due:{ADA}") == 3


async def test_who_holds_for_no_time_is_given_each_once(inbox: Inbox) -> None:
    for account in (ADA, GRACE):
        for number in range(3):
            await inbox.put(account, str(number), told())

    claimed = await inbox.claim([ADA, GRACE, "NOBODY"], 6, AT_ONCE)

    assert [(each.account, each.identity) for each in claimed] == [
        (account, str(number)) for number in range(3) for account in (ADA, GRACE)
    ]
