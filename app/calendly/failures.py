"""What Calendly's refusals and silences mean for the caller: one table, tried from the top.

A write either succeeds, or raises `OutcomeUnknownError`, or did nothing: every other failure of a write
means that Calendly has not acted on it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import msgspec

from app.calendly.envelopes import ErrorBody
from app.calendly.exchange import UNSENT, Reply, Trouble
from app.calendly.waits import DEFAULT_WAIT, LONGEST_BOOKING_WAIT, LONGEST_WAIT, asked_wait
from app.errors import (
    AppError,
    BookingNotChangeableError,
    BookingQuotaSpentError,
    BookingsClosedError,
    NotFoundError,
    SlotTakenError,
    UpstreamBusyError,
    UpstreamFailedError,
    UpstreamRefusedUsError,
    UpstreamTimeoutError,
)

SCOPES = {
    "get_current_user": ("users:read",),
    "list_event_types": ("event_types:read",),
    "get_event_type": ("event_types:read",),
    "list_event_type_available_times": ("availability:read", "event_types:read"),
    "create_invitee": ("scheduled_events:write",),
    "get_scheduled_event": ("scheduled_events:read",),
    "list_scheduled_events": ("scheduled_events:read",),
    "list_event_invitees": ("scheduled_events:read",),
    "get_event_invitee": ("scheduled_events:read",),
    "cancel_scheduled_event": ("scheduled_events:write",),
    "list_locations": ("locations:read",),
    "list_webhook_subscriptions": ("webhooks:read",),
    "get_webhook_subscription": ("webhooks:read",),
    "create_webhook_subscription": ("webhooks:write",),
    "delete_webhook_subscription": ("webhooks:write",),
}
"""What each operation needs of the token. Calendly's pages disagree on available times: ask for both."""

OF_ONE_EVENT = frozenset(
    {"get_scheduled_event", "list_event_invitees", "get_event_invitee", "cancel_scheduled_event"}
)
"""What only a host of the event may do: a 403 that names no scope is about that."""

CLOSED_FOR = 30
"""Seconds after which it makes sense to ask again whether an account has been connected anew."""

_ALREADY_CANCELED = re.compile(r"already\s+cancel", re.IGNORECASE)
_OVER = re.compile(r"\bin\s+the\s+past\b", re.IGNORECASE)
"""Why an event cannot be canceled: Calendly has no codes for it, only sentences."""

_SCOPE = re.compile(r"[a-z_]{1,40}:(?:read|write)", re.ASCII)


class NotSentError(UpstreamFailedError):
    """A write of which not a byte left us: it may be tried again, with the same key."""


class OutcomeUnknownError(UpstreamTimeoutError):
    """A write that may or may not have happened: only looking it up can tell, and it must not be sent
    again.
    """


class AlreadyCanceledError(BookingNotChangeableError):
    """The event to be canceled is canceled."""


class EventOverError(BookingNotChangeableError):
    """The event to be canceled lies in the past."""


class AddressTakenError(UpstreamFailedError):
    """Calendly delivers to this address already, for a subscription that we may not see."""


@dataclass(kw_only=True, eq=False)
class BookingRefusedError(UpstreamFailedError):
    """Calendly found fault with a booking that we found valid: perhaps the event type has changed since
    it was read.

    `codes` are Calendly's, often none.
    """

    upstream_status: int
    codes: tuple[str, ...] = ()


@dataclass(kw_only=True, eq=False)
class AccessRefusedError(UpstreamRefusedUsError):
    """401: the token is no good. 403: it may not do this; `required_scopes` says what it lacks, where
    that is known.
    """

    upstream_status: int
    required_scopes: tuple[str, ...] = ()

    @property
    def may_be_for_a_host(self) -> bool:
        """Of an event: the token is good and lacks nothing, so that a host of that event may be let do it."""
        return self.upstream_status == HTTPStatus.FORBIDDEN and not self.required_scopes


@dataclass(kw_only=True, eq=False)
class GrantLostError(BookingsClosedError, AccessRefusedError):
    """There is no token for this account, nor will there be before its owner connects it again. It is closed for
    whatever Calendly would have to be asked for; what is known of it does instead where it may be older.
    """

    detail: str | None = "The owner of this calendar has to connect it again."
    retry_after: int | None = CLOSED_FOR
    upstream_status: int = HTTPStatus.UNAUTHORIZED


@dataclass(frozen=True, slots=True)
class Refusal:
    """Everything the table may look at. `now` is for waits that are given as a date."""

    operation: str
    is_write: bool
    reply: Reply
    error: ErrorBody
    now: datetime

    @property
    def status(self) -> int:
        return self.reply.status

    def wait(self, longest: int) -> int:
        return asked_wait(self.reply.headers, self.now, longest) or DEFAULT_WAIT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    statuses: frozenset[int]
    failure: Callable[[Refusal], AppError]
    operation: str | None = None
    writes_only: bool = False
    where: Callable[[ErrorBody], bool] | None = None

    def covers(self, refusal: Refusal) -> bool:
        return (
            refusal.status in self.statuses
            and self.operation in {None, refusal.operation}
            and self.writes_only <= refusal.is_write
            and (self.where is None or self.where(refusal.error))
        )


def failure_from(refusal: Refusal) -> AppError:
    return next(rule.failure(refusal) for rule in _RULES if rule.covers(refusal))


def failure_of(trouble: Trouble, *, is_write: bool) -> AppError:
    """What a call that brought no usable reply means."""
    if not is_write:
        return _READ_TROUBLES.get(trouble, UpstreamFailedError)()
    if trouble is Trouble.CROWDED:
        return busy()
    return NotSentError() if trouble in UNSENT else OutcomeUnknownError()


def busy() -> UpstreamBusyError:
    """We have no connection to spare: a second later we may."""
    return UpstreamBusyError(retry_after=1)


def error_body(reply: Reply) -> ErrorBody:
    """What Calendly says, or an empty one for a page of HTML or anything else it may have been."""
    try:
        return msgspec.json.decode(reply.body, type=ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ErrorBody()


def scopes_of(refusal: Refusal) -> tuple[str, ...]:
    """What the token lacks, as Calendly says it, or else what the operation is known to need; nothing where it may
    lack none. Fit for a log.
    """
    named = tuple(scope for scope in refusal.error.required_scopes or () if _SCOPE.fullmatch(scope))
    if refusal.status == HTTPStatus.FORBIDDEN and refusal.operation in OF_ONE_EVENT:
        return named
    return named or SCOPES.get(refusal.operation, ())


def _is_filled(error: ErrorBody) -> bool:
    return "already_filled" in error.codes()


def _is_past(error: ErrorBody) -> bool:
    return any("start_time" in text and "must be in the future" in text for text in _sentences(error))


def _says(pattern: re.Pattern[str]) -> Callable[[ErrorBody], bool]:
    return lambda error: any(pattern.search(text) for text in _sentences(error))


def _sentences(error: ErrorBody) -> list[str]:
    said = [f"{detail.parameter} {detail.message}" for detail in error.details or ()]
    return [*said, f"{error.message}"]


def _booking_refused(refusal: Refusal) -> AppError:
    return BookingRefusedError(upstream_status=refusal.status, codes=refusal.error.codes())


def _access_refused(refusal: Refusal) -> AppError:
    return AccessRefusedError(upstream_status=refusal.status, required_scopes=scopes_of(refusal))


_READ_TROUBLES: dict[Trouble, Callable[[], AppError]] = {
    Trouble.CONNECT_TIMED_OUT: UpstreamTimeoutError,
    Trouble.TIMED_OUT: UpstreamTimeoutError,
    Trouble.CROWDED: busy,
    Trouble.WITHHELD: UpstreamTimeoutError,
}

_ANY = frozenset(range(100, 1000))
_NO = frozenset({400, 403, 409, 422})
"""With 403 today; the sentence counts for more than the status that it comes with."""

_MAYBE_DONE = frozenset({302, 303, 408, *range(100, 300), *range(500, 1000)})
"""After these a write may have happened: 302 and 303 say "done, now look there", and a gateway gives up
with 408.
"""

_RULES = (
    _Rule(
        statuses=_NO,
        operation="cancel_scheduled_event",
        where=_says(_ALREADY_CANCELED),
        failure=lambda _: AlreadyCanceledError(),
    ),
    _Rule(
        statuses=_NO,
        operation="cancel_scheduled_event",
        where=_says(_OVER),
        failure=lambda _: EventOverError(),
    ),
    _Rule(statuses=frozenset({401, 403}), failure=_access_refused),
    _Rule(
        statuses=frozenset({429}),
        operation="create_invitee",
        failure=lambda refusal: BookingQuotaSpentError(retry_after=refusal.wait(LONGEST_BOOKING_WAIT)),
    ),
    _Rule(
        statuses=frozenset({429}),
        failure=lambda refusal: UpstreamBusyError(retry_after=refusal.wait(LONGEST_WAIT)),
    ),
    _Rule(
        statuses=frozenset({400, 409, 422}),
        operation="create_invitee",
        where=_is_filled,
        failure=lambda _: SlotTakenError(),
    ),
    _Rule(
        statuses=frozenset({400, 422}),
        operation="create_invitee",
        where=_is_past,
        failure=lambda _: SlotTakenError(),
    ),
    _Rule(statuses=frozenset({400, 404, 409, 422}), operation="create_invitee", failure=_booking_refused),
    _Rule(
        statuses=frozenset({409}),
        operation="create_webhook_subscription",
        failure=lambda _: AddressTakenError(),
    ),
    _Rule(statuses=_MAYBE_DONE, writes_only=True, failure=lambda _: OutcomeUnknownError()),
    _Rule(statuses=frozenset({404, 410}), failure=lambda _: NotFoundError()),
    _Rule(statuses=_ANY, failure=lambda _: UpstreamFailedError()),
)
