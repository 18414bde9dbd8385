"""Which calls the breaker keeps back, what counts against Calendly, and that one probe at a time looks again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.calendly.breaker import WATCHED
from app.calendly.circuit import IN_A_ROW, LONGEST_COOL_OFF, State
from app.calendly.client import CalendlyClient
from app.calendly.quota import Purpose
from app.errors import AppError, UpstreamBusyError, UpstreamFailedError
from tests.calendly import rig, servers
from tests.calendly.quotas import Ledger
from tests.support.ports import free_port

GOOD = servers.json_reply(rig.resource(rig.user()))
BROKEN = servers.json_reply({}, status=500)
MANY = 2 * IN_A_ROW
COOLED = 1.25 * LONGEST_COOL_OFF
"""Seconds after which any wait is over."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Calendly:
    """Answers as it is told to, to whoever comes while it is let."""

    def __init__(self) -> None:
        self.reply = GOOD
        self.let = asyncio.Event()
        self.let.set()
        self.heard = 0

    async def __call__(self, visit: servers.Visit) -> None:
        self.heard += 1
        await self.let.wait()
        await visit.say(self.reply)


class Scene:
    def __init__(self, calendly: Calendly, clock: Clock, client: CalendlyClient) -> None:
        self.calendly = calendly
        self.clock = clock
        self.client = client

    @property
    def state(self) -> State:
        return self.client.breaker.state

    async def fails(self) -> type[AppError] | None:
        try:
            await self.client.get_current_user()
        except AppError as error:
            return type(error)
        return None

    async def opens(self) -> None:
        self.calendly.reply = BROKEN
        while self.state is State.CLOSED:
            await self.fails()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    calendly, clock = Calendly(), Clock()
    async with servers.serving(calendly) as server:
        client = CalendlyClient(rig.transport_to(server.origin, monotonic=clock))
        yield Scene(calendly, clock, client)
        await client.aclose()


@pytest.mark.fault("U13")
async def test_while_calendly_fails_it_is_asked_no_more_often_than_it_takes_to_know(scene: Scene) -> None:
    scene.calendly.reply = BROKEN

    failures = [await scene.fails() for _ in range(MANY)]

    assert scene.calendly.heard == IN_A_ROW
    assert failures == [UpstreamFailedError] * 3 + [UpstreamBusyError] * (MANY - 3)


async def test_who_is_kept_back_is_told_for_how_long(scene: Scene) -> None:
    await scene.opens()

    with pytest.raises(UpstreamBusyError) as refusal:
        await scene.client.get_current_user()

    assert refusal.value.retry_after in {2, 3}


async def test_a_probe_that_fails_is_not_repeated(scene: Scene) -> None:
    await scene.opens()
    scene.clock.now += COOLED

    failure = await scene.fails()

    assert (failure, scene.calendly.heard, scene.state) == (UpstreamFailedError, IN_A_ROW + 1, State.OPEN)


@pytest.mark.fault("U02")
async def test_of_a_crowd_one_goes_and_looks_and_nobody_waits_for_it(scene: Scene) -> None:
    await scene.opens()
    scene.clock.now += COOLED
    scene.calendly.reply = GOOD
    scene.calendly.let.clear()

    crowd = [asyncio.create_task(scene.fails()) for _ in range(50)]
    first = [await each for _, each in zip(range(49), asyncio.as_completed(crowd, timeout=10), strict=False)]
    scene.calendly.let.set()

    assert first == [UpstreamBusyError] * 49
    assert Counter(await asyncio.gather(*crowd)) == {UpstreamBusyError: 49, None: 1}
    assert (scene.calendly.heard, scene.state) == (IN_A_ROW + 1, State.CLOSED)


async def test_when_it_is_closed_everybody_is_let_through(scene: Scene) -> None:
    await scene.opens()
    scene.clock.now += COOLED
    scene.calendly.reply = GOOD

    failures = [await scene.fails() for _ in range(MANY)]

    assert failures == [None] * MANY


async def test_each_change_is_one_line_of_the_log(scene: Scene) -> None:
    with capture_logs() as logged:
        await scene.opens()
        scene.clock.now += COOLED
        scene.calendly.reply = GOOD
        await asyncio.gather(*(scene.fails() for _ in range(MANY)))

    changes = [each["state"] for each in logged if each["event"] == "calendly.breaker_changed"]
    assert changes == ["open", "half_open", "closed"]


CALENDLYS = [
    pytest.param(servers.always(servers.json_reply({}, status=status)), id=str(status))
    for status in (500, 502, 503, 504)
] + [
    pytest.param(servers.cut(b"", reset=True), id="reset"),
    pytest.param(servers.cut(GOOD[:-40]), id="cut short"),
    pytest.param(servers.always(servers.reply(b"<p>Back soon", content_type="text/html")), id="a page"),
]
NOT_CALENDLYS = [
    pytest.param(servers.always(servers.json_reply({}, status=status)), id=str(status))
    for status in (301, 400, 401, 403, 404, 429)
] + [pytest.param(servers.always(servers.json_reply({"resource": {"odd": 1}})), id="an odd answer")]


async def _state_after(talk: servers.Talk, **changes: Any) -> State:
    """Once everybody of a crowd was answered so."""
    async with servers.serving(talk) as server:
        client = CalendlyClient(rig.transport_to(server.origin, **changes))
        await asyncio.gather(*(client.get_current_user() for _ in range(MANY)), return_exceptions=True)
        await client.aclose()
        return client.breaker.state


@pytest.mark.parametrize("talk", CALENDLYS)
async def test_it_opens_for_failures_of_calendlys(talk: servers.Talk) -> None:
    assert await _state_after(talk) is State.OPEN


@pytest.mark.fault("U05")
async def test_it_opens_where_calendly_says_nothing() -> None:
    assert await _state_after(servers.silence, read_deadline=rig.ms(150)) is State.OPEN


@pytest.mark.parametrize("talk", NOT_CALENDLYS)
async def test_it_stays_closed_where_calendly_answers(talk: servers.Talk) -> None:
    assert await _state_after(talk) is State.CLOSED


@pytest.mark.fault("U02")
async def test_it_opens_where_nobody_takes_calls() -> None:
    client = CalendlyClient(rig.transport_to(f"http://127.0.0.1:{free_port()}"))

    await asyncio.gather(*(client.get_current_user() for _ in range(MANY)), return_exceptions=True)

    assert client.breaker.state is State.OPEN
    await client.aclose()


async def test_it_stays_closed_where_our_own_quota_refuses() -> None:
    quota = Ledger(refusal=UpstreamBusyError(retry_after=5))

    assert await _state_after(servers.always(GOOD), quota=quota) is State.CLOSED


async def test_it_stays_closed_where_our_own_pool_is_crowded() -> None:
    held = asyncio.Event()

    async def talk(visit: servers.Visit) -> None:
        if visit.number > 1:
            await visit.say(GOOD)
            return
        held.set()
        await servers.silence(visit)

    async with servers.serving(talk) as server:
        client = CalendlyClient(rig.transport_to(server.origin, max_connections=1, pool_timeout=rig.ms(100)))
        holder = client.looking_for(Purpose.READ)
        hanging = asyncio.create_task(holder.get_scheduled_event("EVENTAAAAAAAAAAA"))
        async with asyncio.timeout(10):
            await held.wait()

        await asyncio.gather(*(client.get_current_user() for _ in range(MANY)), return_exceptions=True)

        assert client.breaker.state is State.CLOSED
        hanging.cancel()
        await client.aclose()


async def test_a_probe_that_our_own_quota_refuses_leaves_its_place_to_the_next(scene: Scene) -> None:
    quota = Ledger()
    async with servers.serving(scene.calendly) as server:
        client = CalendlyClient(rig.transport_to(server.origin, monotonic=scene.clock, quota=quota))
        other = Scene(scene.calendly, scene.clock, client)
        await other.opens()
        scene.clock.now += COOLED
        scene.calendly.reply = GOOD
        quota.refusal = UpstreamBusyError(retry_after=5)
        refused = await other.fails()
        quota.refusal = None

        assert (refused, await other.fails(), other.state) == (UpstreamBusyError, None, State.CLOSED)
        await client.aclose()


async def test_a_call_that_is_kept_back_costs_no_permit() -> None:
    quota = Ledger()
    async with servers.serving(servers.always(BROKEN)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, quota=quota))
        await asyncio.gather(*(client.get_current_user() for _ in range(MANY)), return_exceptions=True)
        spent = len(quota.admitted)

        with pytest.raises(UpstreamBusyError):
            await client.get_current_user()

        assert len(quota.admitted) == spent
        await client.aclose()


async def test_whoever_is_kept_back_does_not_wait_for_a_slot_before() -> None:
    held = asyncio.Event()

    async def talk(visit: servers.Visit) -> None:
        if visit.number <= IN_A_ROW:
            await visit.say(BROKEN)
            return
        held.set()
        await servers.silence(visit)

    async with servers.serving(talk) as server:
        ages = rig.ms(60_000)
        client = CalendlyClient(
            rig.transport_to(server.origin, read_slots=1, read_deadline=ages, pool_timeout=ages)
        )
        await asyncio.gather(*(client.get_current_user() for _ in range(MANY)), return_exceptions=True)
        holder = client.looking_for(Purpose.READ)
        hanging = asyncio.create_task(holder.get_scheduled_event("EVENTAAAAAAAAAAA"))
        async with asyncio.timeout(10):
            await held.wait()

            with pytest.raises(UpstreamBusyError):
                await client.get_current_user()

        hanging.cancel()
        await client.aclose()


Ask = Callable[[CalendlyClient], Any]
OTHERS: list[Any] = [
    pytest.param(lambda client: client.get_scheduled_event("EVENTAAAAAAAAAAA"), id="a look at a booking"),
    pytest.param(
        lambda client: client.get_event_invitee("EVENTAAAAAAAAAAA", "INVITEEAAAAAAAAA"), id="invitee"
    ),
    pytest.param(lambda client: client.cancel_scheduled_event("EVENTAAAAAAAAAAA", None), id="a cancellation"),
]


@pytest.mark.parametrize("ask", OTHERS)
async def test_what_concerns_a_booking_is_never_kept_back_and_does_not_count(ask: Ask) -> None:
    async with servers.serving(servers.always(BROKEN)) as server:
        client = CalendlyClient(rig.transport_to(server.origin))
        await asyncio.gather(*(ask(client) for _ in range(MANY)), return_exceptions=True)
        before = (client.breaker.state, len(server.heads))
        await asyncio.gather(*(client.get_current_user() for _ in range(MANY)), return_exceptions=True)
        heads = len(server.heads)

        with pytest.raises(AppError) as failure:
            await ask(client)

        assert before[0] is State.CLOSED
        assert client.breaker.state is State.OPEN
        assert not isinstance(failure.value, UpstreamBusyError)
        assert len(server.heads) > heads
        await client.aclose()


def test_what_is_watched_are_operations_that_there_are() -> None:
    assert {operation for operation in WATCHED if not hasattr(CalendlyClient, operation)} == set()
