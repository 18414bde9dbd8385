"""The budget between our client and a Calendly that counts for itself."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.budgets.budgets import Budgets
from app.calendly.client import CalendlyClient
from app.calendly.models import NewBooking, NewInvitee, NewLocation
from app.calendly.transport import Transport
from app.errors import AppError, BookingQuotaSpentError, UpstreamBusyError
from app.store.state import StateStore
from tests.support.simulation import ADA, Simulation

SEVEN_DAYS = timedelta(days=7)


class Booker:
    """Books one slot after the other, as one replica does."""

    def __init__(self, calendly: Simulation, store: Redis, tier: str) -> None:
        self.budgets = Budgets(state=StateStore(store), account=lambda: "0a1b", tier=tier)
        transport = Transport(
            origin=str(calendly.http.base_url), token=SecretStr(ADA), clock=calendly.clock, quota=self.budgets
        )
        self.client = CalendlyClient(transport)
        self._clock: Callable[[], datetime] = calendly.clock

    async def bookings(self, number: int) -> list[NewBooking]:
        user = await self.client.get_current_user()
        kinds = await self.client.list_event_types(user=user.uri)
        kind = next(one for one in kinds if one.slug == "intro-call")
        now = self._clock()
        slots = await self.client.list_event_type_available_times(
            event_type=kind.uri, start_time=now + timedelta(minutes=5), end_time=now + SEVEN_DAYS
        )
        return [
            NewBooking(
                event_type=kind.uri,
                start_time=slot.start_time.isoformat(),
                invitee=NewInvitee(
                    email="grace@example.test", timezone="Europe/Berlin", name="Grace Example"
                ),
                location=NewLocation(kind="google_conference"),
            )
            for slot in slots[:number]
        ]

    async def book(self, bookings: list[NewBooking]) -> list[type[AppError] | None]:
        return [await self._outcome(booking) for booking in bookings]

    async def _outcome(self, booking: NewBooking) -> type[AppError] | None:
        try:
            await self.client.create_invitee(booking)
        except AppError as error:
            return type(error)
        return None


@pytest.fixture(params=["auto", "trial"])
async def booker(request: pytest.FixtureRequest, calendly: Simulation, store: Redis) -> AsyncIterator[Booker]:
    booker = Booker(calendly, store, request.param)
    yield booker
    await booker.client.aclose()


async def set_tier(calendly: Simulation, tier: str) -> None:
    await calendly.http.patch("/_simulator/settings", json={"tier": tier})


async def statuses(http: httpx.AsyncClient, path: str) -> list[int]:
    calls = (await http.get("/_simulator/calls")).json()["items"]
    return [call["status"] for call in calls if call["path"] == path]


async def test_calendly_is_never_asked_for_more_bookings_than_it_allows(
    booker: Booker, calendly: Simulation
) -> None:
    await set_tier(calendly, "trial")
    bookings = await booker.bookings(12)

    outcomes = await booker.book(bookings)

    assert outcomes == [None] * 5 + [BookingQuotaSpentError] * 7
    assert await statuses(calendly.http, "/invitees") == [201] * 5


@pytest.mark.fault("U11")
async def test_after_a_refusal_calendly_is_not_asked_again(booker: Booker, calendly: Simulation) -> None:
    fault = {"kind": "status", "status": 429, "headers": {"x-ratelimit-reset": "60"}}
    await calendly.http.post(
        "/_simulator/faults",
        json={"match": {"method": "GET", "path": "/users/me"}, "times": 1, "fault": fault},
    )

    for _ in range(3):
        with pytest.raises(UpstreamBusyError):
            await booker.client.get_current_user()

    assert await statuses(calendly.http, "/users/me") == [429]
