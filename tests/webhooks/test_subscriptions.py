"""One account's subscription at Calendly: made, looked at, mended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.background import running
from app.calendly.client import CalendlyClient
from app.calendly.failures import AccessRefusedError, AddressTakenError, GrantLostError, OutcomeUnknownError
from app.calendly.transport import Transport
from app.errors import UpstreamFailedError
from app.store.connection import open_store
from app.store.state import StateStore, StoreAwayError
from app.webhooks.looks import AGAIN, EVERY, Look, State, forget_look
from app.webhooks.signatures import Verdict, verdict
from app.webhooks.subscriptions import EVENTS, Registered, Subscriber, Subscription, Wishes
from app.webhooks.turns import TurnTakenError, turn
from app.webhooks.watch import watch
from tests.oauth.desk import Desk, open_desk
from tests.soak.waiting import until
from tests.support.listener import listening
from tests.support.oauth import Application
from tests.support.ports import free_port
from tests.support.redis import STATE, RedisServer
from tests.support.service import calls_of, clear_calls, plan_fault, sent
from tests.support.simulation import ADA, GRACE, Json, Simulation
from tests.support.webhooks import subscribe

URL = "http://127.0.0.1:9/webhooks/calendly"
KEY = "a-signing-key-of-the-tests"

ACTS: dict[str, Callable[[Subscription], Awaitable[object]]] = {
    "register": Subscription.register,
    "register anew": partial(Subscription.register, anew=True),
    "mend": Subscription.mend,
}
"""What makes one."""


@dataclass
class Office:
    """Ada's subscription, and how often everything was forgotten."""

    calendly: Simulation
    client: CalendlyClient
    subscription: Subscription
    forgotten: list[None] = field(default_factory=list)

    async def there(self) -> list[Json]:
        organization = (await self.calendly.read("/users/me"))["current_organization"]
        answer = await self.calendly.get(
            "/webhook_subscriptions", organization=organization, user=await self.calendly.me(), scope="user"
        )
        return list(answer.json()["collection"])

    async def made(self) -> int:
        return len(await calls_of(self.calendly, "/webhook_subscriptions", "POST"))

    async def disabled(self) -> None:
        """Nothing listens at the address: after a day of that, Calendly gives it up."""
        await self.calendly.book("intro-call")
        async with asyncio.timeout(10):
            await until(self._fails, every=0.02)
        self.calendly.clock.advance(days=1, minutes=1)
        [found] = await self.there()
        assert found["state"] == "disabled"

    async def _fails(self) -> bool:
        return (await self.there())[0]["retry_started_at"] is not None


@pytest.fixture
async def office(calendly: Simulation, store: Redis) -> AsyncIterator[Office]:
    await calendly.settings(tier="enterprise")
    transport = Transport(
        origin=str(calendly.http.base_url).rstrip("/"), token=SecretStr(ADA), clock=calendly.clock
    )
    client = CalendlyClient(transport)
    forgotten: list[None] = []

    async def forget_all() -> None:
        forgotten.append(None)

    async def subscriber() -> Subscriber:
        user = await client.get_current_user()
        return Subscriber(user=user.uri, organization=user.current_organization)

    subscription = Subscription(
        calls=client.webhook_subscriptions,
        subscriber=subscriber,
        wishes=Wishes(url=URL, key=SecretStr(KEY)),
        forget_all=forget_all,
        state=StateStore(store),
        clock=calendly.clock,
    )
    yield Office(calendly, client, subscription, forgotten)
    await client.aclose()


async def test_it_is_registered_for_all_that_we_want_to_hear(office: Office) -> None:
    assert await office.subscription.register() is Registered.MADE

    [found] = await office.there()
    assert (found["callback_url"], found["scope"], found["state"]) == (URL, "user", "active")
    assert found["events"] == EVENTS
    assert found["user"] == await office.calendly.me()


def test_we_want_to_hear_of_all_that_is_documented_to_change_bookings_and_event_types() -> None:
    assert set(EVENTS) == {
        *("invitee.created", "invitee.canceled"),
        *("invitee_no_show.created", "invitee_no_show.deleted"),
        *("event_type.created", "event_type.updated", "event_type.deleted"),
    }


async def test_it_is_registered_with_our_key(office: Office) -> None:
    async with listening() as listener:
        elsewhere = replace(office.subscription, wishes=Wishes(url=listener.url, key=SecretStr(KEY)))
        await elsewhere.register()
        await office.calendly.book("intro-call")
        [received] = await listener.after(1)

    now = office.calendly.clock()
    assert verdict(received.signature, received.body, [KEY.encode()], now) is Verdict.GENUINE


async def test_without_a_key_that_of_the_application_is_left_to_sign(office: Office) -> None:
    keyless = replace(office.subscription, wishes=Wishes(url=URL, key=None))

    await keyless.register()

    [call] = await calls_of(office.calendly, "/webhook_subscriptions", "POST")
    assert "signing_key" not in call["body"]


async def test_to_register_again_changes_nothing(office: Office) -> None:
    await office.subscription.register()

    assert await office.subscription.register() is Registered.UNCHANGED
    assert await office.made() == 1


async def test_to_register_anew_makes_another_and_forgets_what_may_have_happened_between(
    office: Office,
) -> None:
    await office.subscription.register()
    [before] = await office.there()
    office.forgotten.clear()

    assert await office.subscription.register(anew=True) is Registered.REPLACED

    [after] = await office.there()
    assert after["uri"] != before["uri"]
    assert len(office.forgotten) == 1


async def test_one_for_other_events_is_replaced(office: Office) -> None:
    await subscribe(office.calendly, URL, events=["invitee.created"])

    assert await office.subscription.register() is Registered.REPLACED
    assert [each["events"] for each in await office.there()] == [EVENTS]


async def test_one_to_another_address_is_none_of_ours(office: Office) -> None:
    await subscribe(office.calendly, "http://127.0.0.1:9/elsewhere")

    assert await office.subscription.register() is Registered.MADE
    assert len(await office.there()) == 2
    assert await office.subscription.remove() == 1
    assert [each["callback_url"] for each in await office.there()] == ["http://127.0.0.1:9/elsewhere"]


async def test_all_of_the_account_are_listed(office: Office) -> None:
    await subscribe(office.calendly, "http://127.0.0.1:9/elsewhere")
    await office.subscription.register()

    assert {each.callback_url for each in await office.subscription.listed()} == {
        URL,
        "http://127.0.0.1:9/elsewhere",
    }


async def test_an_address_that_another_has_is_not_to_be_had(office: Office) -> None:
    await subscribe(office.calendly.as_(GRACE), URL)

    with pytest.raises(AddressTakenError):
        await office.subscription.register()


async def test_a_token_without_the_scopes_says_which(office: Office) -> None:
    await office.calendly.settings(scopes={ADA: ["users:read"]})

    with pytest.raises(AccessRefusedError) as refused:
        await office.subscription.register()

    assert refused.value.required_scopes == ("webhooks:read",)


async def test_what_is_removed_is_gone_and_may_be_removed_again(office: Office) -> None:
    await office.subscription.register()

    assert await office.subscription.remove() == 1
    assert await office.subscription.remove() == 0
    assert await office.there() == []


async def test_what_is_active_needs_no_mending(office: Office) -> None:
    await office.subscription.register()
    office.forgotten.clear()

    assert await office.subscription.mend() is False
    assert (await office.made(), office.forgotten) == (1, [])


@pytest.mark.fault("W05")
async def test_what_calendly_has_given_up_is_mended_and_the_gap_is_read_again(office: Office) -> None:
    await office.subscription.register()
    await office.disabled()
    office.forgotten.clear()

    assert await office.subscription.mend() is True

    assert [each["state"] for each in await office.there()] == ["active"]
    assert len(office.forgotten) == 1


@pytest.mark.fault("W05")
async def test_the_hourly_look_mends_what_calendly_has_given_up(office: Office) -> None:
    await office.subscription.register()
    await office.disabled()
    office.forgotten.clear()

    found = await office.subscription.look_if_due()

    assert found is not None
    assert (found.state, found.wanted) == (State.DISABLED, True)
    assert [each["state"] for each in await office.there()] == ["active"]
    assert len(office.forgotten) == 1
    assert await _known(office) == (State.ACTIVE, office.calendly.clock())


@pytest.mark.fault("W05")
async def test_the_hourly_look_mends_what_somebody_has_deleted(office: Office) -> None:
    await office.subscription.register()
    [found] = await office.there()
    await office.calendly.call("DELETE", found["uri"])
    office.calendly.clock.advance(hours=1)

    await office.subscription.look_if_due()

    assert len(await office.there()) == 1


@pytest.mark.fault("W05")
async def test_what_could_not_be_made_anew_is_tried_again_soon(office: Office) -> None:
    await office.subscription.register()
    await office.disabled()
    await _refuse_one(office)
    with pytest.raises(OutcomeUnknownError):
        await office.subscription.look_if_due()
    assert await office.there() == []

    office.calendly.clock.advance(seconds=AGAIN.total_seconds())
    await office.subscription.look_if_due()

    assert [each["state"] for each in await office.there()] == ["active"]


async def test_what_was_active_and_could_not_be_replaced_is_made_soon(office: Office) -> None:
    await office.subscription.register()
    await _refuse_one(office)
    with pytest.raises(OutcomeUnknownError):
        await office.subscription.register(anew=True)

    office.calendly.clock.advance(seconds=AGAIN.total_seconds())
    await office.subscription.look_if_due()

    assert [each["state"] for each in await office.there()] == ["active"]


async def test_where_it_was_made_though_calendly_did_not_say_so_the_gap_is_read_again(office: Office) -> None:
    await _refuse_one(office, "commit_then_status")
    with pytest.raises(OutcomeUnknownError):
        await office.subscription.register()
    office.calendly.clock.advance(seconds=AGAIN.total_seconds())

    await office.subscription.look_if_due()

    assert (len(office.forgotten), await office.made()) == (1, 1)
    assert await _known(office) == (State.ACTIVE, office.calendly.clock())


async def _refuse_one(office: Office, kind: str = "status") -> None:
    await plan_fault(office.calendly, kind, path="^/webhook_subscriptions$", method="POST", status=503)


def _by_itself(office: Office) -> Subscription:
    return replace(office.subscription, wishes=replace(office.subscription.wishes, by_itself=True))


async def test_what_is_wanted_by_itself_is_made_at_the_first_look(office: Office) -> None:
    await _by_itself(office).look_if_due()

    assert [each["events"] for each in await office.there()] == [EVENTS]


async def test_what_is_wanted_by_itself_and_was_removed_stays_away(office: Office) -> None:
    subscription = _by_itself(office)
    await subscription.look_if_due()
    await subscription.remove()
    office.calendly.clock.advance(hours=1)

    await subscription.look_if_due()

    assert await office.there() == []


async def test_what_is_new_is_looked_at_before_the_next_round(office: Office) -> None:
    present: list[Subscription] = []

    async def is_made() -> bool:
        return len(await office.there()) == 1

    watching = watch(lambda: present, timedelta(hours=1), timedelta(milliseconds=10))
    async with asyncio.timeout(10), running(watching):
        await asyncio.sleep(0.05)
        present.append(_by_itself(office))
        await until(is_made, every=0.02)


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "never made"])
async def test_what_nobody_wanted_is_not_mended(office: Office, *, removed: bool) -> None:
    if removed:
        await office.subscription.register()
        await office.subscription.remove()
        office.calendly.clock.advance(hours=1)

    found = await office.subscription.look_if_due()

    assert found is not None
    assert (found.state, await office.there()) == (State.MISSING, [])


async def _known(office: Office) -> tuple[State, object]:
    found = await office.subscription.known()
    assert found is not None
    return found.state, found.since


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


async def test_a_process_that_dies_at_it_leaves_it_to_the_next(office: Office) -> None:
    """In the middle of making it anew: it is missing, and wanted."""
    await office.subscription.register()
    await plan_fault(office.calendly, "status", path="^/webhook_subscriptions$", method="POST", status=400)
    with pytest.raises(UpstreamFailedError):
        await office.subscription.register(anew=True)
    assert await office.there() == []
    office.calendly.clock.advance(hours=1)

    await office.subscription.look_if_due()

    assert len(await office.there()) == 1


@pytest.mark.parametrize("act", [*ACTS, "remove", "look"])
async def test_without_a_store_nothing_is_done_for_nobody_would_know_what_is_wanted(
    office: Office, act: str
) -> None:
    await subscribe(office.calendly, URL)
    before = await office.there()
    acts = ACTS | {"remove": Subscription.remove, "look": Subscription.look_if_due}

    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as nowhere:
        cut_off = replace(office.subscription, state=StateStore(nowhere))
        with pytest.raises(StoreAwayError):
            await acts[act](cut_off)
        assert (await cut_off.seen()).state is State.UNKNOWN

    assert await office.there() == before


async def test_what_another_has_put_in_its_place_is_nothing(office: Office, store: Redis) -> None:
    await office.subscription.register()
    [name] = [name for name in await store.keys() if b"look:" in name]
    await store.set(name, "foreign")

    assert await office.subscription.known() is None


def test_of_several_the_worst_counts() -> None:
    assert sorted(State, key=lambda state: state.rank) == [
        State.DISABLED,
        State.MISSING,
        State.UNKNOWN,
        State.ACTIVE,
    ]


@pytest.mark.fault("W05")
async def test_it_is_looked_after_for_as_long_as_the_process(office: Office) -> None:
    """One of two fails in every way, and the other is mended all the same."""

    class Broken(Subscription):
        async def look_if_due(self) -> Look | None:
            raise failures.pop() if failures else UpstreamFailedError

    failures: list[Exception] = [StoreAwayError(), UpstreamFailedError(), ZeroDivisionError()]
    broken = Broken(**{name: getattr(office.subscription, name) for name in Subscription.__slots__})
    await office.subscription.register()
    await office.disabled()

    async def is_mended() -> bool:
        return [each["state"] for each in await office.there()] == ["active"] and not failures

    async with (
        asyncio.timeout(10),
        running(watch(lambda: [broken, office.subscription], timedelta(milliseconds=10))),
    ):
        await until(is_mended, every=0.02)


async def test_what_was_looked_at_before_it_was_wanted_by_itself_is_made_as_soon_as_it_is(
    office: Office,
) -> None:
    """Keys are set after accounts were connected."""
    await office.subscription.look_if_due()

    await _by_itself(office).look_if_due()

    assert len(await office.there()) == 1


async def test_what_is_removed_while_it_is_made_stays_away(office: Office) -> None:
    subscription = _by_itself(office)
    await plan_fault(office.calendly, "delay", path="^/webhook_subscriptions$", method="POST", seconds=0.5)
    making = asyncio.create_task(subscription.look_if_due())
    await sent(office.calendly, "/webhook_subscriptions")

    assert await subscription.remove() == 1

    await making
    office.calendly.clock.advance(hours=1)
    await subscription.look_if_due()
    assert await office.there() == []


@pytest.mark.parametrize("act", ACTS)
async def test_what_is_removed_while_a_command_makes_it_stays_away(office: Office, act: str) -> None:
    subscription = _by_itself(office)
    await plan_fault(office.calendly, "delay", path="^/webhook_subscriptions$", method="POST", seconds=0.5)
    making = asyncio.ensure_future(ACTS[act](subscription))
    await sent(office.calendly, "/webhook_subscriptions")

    assert await replace(subscription).remove() == 1

    await making
    office.calendly.clock.advance(hours=1)
    await subscription.look_if_due()
    assert await office.there() == []


async def test_of_many_who_make_it_at_once_one_does(office: Office) -> None:
    replicas = [replace(_by_itself(office)) for _ in range(8)]

    said = await asyncio.gather(
        *(each.register() for each in replicas[:4]), *(each.mend() for each in replicas[4:])
    )

    assert len([each for each in said if each in {Registered.MADE, True}]) == 1
    assert await office.made() == 1
    assert [each["state"] for each in await office.there()] == ["active"]


@pytest.mark.parametrize("act", [*ACTS, "remove"])
async def test_whose_turn_does_not_come_changes_nothing(office: Office, act: str) -> None:
    await subscribe(office.calendly, URL)
    before, account = await office.there(), (await office.calendly.me()).rsplit("/", 1)[1]
    hasty = replace(office.subscription, patience=timedelta(milliseconds=20))
    acts = ACTS | {"remove": Subscription.remove}

    async with turn(hasty.state, account):
        with pytest.raises(TurnTakenError):
            await acts[act](hasty)

    assert (await office.there(), await hasty.known()) == (before, None)


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


async def test_an_account_that_has_left_begins_anew(office: Office) -> None:
    subscription = _by_itself(office)
    await subscription.look_if_due()
    await subscription.remove()

    await forget_look(subscription.state, (await office.calendly.me()).rsplit("/", 1)[1])
    await subscription.look_if_due()

    assert len(await office.there()) == 1


async def test_whoever_looks_while_an_account_leaves_leaves_nothing_behind(office: Office) -> None:
    subscription = _by_itself(office)
    await subscription.remove()
    await clear_calls(office.calendly)
    await plan_fault(office.calendly, "delay", path="^/webhook_subscriptions$", seconds=0.5)
    office.calendly.clock.advance(hours=1)
    looking = asyncio.create_task(subscription.look_if_due())
    await sent(office.calendly, "/webhook_subscriptions", "GET")

    await forget_look(subscription.state, (await office.calendly.me()).rsplit("/", 1)[1])

    await looking
    assert (await office.there(), await subscription.known()) == ([], None)


async def test_whoever_looks_after_an_account_has_left_leaves_nothing_behind(
    office: Office, store: Redis
) -> None:
    """Not every process knows of it at once."""
    async with _connected(office, store) as (desk, late):
        await _disconnected(desk)

        with pytest.raises(GrantLostError):
            await late.look_if_due()

    await _by_itself(office).look_if_due()
    assert len(await office.there()) == 1


async def test_while_a_grant_is_dead_it_is_unknown_and_what_was_wanted_is_kept(
    office: Office, store: Redis
) -> None:
    async with _connected(office, store) as (desk, subscription):
        await subscription.look_if_due()
        await _disconnected(desk)
        office.calendly.clock.advance(hours=1)

        found = await subscription.look_if_due()

    assert found is not None
    assert (found.state, found.wanted) == (State.UNKNOWN, True)


@asynccontextmanager
async def _connected(office: Office, store: Redis) -> AsyncIterator[tuple[Desk, Subscription]]:
    """Ada by OAuth, in a process that has her access token in memory."""
    async with open_desk(office.calendly, store) as desk:
        transport = Transport(
            origin=str(office.calendly.http.base_url).rstrip("/"),
            token=await desk.knowing(),
            clock=office.calendly.clock,
        )
        client = CalendlyClient(transport)
        yield desk, replace(_by_itself(office), calls=client.webhook_subscriptions)
        await client.aclose()


async def _disconnected(desk: Desk) -> None:
    """And revoked at Calendly."""
    grant = await desk.grants.remove(desk.grant.account)
    assert grant is not None
    assert (await Application(calendly=desk.calendly).revoke(grant.refresh_token)).status_code == 200
