"""A client on canned replies, and the replies themselves as Calendly documents them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import respx
from pydantic import SecretStr

from app.calendly.access import AccessError
from app.calendly.client import CalendlyClient
from app.calendly.options import TransportOptions
from app.calendly.quota import Quota
from app.calendly.transport import Transport

ORIGIN = "https://calendly.example.test"
TOKEN = "canary-token-5e1f"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
USER = f"{ORIGIN}/users/ADAAAAAAAAAAAAAA"
EVENT_TYPE = f"{ORIGIN}/event_types/INTROCALLAAAAAAA"
ORGANIZATION = f"{ORIGIN}/organizations/ORGAAAAAAAAAAAAA"
EVENT = f"{ORIGIN}/scheduled_events/EVENTAAAAAAAAAAA"
INVITEE = f"{EVENT}/invitees/INVITEEAAAAAAAAA"


class Chunks(httpx.AsyncByteStream):
    """A canned body as it comes off a wire: unread, so that the code under test does the reading."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


@dataclass
class Tokens:
    """Gives out what it is told, one after the other; of the last one there is no end."""

    given: list[str]
    refused: list[str] = field(default_factory=list)
    failure: AccessError | None = None

    async def current(self) -> SecretStr:
        return self._next()

    async def renewed(self, rejected: SecretStr) -> SecretStr | None:
        self.refused.append(rejected.get_secret_value())
        return self._next() if self.given else None

    def _next(self) -> SecretStr:
        if self.failure is not None:
            raise self.failure
        return SecretStr(self.given.pop(0))


def canned(router: respx.Router) -> httpx.AsyncBaseTransport:
    async def handler(request: httpx.Request) -> httpx.Response:
        reply = await router.async_handler(request)
        return httpx.Response(reply.status_code, headers=reply.headers, stream=Chunks(reply.content))

    return httpx.MockTransport(handler)


def quick(**changes: Any) -> TransportOptions:
    """Options with next to no wait before a retry."""
    return TransportOptions(**({"retry_wait": lambda: 0.001} | changes))


def transport_on(router: respx.Router, *, quota: Quota | None = None, **changes: Any) -> Transport:
    return transport_to(ORIGIN, quota=quota, open_pool=lambda: canned(router), **changes)


def client_on(router: respx.Router, *, quota: Quota | None = None, **changes: Any) -> CalendlyClient:
    return CalendlyClient(transport_on(router, quota=quota, **changes))


def transport_to(origin: str, *, quota: Quota | None = None, **changes: Any) -> Transport:
    """A transport over real sockets, unless a pool is among the changes."""
    token = SecretStr(TOKEN)
    return Transport(origin=origin, token=token, clock=lambda: NOW, options=quick(**changes), quota=quota)


def ms(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=milliseconds)


def user() -> dict[str, Any]:
    return {
        "uri": USER,
        "name": "Ada Example",
        "slug": "ada",
        "email": "ada@example.test",
        "timezone": "Europe/Berlin",
        "time_notation": "24h",
        "locale": "en",
        "avatar_url": None,
        "scheduling_url": "https://booking.example.test/ada",
        "current_organization": ORGANIZATION,
        "resource_type": "User",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
    }


def event_type(**changes: Any) -> dict[str, Any]:
    return {
        "uri": EVENT_TYPE,
        "name": "Intro call",
        "active": True,
        "secret": False,
        "slug": "intro-call",
        "scheduling_url": "https://booking.example.test/ada/intro-call",
        "duration": 30,
        "duration_options": None,
        "kind": "solo",
        "pooling_type": None,
        "type": "StandardEventType",
        "color": "#0069ff",
        "locale": "en",
        "position": 0,
        "internal_note": None,
        "description_plain": None,
        "description_html": None,
        "profile": {"type": "User", "name": "Ada Example", "owner": USER},
        "locations": [{"kind": "physical", "location": "1 Main Street", "additional_info": None}],
        "custom_questions": [
            {
                "name": "Topic?",
                "type": "string",
                "position": 0,
                "enabled": True,
                "required": False,
                "answer_choices": [],
                "include_other": False,
            }
        ],
        "booking_method": "instant",
        "is_paid": False,
        "admin_managed": False,
        "deleted_at": None,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
        "start_time_increment": 30,
        "before_buffer": 0,
        "after_buffer": 0,
    } | changes


def available_time(start_time: str = "2026-12-01T09:00:00.000000Z") -> dict[str, Any]:
    return {
        "status": "available",
        "start_time": start_time,
        "invitees_remaining": 1,
        "scheduling_url": "https://booking.example.test/ada/intro-call/2026-12-01T09:00:00Z",
    }


def scheduled_event(**changes: Any) -> dict[str, Any]:
    return {
        "uri": EVENT,
        "event_type": EVENT_TYPE,
        "name": "Intro call",
        "meeting_notes_plain": None,
        "meeting_notes_html": None,
        "status": "active",
        "start_time": "2026-12-01T09:00:00.000000Z",
        "end_time": "2026-12-01T09:30:00.000000Z",
        "created_at": "2026-11-22T12:00:00.000000Z",
        "updated_at": "2026-11-22T12:00:00.000000Z",
        "location": {"type": "google_conference", "status": "processing", "join_url": None},
        "invitees_counter": {"total": 1, "active": 1, "limit": 1},
        "event_memberships": [{"user": USER, "user_email": "ada@example.test", "user_name": "Ada Example"}],
        "event_guests": [
            {
                "email": "guest@example.test",
                "created_at": "2026-11-22T12:00:00.000000Z",
                "updated_at": "2026-11-22T12:00:00.000000Z",
            }
        ],
    } | changes


def cancellation(**changes: Any) -> dict[str, Any]:
    return {
        "canceled_by": "Ada Example",
        "reason": None,
        "canceler_type": "host",
        "created_at": "2026-11-22T12:00:00.000000Z",
    } | changes


def invitee(**changes: Any) -> dict[str, Any]:
    return {
        "uri": INVITEE,
        "event": EVENT,
        "email": "grace@example.test",
        "name": "Grace Example",
        "first_name": None,
        "last_name": None,
        "status": "active",
        "timezone": "Asia/Kolkata",
        "questions_and_answers": [{"question": "Topic?", "answer": "Intro", "position": 0}],
        "tracking": {
            "utm_campaign": None,
            "utm_source": "newsletter",
            "utm_medium": None,
            "utm_content": None,
            "utm_term": None,
            "salesforce_uuid": None,
        },
        "text_reminder_number": None,
        "rescheduled": False,
        "old_invitee": None,
        "new_invitee": None,
        "cancel_url": "https://booking.example.test/cancellations/INVITEEAAAAAAAAA",
        "reschedule_url": "https://booking.example.test/reschedulings/INVITEEAAAAAAAAA",
        "routing_form_submission": None,
        "payment": None,
        "no_show": None,
        "reconfirmation": None,
        "scheduling_method": "api",
        "invitee_scheduled_by": None,
        "created_at": "2026-11-22T12:00:00.000000Z",
        "updated_at": "2026-11-22T12:00:00.000000Z",
    } | changes


def resource(thing: dict[str, Any]) -> dict[str, Any]:
    return {"resource": thing}


def collection(*things: Any, next_page: str | None = None) -> dict[str, Any]:
    pagination = {
        "count": len(things),
        "next_page": next_page,
        "previous_page": None,
        "next_page_token": None,
        "previous_page_token": None,
    }
    return {"collection": list(things), "pagination": pagination}


def refusal(
    code: str | None = None, *, parameter: str = "event.start_time", message: str = "no"
) -> dict[str, Any]:
    detail = {"parameter": parameter, "message": message} | ({"code": code} if code else {})
    return {
        "title": "Invalid Argument",
        "message": "The supplied parameters are invalid.",
        "details": [detail],
    }
