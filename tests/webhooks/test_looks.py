"""What was found of a subscription is known to all processes, and looked at again when it is due."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from redis.asyncio import Redis

from app.store.connection import open_store
from app.store.state import StateStore
from app.webhooks.looks import AGAIN, EVERY, State
from tests.support.redis import STATE, RedisServer
from tests.support.service import calls_of, clear_calls, plan_fault
from tests.webhooks.office import Office


async def test_a_look_is_due_once_an_hour(office: Office) -> None:
    await office.subscription.register()
    seen = []
    for minutes in (0, 59, 1, 59, 1):
        office.calendly.clock.advance(minutes=minutes)
        seen.append(await office.subscription.look_if_due() is not None)

    assert seen == [False, False, True, False, True]
    assert timedelta(hours=1) == EVERY


async def test_one_process_looks_for_all(office: Office) -> None:
    await clear_calls(office.calendly)
    replicas = [replace(office.subscription) for _ in range(8)]

    looks = await asyncio.gather(*(each.look_if_due() for each in replicas))

    assert sum(each is not None for each in looks) == 1
    assert len(await calls_of(office.calendly, "/webhook_subscriptions")) == 1


async def test_since_when_it_is_so_is_kept(office: Office) -> None:
    await office.subscription.register()
    since = office.calendly.clock()
    office.calendly.clock.advance(hours=3)

    found = await office.subscription.look()

    assert (found.state, found.since, found.looked_at) == (State.ACTIVE, since, office.calendly.clock())


async def test_while_calendly_does_not_say_it_is_unknown_and_asked_again_soon(office: Office) -> None:
    await office.subscription.register()
    office.calendly.clock.advance(hours=1)
    await plan_fault(office.calendly, "status", path="^/webhook_subscriptions$", times=2, status=500)

    found = await office.subscription.look_if_due()
    office.calendly.clock.advance(seconds=AGAIN.total_seconds())
    again = await office.subscription.look_if_due()

    assert found is not None
    assert again is not None
    assert (found.state, found.wanted, again.state) == (State.UNKNOWN, True, State.ACTIVE)
    assert await office.made() == 1


async def test_what_another_has_put_in_its_place_is_nothing(office: Office, store: Redis) -> None:
    await office.subscription.register()
    [name] = [name for name in await store.keys() if b"look:" in name]
    await store.set(name, "foreign")

    assert await office.subscription.known() is None


async def test_a_look_that_cannot_be_read_is_not_written_over(office: Office, redis: RedisServer) -> None:
    writes_only = redis.url(STATE).replace("//", "//writer:any@")
    async with open_store(redis.url(STATE)) as server, open_store(writes_only) as half_away:
        subscription = replace(office.subscription, state=StateStore(server))
        await subscription.register()
        before = await subscription.known()
        await server.acl_setuser("writer", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-get"])

        found = await replace(subscription, state=StateStore(half_away)).look()

        assert await half_away.set("bff:1:written", "all the same")
        await server.acl_deluser("writer")
        assert (found.state, found.wanted) == (State.ACTIVE, None)
        assert await subscription.known() == before


def test_of_several_the_worst_counts() -> None:
    assert sorted(State, key=lambda state: state.rank) == [
        State.DISABLED,
        State.MISSING,
        State.UNKNOWN,
        State.ACTIVE,
    ]
