"""When a quota is asked, when it is told, and that it can refuse a call but never spoil one."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
import respx
from structlog.testing import capture_logs

from app.calendly.access import GrantDeadError
from app.calendly.client import CalendlyClient
from app.calendly.failures import NotSentError, OutcomeUnknownError
from app.calendly.quota import Purpose, Standing, Unlimited
from app.calendly.transport import Transport
from app.errors import AppError, BookingQuotaSpentError, UpstreamBusyError, UpstreamRefusedUsError
from tests.calendly import rig, servers
from tests.calendly.quotas import Ledger, hang
from tests.calendly.test_bad_connections import BOOKED, GOOD, booking_at
from tests.calendly.test_client import BOOKING
from tests.calendly.test_managing import CANCEL_PATH, EVENT_ID, EVENT_PATH, INVITEE_ID
from tests.support.stopwatch import Stopwatch

Ask = Callable[[CalendlyClient], Coroutine[Any, Any, Any]]

PURPOSES = [
    pytest.param(lambda client: client.get_current_user(), Purpose.READ, id="user"),
    pytest.param(lambda client: client.list_event_types(user=rig.USER), Purpose.READ, id="event types"),
    pytest.param(lambda client: client.get_event_type("E"), Purpose.READ, id="event type"),
    pytest.param(
        lambda client: client.list_event_type_available_times(
            event_type=rig.EVENT_TYPE, start_time=rig.NOW, end_time=rig.NOW
        ),
        Purpose.READ,
        id="available times",
    ),
    pytest.param(lambda client: client.list_locations(user=rig.USER), Purpose.READ, id="locations"),
    pytest.param(lambda client: client.get_scheduled_event(EVENT_ID), Purpose.LOOKUP, id="event"),
    pytest.param(
        lambda client: client.list_scheduled_events(
            user=rig.USER, min_start_time=rig.NOW, max_start_time=rig.NOW
        ),
        Purpose.LOOKUP,
        id="events",
    ),
    pytest.param(lambda client: client.list_event_invitees(EVENT_ID), Purpose.LOOKUP, id="invitees"),
    pytest.param(lambda client: client.get_event_invitee(EVENT_ID, INVITEE_ID), Purpose.LOOKUP, id="invitee"),
    pytest.param(
        lambda client: client.cancel_scheduled_event(EVENT_ID, None), Purpose.CANCEL, id="cancellation"
    ),
    pytest.param(lambda client: client.create_invitee(BOOKING), Purpose.BOOK, id="booking"),
]


@pytest.mark.parametrize(("ask", "purpose"), PURPOSES)
async def test_a_quota_is_asked_and_told_what_a_call_is_for(
    calendly: respx.Router, ask: Ask, purpose: Purpose
) -> None:
    calendly.route().respond(404, json={})
    quota = Ledger()

    with pytest.raises(AppError):
        await ask(rig.client_on(calendly, quota=quota))

    assert quota.admitted == [(purpose, "permit-1")]
    assert [told for told, _ in quota.observed] == [purpose]
    assert quota.returned == []


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda client: client.get_current_user(), id="read"),
        pytest.param(lambda client: client.create_invitee(BOOKING), id="write"),
    ],
)
async def test_a_call_that_is_not_admitted_is_not_made(calendly: respx.Router, ask: Ask) -> None:
    quota = Ledger(refusal=BookingQuotaSpentError(retry_after=77))

    with pytest.raises(BookingQuotaSpentError) as raised:
        await ask(rig.client_on(calendly, quota=quota))

    assert raised.value is quota.refusal
    assert (len(calendly.calls), quota.observed, quota.returned) == (0, [], [])


async def test_a_repeated_read_is_asked_for_again(calendly: respx.Router) -> None:
    replies = [httpx.Response(502), httpx.Response(200, json=rig.resource(rig.user()))]
    calendly.get("/users/me").mock(side_effect=replies)
    quota = Ledger()

    await rig.client_on(calendly, quota=quota).get_current_user()

    assert [permit for _, permit in quota.admitted] == ["permit-1", "permit-2"]
    assert len(quota.observed) == 2


async def test_every_page_is_asked_for(calendly: respx.Router) -> None:
    following = f"{rig.ORIGIN}{EVENT_PATH}/invitees?page_token=two"
    last = httpx.Response(200, json=rig.collection(rig.invitee()))
    calendly.get(f"{EVENT_PATH}/invitees").mock(
        side_effect=[httpx.Response(200, json=rig.collection(rig.invitee(), next_page=following)), last]
    )
    quota = Ledger()

    await rig.client_on(calendly, quota=quota).list_event_invitees(EVENT_ID)

    assert [purpose for purpose, _ in quota.admitted] == [Purpose.LOOKUP, Purpose.LOOKUP]


@pytest.mark.parametrize(
    ("status", "headers", "standing"),
    [
        pytest.param(
            201,
            {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "9", "X-RateLimit-Reset": "60"},
            Standing(10, 9, 60, refused=False),
            id="all of it",
        ),
        pytest.param(201, {}, Standing(None, None, None, refused=False), id="nothing"),
        pytest.param(
            201,
            {"X-RateLimit-Limit": "ten", "X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "soon"},
            Standing(None, None, None, refused=False),
            id="nonsense",
            marks=pytest.mark.fault("U12"),
        ),
        pytest.param(
            201,
            {"X-RateLimit-Limit": "1" * 10, "X-RateLimit-Remaining": "2.5", "X-RateLimit-Reset": "9" * 12},
            Standing(None, None, 86_400, refused=False),
            id="beyond all bounds",
            marks=pytest.mark.fault("U12"),
        ),
        pytest.param(
            429,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"},
            Standing(None, 0, 30, refused=True),
            id="refused",
            marks=pytest.mark.fault("U11"),
        ),
        pytest.param(
            429,
            {"Retry-After": "Sun, 22 Nov 2026 12:01:30 GMT"},
            Standing(None, None, 90, refused=True),
            id="refused until a date",
            marks=pytest.mark.fault("U11"),
        ),
        pytest.param(
            429, {}, Standing(None, None, None, refused=True), id="refused", marks=pytest.mark.fault("U12")
        ),
        pytest.param(
            500,
            {"X-RateLimit-Remaining": "3"},
            Standing(None, 3, None, refused=False),
            id="server error",
        ),
    ],
)
async def test_a_quota_hears_what_the_headers_say(
    calendly: respx.Router, status: int, headers: dict[str, str], standing: Standing
) -> None:
    calendly.post("/invitees").respond(status, headers=headers, json=rig.resource(rig.invitee()))
    quota = Ledger()

    await asyncio.gather(rig.client_on(calendly, quota=quota).create_invitee(BOOKING), return_exceptions=True)

    assert quota.observed == [(Purpose.BOOK, standing)]


@pytest.mark.fault("U02")
async def test_a_permit_is_given_back_for_every_attempt_that_sent_nothing() -> None:
    async with servers.serving(servers.always(BOOKED)) as server:
        gone = server.origin
    quota = Ledger()
    client = CalendlyClient(rig.transport_to(gone, quota=quota))

    with pytest.raises(NotSentError):
        await client.create_invitee(booking_at(gone))

    assert quota.returned == quota.admitted == [(Purpose.BOOK, "permit-1"), (Purpose.BOOK, "permit-2")]
    await client.aclose()


async def test_a_permit_is_given_back_for_a_booking_that_might_not_be_sent() -> None:
    quota = Ledger()
    async with servers.serving(servers.always(BOOKED)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, quota=quota))

        with pytest.raises(NotSentError):
            await client.create_invitee(booking_at(server.origin), may_send=lambda: False)

        assert quota.returned == [(Purpose.BOOK, "permit-1")]
        await client.aclose()


async def test_a_permit_is_given_back_where_there_is_no_token(calendly: respx.Router) -> None:
    quota = Ledger()
    client = CalendlyClient(
        Transport(
            origin=rig.ORIGIN,
            token=rig.Tokens([], failure=GrantDeadError("revoked")),
            clock=lambda: rig.NOW,
            options=rig.quick(open_pool=lambda: rig.canned(calendly)),
            quota=quota,
        )
    )

    with pytest.raises(UpstreamRefusedUsError):
        await client.create_invitee(BOOKING)

    assert quota.returned == [(Purpose.BOOK, "permit-1")]


@pytest.mark.fault("U07")
async def test_a_permit_is_spent_by_what_may_have_arrived() -> None:
    quota = Ledger()
    async with servers.serving(servers.cut(b"", reset=True)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, quota=quota))

        with pytest.raises(OutcomeUnknownError):
            await client.create_invitee(booking_at(server.origin))

        assert (len(quota.admitted), quota.returned) == (1, [])
        await client.aclose()


async def test_a_quota_that_hears_nothing_leaves_a_reply_a_reply() -> None:
    quota = Ledger(hearing=hang)
    async with servers.serving(servers.always(BOOKED)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, quota=quota, write_deadline=rig.ms(300)))

        invitee = await client.create_invitee(booking_at(server.origin))

        assert invitee.status == "active"
        await client.aclose()


async def test_a_quota_that_breaks_leaves_a_reply_a_reply(calendly: respx.Router) -> None:
    async def break_down() -> None:
        raise ZeroDivisionError

    calendly.get("/users/me").respond(json=rig.resource(rig.user()))

    user = await rig.client_on(calendly, quota=Ledger(hearing=break_down)).get_current_user()

    assert user.slug == "ada"


async def test_closing_waits_a_moment_for_what_a_quota_is_told() -> None:
    async def hear_late() -> None:
        await asyncio.sleep(0.3)

    quota = Ledger(hearing=hear_late)
    async with servers.serving(servers.always(GOOD)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, quota=quota, read_deadline=rig.ms(200)))
        await client.get_current_user()
        told = len(quota.observed)

        await client.aclose()

        assert (told, len(quota.observed)) == (0, 1)


@pytest.mark.fault("R04")
async def test_free_times_that_are_there_hardly_wait_for_a_quota_that_hears_late() -> None:
    async def hear_late() -> None:
        await asyncio.sleep(0.45)

    quota = Ledger(hearing=hear_late)
    async with servers.serving(servers.always(GOOD)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, quota=quota))
        await client.get_current_user()
        told = len(quota.observed)

        await client.aclose()

        assert (told, len(quota.observed)) == (0, 1)


async def test_closing_does_not_wait_for_a_quota_that_hears_nothing() -> None:
    async with servers.serving(servers.always(GOOD)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, quota=Ledger(hearing=hang)))
        await client.get_current_user()
        watch = Stopwatch()

        await client.aclose()

        assert watch.stop() < 1


async def test_a_booking_that_is_admitted_too_late_is_not_sent() -> None:
    async def admit_late() -> None:
        await asyncio.sleep(0.3)

    quota = Ledger(admitting=admit_late)
    async with servers.serving(servers.always(BOOKED)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, quota=quota, write_deadline=rig.ms(200)))

        with pytest.raises(OutcomeUnknownError):
            await client.create_invitee(booking_at(server.origin))
        await client.aclose()

        assert quota.returned == quota.admitted == [(Purpose.BOOK, "permit-1")]
        assert server.connections == 0


async def test_a_caller_that_leaves_does_not_keep_a_permit_from_being_used() -> None:
    admitting = asyncio.Event()

    async def admit_slowly() -> None:
        admitting.set()
        await asyncio.sleep(0.1)

    quota = Ledger(admitting=admit_slowly)
    async with servers.serving(servers.always(BOOKED)) as server:
        client = CalendlyClient(rig.transport_to(server.origin, quota=quota))
        booking = asyncio.create_task(client.create_invitee(booking_at(server.origin)))
        await admitting.wait()

        booking.cancel()
        await client.aclose()

        assert (len(quota.admitted), len(quota.observed), len(server.heads)) == (1, 1, 1)


async def test_without_a_quota_everything_is_admitted(calendly: respx.Router) -> None:
    calendly.post(CANCEL_PATH).respond(201, json=rig.resource(rig.cancellation()))

    await rig.client_on(calendly, quota=Unlimited()).cancel_scheduled_event(EVENT_ID, None)

    assert len(calendly.calls) == 1


async def test_a_call_that_is_not_admitted_leaves_no_line(calendly: respx.Router) -> None:
    client = rig.client_on(calendly, quota=Ledger(refusal=UpstreamBusyError(retry_after=5)))

    with capture_logs() as logs, pytest.raises(UpstreamBusyError):
        await client.get_current_user()

    assert logs == []
