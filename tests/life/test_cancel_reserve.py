"""Time can be given back while nothing else is asked of Calendly, and that costs little."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from app.calendly.quota import Purpose
from app.errors import UpstreamBusyError
from tests.life.stage import CANCELLATION, Stage, active, break_down, canceled, events, made, said
from tests.support.service import Json, Service, booking_body, calls_of, clear_calls, plan_fault
from tests.support.simulation import Simulation

READS = 40
"""In a minute: of all calls that the free plan has, the rest is for what matters more."""

LATER = "2026-11-23T15:00:00+01:00"
NIGHT = "2026-11-23T03:00:00+01:00"

ReadsGo = Callable[[Service, Simulation], Awaitable[None]]


@pytest.fixture
async def bff(stage: Stage) -> AsyncIterator[Service]:
    """With few calls, though Calendly has more. It knows whose they are."""
    async with stage.service(tier="free") as service:
        await service.get("/event-types")
        yield service


async def _asked(calendly: Simulation) -> list[tuple[str, str]]:
    """All that it was asked, in order."""
    items: list[Json] = (await calendly.http.get("/_simulator/calls")).json()["items"]
    return [(call["method"], call["path"]) for call in items]


async def _spent(bff: Service, calendly: Simulation, left: int = 0) -> None:
    """All but `left`: each day that nobody has read yet costs one. What was asked before is in the log."""
    for number in range(READS - left - len(await _asked(calendly))):
        day = (date(2026, 12, 1) + timedelta(days=number)).isoformat()
        await bff.free("visit", **{"from": day, "to": day})


async def _spent_but_for_cancellations(bff: Service) -> None:
    """By bookings, and by looks at what became of them."""
    with suppress(UpstreamBusyError):
        while True:
            await bff.account.budgets.admit(Purpose.LOOKUP)


async def _calls_left(bff: Service) -> int:
    left: dict[str, int] = await bff.account.budgets.left()
    return left["calls_minute"]


async def _shut(bff: Service, calendly: Simulation) -> None:
    """By Calendly, for longer than the minute that calls are counted in."""
    times, reset = "^/event_type_available_times$", {"X-RateLimit-Reset": "900"}
    await plan_fault(calendly, "status", status=429, path=times, method="GET", headers=reset)
    await bff.get("/event-types/visit/availability", **{"from": "2026-12-01", "to": "2026-12-01"})


@pytest.mark.parametrize(
    "reads_go", [pytest.param(_shut, id="shut by Calendly"), pytest.param(_spent, id="spent by us")]
)
async def test_without_reads_time_is_given_back(
    bff: Service, calendly: Simulation, reads_go: ReadsGo
) -> None:
    booking = await made(bff)
    await reads_go(bff, calendly)

    read = await bff.manage(booking)
    gone = await canceled(bff, booking)

    assert said(read) == (503, "upstream_busy")
    assert (gone["status"], await active(calendly)) == ("canceled", [])


async def test_when_all_else_is_spent_two_times_are_given_back(bff: Service, calendly: Simulation) -> None:
    bookings = [await made(bff), await made(bff)]
    await _spent_but_for_cancellations(bff)

    looked = await bff.book(booking_body("intro-call", NIGHT))
    gone = [await canceled(bff, booking) for booking in bookings]

    assert said(looked) == (503, "upstream_busy")
    assert ([each["status"] for each in gone], await active(calendly)) == (["canceled"] * 2, [])


@pytest.mark.parametrize(
    ("slug", "status"),
    [pytest.param("intro-call", 200, id="canceled"), pytest.param("workshop", 409, id="a seat of a group")],
)
async def test_repeating_a_cancellation_leaves_what_others_need(bff: Service, slug: str, status: int) -> None:
    own, other = await made(bff, slug), await made(bff, "no-place", start=LATER)
    first = await bff.manage(own, "/cancel", {})
    await _spent_but_for_cancellations(bff)

    repeated = [said(await bff.manage(own, "/cancel", {})) for _ in range(10)]

    assert (first.status_code, set(repeated)) == (status, {(503, "upstream_busy")})
    assert (await canceled(bff, other))["status"] == "canceled"


async def test_a_crowd_that_cancels_one_booking_leaves_what_others_need(
    bff: Service, calendly: Simulation
) -> None:
    own, other = await made(bff), await made(bff, "no-place", start=LATER)
    await _spent(bff, calendly)

    await asyncio.gather(*(bff.manage(own, "/cancel", {}) for _ in range(20)))

    assert (await canceled(bff, other))["status"] == "canceled"


async def test_a_cancellation_whose_answer_was_lost_may_draw_on_the_reserve_again(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await _spent(bff, calendly)
    await break_down(calendly, CANCELLATION)

    lost = await bff.manage(booking, "/cancel", {})
    again = await canceled(bff, booking)

    assert (said(lost), again["status"]) == ((504, "upstream_timeout"), "canceled")


@pytest.mark.parametrize("repeated", ["book", "reschedule"])
async def test_what_anybody_may_repeat_leaves_what_bookings_need(
    bff: Service, calendly: Simulation, repeated: str
) -> None:
    booking = await made(bff, "workshop" if repeated == "book" else "intro-call")
    body = booking_body("workshop", booking["start"])
    await bff.free("no-place")
    await _spent(bff, calendly)
    left = await _calls_left(bff)

    for _ in range(5):
        if repeated == "book":
            answer = await bff.book(body)
        else:
            answer = await bff.manage(booking, "/reschedule", {"start": NIGHT})

    assert answer.status_code in {409, 503}
    assert answer.json()["retryAfter"] > 30
    assert await _calls_left(bff) == left


async def test_a_booking_that_lacks_only_calls_is_told_so(bff: Service) -> None:
    body = await bff.booking()
    await _spent_but_for_cancellations(bff)

    answers = [await bff.book(body), await bff.preflight(body)]

    assert [said(answer) for answer in answers] == [(503, "upstream_busy")] * 2
    assert all(answer.json()["hostedUrl"] and answer.json()["retryAfter"] > 30 for answer in answers)


async def test_a_try_that_cannot_even_begin_is_no_try(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    await _spent(bff, calendly)
    budgets, permits = bff.account.budgets, []
    with suppress(UpstreamBusyError):
        while True:
            permits.append(await budgets.admit(Purpose.CANCEL))
    refused = [said(await bff.manage(booking, "/cancel", {})) for _ in range(5)]
    for permit in permits:
        await budgets.give_back(Purpose.CANCEL, permit)

    gone = await canceled(bff, booking)

    assert refused == [(503, "upstream_busy")] * 5
    assert gone["status"] == "canceled"


async def test_a_cancellation_costs_two_reads_and_itself(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    [event] = await events(calendly)
    at, invitee = (urlsplit(each["uri"]).path for each in (event, event["invitees"][0]))
    await clear_calls(calendly)

    await canceled(bff, booking)

    assert sorted(await _asked(calendly)) == [("GET", at), ("GET", invitee), ("POST", f"{at}/cancellation")]


async def test_looking_whose_a_taken_time_is_leaves_what_cancellations_need(
    bff: Service, calendly: Simulation
) -> None:
    booking = await made(bff)
    await _spent(bff, calendly, left=1)
    await clear_calls(calendly)

    answer = await bff.book(booking_body("intro-call", NIGHT))

    assert said(answer) == (503, "upstream_busy")
    assert await calls_of(calendly, "/scheduled_events") == []
    assert (await canceled(bff, booking))["status"] == "canceled"
