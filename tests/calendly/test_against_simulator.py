"""The life of a booking, told by the simulator in its own words."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from app.calendly.client import CalendlyClient
from app.calendly.failures import AlreadyCanceledError, EventOverError
from app.calendly.models import Invitee, NewBooking, NewInvitee, NewLocation
from app.calendly.quota import Purpose
from app.calendly.transport import Transport
from app.errors import NotFoundError
from tests.calendly.quotas import Ledger
from tests.support.simulation import ADA, StandingClock, running_simulator

DAY = timedelta(days=1)


class Booked:
    """A simulator, a client on it, and one booking made with it."""

    def __init__(self, client: CalendlyClient, clock: StandingClock, quota: Ledger, invitee: Invitee) -> None:
        self.client = client
        self.clock = clock
        self.quota = quota
        self.invitee = invitee
        self.event = client.id_from(invitee.event)


async def book(client: CalendlyClient, clock: StandingClock) -> Invitee:
    user = await client.get_current_user()
    kinds = await client.list_event_types(user=user.uri)
    kind = next(one for one in kinds if one.slug == "intro-call")
    slots = await client.list_event_type_available_times(
        event_type=kind.uri, start_time=clock() + timedelta(minutes=5), end_time=clock() + 7 * DAY
    )
    location = NewLocation(kind=kind.locations[0].kind) if kind.locations else None
    return await client.create_invitee(
        NewBooking(
            event_type=kind.uri,
            start_time=slots[0].start_time.isoformat(),
            invitee=NewInvitee(email="grace@example.test", timezone="Asia/Kolkata", name="Grace Example"),
            location=location,
        )
    )


@pytest.fixture
async def booked() -> AsyncIterator[Booked]:
    clock = StandingClock()
    quota = Ledger()
    with running_simulator(clock) as origin:
        client = CalendlyClient(Transport(origin=origin, token=SecretStr(ADA), clock=clock, quota=quota))
        yield Booked(client, clock, quota, await book(client, clock))
        await client.aclose()


async def test_a_booking_is_found_by_time_and_address(booked: Booked) -> None:
    user = await booked.client.get_current_user()

    events = await booked.client.list_scheduled_events(
        user=user.uri,
        min_start_time=booked.clock(),
        max_start_time=booked.clock() + 7 * DAY,
        invitee_email="grace@example.test",
    )
    invitees = await booked.client.list_event_invitees(booked.event, email="grace@example.test")

    assert [event.uri for event in events] == [booked.invitee.event]
    assert invitees == [booked.invitee]


async def test_an_invitee_is_read_again_as_it_was_booked(booked: Booked) -> None:
    again = await booked.client.get_event_invitee(booked.event, booked.client.id_from(booked.invitee.uri))

    assert again == booked.invitee


async def test_a_canceled_event_says_why(booked: Booked) -> None:
    await booked.client.cancel_scheduled_event(booked.event, "Ill")

    event = await booked.client.get_scheduled_event(booked.event)

    assert event.cancellation is not None
    assert (event.status, event.cancellation.reason) == ("canceled", "Ill")


@pytest.mark.fault("B12")
async def test_an_event_is_canceled_once(booked: Booked) -> None:
    await booked.client.cancel_scheduled_event(booked.event, None)

    with pytest.raises(AlreadyCanceledError):
        await booked.client.cancel_scheduled_event(booked.event, None)


async def test_an_event_that_has_begun_is_over(booked: Booked) -> None:
    booked.clock.advance(days=7)

    with pytest.raises(EventOverError):
        await booked.client.cancel_scheduled_event(booked.event, None)


async def test_the_id_of_an_invitee_cancels_nothing(booked: Booked) -> None:
    with pytest.raises(NotFoundError):
        await booked.client.cancel_scheduled_event(booked.client.id_from(booked.invitee.uri), None)


async def test_a_booking_tells_the_quota_of_bookings_where_it_stands(booked: Booked) -> None:
    standing = booked.quota.observed[-1]

    assert standing[0] is Purpose.BOOK
    assert None not in {standing[1].limit, standing[1].remaining, standing[1].reset}
