"""Calendly's operations, in Calendly's names: typed in, typed out, or an `AppError`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypedDict, TypeVar, Unpack

import msgspec

from app.calendly.addresses import id_from, segment
from app.calendly.breaker import Breaker
from app.calendly.call import Call, always
from app.calendly.envelopes import Collection, Resource
from app.calendly.hosts import Alone, Hosts
from app.calendly.models import (
    AvailableTime,
    Cancellation,
    EventType,
    Invitee,
    Location,
    NewBooking,
    ScheduledEvent,
    User,
)
from app.calendly.paging import list_call, read_list
from app.calendly.quota import Purpose
from app.calendly.transport import Transport
from app.calendly.webhooks import WebhookSubscriptions
from app.calendly.wire import Listing, Page, decode

T = TypeVar("T")

PAGE_SIZE = "100"
"""The most that Calendly allows: fewest calls."""

_EVENT_TYPES = Listing(Collection[EventType], EventType)
_AVAILABLE_TIMES = Listing(Collection[AvailableTime], AvailableTime)
_SCHEDULED_EVENTS = Listing(Collection[ScheduledEvent], ScheduledEvent)
_INVITEES = Listing(Collection[Invitee], Invitee)
_LOCATIONS = Listing(Collection[Location], Location)


class Whose(TypedDict, total=False):
    """Whose events: the user's, a whole organization's, or, with both, those of a user of it who is not
    the token's own. One of them is needed.
    """

    user: str | None
    organization: str | None


class CalendlyClient:
    """One account's Calendly. References (`user`, `event_type`) are Calendly's full URIs, as its
    replies give them.

    Every method may raise what `failures.py` names, and refuses an id that cannot be one, or a URI of
    another host, before anything is sent.
    """

    def __init__(
        self, transport: Transport, looking: Purpose = Purpose.LOOKUP, hosts: Hosts | None = None
    ) -> None:
        self.transport = transport
        self._looking = looking
        self._hosts = hosts or Alone(transport)

    def looking_for(self, purpose: Purpose) -> "CalendlyClient":
        """The same, reading scheduled events and their invitees on the quota of this purpose."""
        return CalendlyClient(self.transport, purpose, self._hosts)

    def with_hosts(self, hosts: Hosts) -> "CalendlyClient":
        """The same, asking these about a single scheduled event and its invitees."""
        return CalendlyClient(self.transport, self._looking, hosts)

    async def colleagues(self) -> list[tuple["CalendlyClient", str]]:
        """Who may host what this account has booked, each with its user's URI."""
        return [
            (CalendlyClient(transport, self._looking, self._hosts), user)
            for transport, user in await self._hosts.others()
        ]

    async def aclose(self) -> None:
        await self.transport.aclose()

    @property
    def clock_skew(self) -> timedelta | None:
        """How far Calendly's clock is ahead of ours; None before a reply has said."""
        return self.transport.clock_skew

    @property
    def longest_read(self) -> float:
        """Seconds."""
        return self.transport.read_deadline().total

    @property
    def breaker(self) -> Breaker:
        """Knows whether Calendly answers."""
        return self.transport.breaker

    def id_from(self, uri: str) -> str:
        """The last segment of one of Calendly's URIs. Raises `UpstreamFailedError` for another host's."""
        return id_from(self.transport.origin, uri)

    @property
    def webhook_subscriptions(self) -> WebhookSubscriptions:
        """The operations on these."""
        return WebhookSubscriptions(self.transport)

    async def get_current_user(self) -> User:
        return await self._get("get_current_user", "/users/me", Resource[User])

    async def list_event_types(self, *, user: str) -> list[EventType]:
        """The active ones, secret ones among them."""
        params = {"user": self._reference(user), "active": "true", "count": PAGE_SIZE}
        call = list_call("list_event_types", "/event_types", params, _EVENT_TYPES)
        return await read_list(self.transport, call)

    async def get_event_type(self, uuid: str) -> EventType:
        """Deleted and inactive ones too."""
        return await self._get("get_event_type", f"/event_types/{segment(uuid)}", Resource[EventType])

    async def list_event_type_available_times(
        self, *, event_type: str, start_time: datetime, end_time: datetime
    ) -> list[AvailableTime]:
        """`start_time` must lie in the future when the call arrives, and `end_time` at most 31 days
        after it.
        """
        params = {
            "event_type": self._reference(event_type),
            "start_time": wire_time(start_time),
            "end_time": wire_time(end_time),
        }
        operation = "list_event_type_available_times"
        call = list_call(operation, "/event_type_available_times", params, _AVAILABLE_TIMES)
        return await read_list(self.transport, call)

    async def create_invitee(self, booking: NewBooking, *, may_send: Callable[[], bool] = always) -> Invitee:
        """Book. There is no way to send it twice safely: see `failures.py` for what each failure
        says about it.

        `may_send` is asked when a connection stands and its first byte is about to be written, on every
        attempt: at a no, nothing is sent and `NotSentError` raised.
        """
        self._reference(booking.event_type)
        call = Call(
            operation="create_invitee",
            path="/invitees",
            body=msgspec.json.encode(booking),
            decode=partial(_resource, shape=Resource[Invitee]),
            purpose=Purpose.BOOK,
            may_send=may_send,
        )
        return await self.transport.write(call)

    async def get_scheduled_event(self, uuid: str) -> ScheduledEvent:
        path = f"/scheduled_events/{segment(uuid)}"
        return await self._get_of(uuid, "get_scheduled_event", path, Resource[ScheduledEvent])

    async def list_scheduled_events(
        self,
        *,
        min_start_time: datetime,
        max_start_time: datetime,
        invitee_email: str | None = None,
        status: str | None = None,
        **whose: Unpack[Whose],
    ) -> list[ScheduledEvent]:
        """Cancelled ones too, unless `status` says otherwise. Whether `invitee_email` finds an address in
        another case is not documented.
        """
        owners = _given(user=whose.get("user"), organization=whose.get("organization"))
        params = {
            **{name: self._reference(uri) for name, uri in owners.items()},
            "min_start_time": wire_time(min_start_time),
            "max_start_time": wire_time(max_start_time),
            **_given(invitee_email=invitee_email, status=status),
            "count": PAGE_SIZE,
        }
        call = list_call("list_scheduled_events", "/scheduled_events", params, _SCHEDULED_EVENTS)
        return await self._look_up(self.transport, call)

    async def cancel_scheduled_event(
        self, uuid: str, reason: str | None, purpose: Purpose = Purpose.CANCEL
    ) -> None:
        """The whole event, for all its invitees, who are told; `reason` has up to 10,000 characters.

        Raises `AlreadyCanceledError` or `EventOverError` where there is nothing left to cancel.
        """
        call = Call(
            operation="cancel_scheduled_event",
            path=f"/scheduled_events/{segment(uuid)}/cancellation",
            body=msgspec.json.encode(_given(reason=reason)),
            decode=partial(_resource, shape=Resource[Cancellation]),
            purpose=purpose,
        )
        await self._hosts.ask(uuid, lambda transport: transport.write(call))

    async def list_event_invitees(
        self, event: str, *, email: str | None = None, status: str | None = None
    ) -> list[Invitee]:
        """Of the event with this id: cancelled ones too, unless `status` says otherwise. Of `email`, as of
        `invitee_email` above, it is not known what it finds.
        """
        params = {"count": PAGE_SIZE, **_given(email=email, status=status)}
        path = f"/scheduled_events/{segment(event)}/invitees"
        call = list_call("list_event_invitees", path, params, _INVITEES)
        return await self._hosts.ask(event, lambda transport: self._look_up(transport, call))

    async def get_event_invitee(self, event: str, invitee: str) -> Invitee:
        path = f"/scheduled_events/{segment(event)}/invitees/{segment(invitee)}"
        return await self._get_of(event, "get_event_invitee", path, Resource[Invitee])

    async def list_locations(self, *, user: str) -> list[Location]:
        """The kinds of place that this user may offer."""
        call = list_call("list_locations", "/locations", {"user": self._reference(user)}, _LOCATIONS)
        return await read_list(self.transport, call)

    async def _get(self, operation: str, path: str, shape: type[Resource[T]]) -> T:
        return await self.transport.read(_get_call(operation, path, shape, Purpose.READ))

    async def _get_of(self, event: str, operation: str, path: str, shape: type[Resource[T]]) -> T:
        call = _get_call(operation, path, shape, self._looking)
        return await self._hosts.ask(event, lambda transport: transport.read(call))

    async def _look_up(self, transport: Transport, call: Call[Page[T]]) -> list[T]:
        """What is not there must not be what could not be read: whether a booking was made hangs on it."""
        return await read_list(transport, replace(call, purpose=self._looking), complete=True)

    def _reference(self, uri: str) -> str:
        self.id_from(uri)
        return uri


def wire_time(moment: datetime) -> str:
    """UTC with six decimals: Calendly's own form, and its paging has been seen to fail with fewer."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _given(**params: str | None) -> Mapping[str, str]:
    return {name: value for name, value in params.items() if value is not None}


def _get_call(operation: str, path: str, shape: type[Resource[T]], purpose: Purpose) -> Call[T]:
    return Call(operation=operation, path=path, decode=partial(_resource, shape=shape), purpose=purpose)


def _resource(body: bytes, shape: type[Resource[T]]) -> T:
    return decode(body, shape).resource
