"""Calendly's wire shapes, in Calendly's words: only the fields we read or send.

What Calendly adds later is ignored, and an enum is a plain `str`, so that a
value we have never seen survives to the place that decides about it. Fields
that Calendly may send as null, or that only newer replies carry, have a default.
"""

from datetime import datetime
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""Calendly's times carry their offset; one without is refused rather than guessed at."""

Minutes = Annotated[int, msgspec.Meta(ge=1, le=10_080)]
"""Up to a week, many times what Calendly allows: beyond it the item is broken, not long."""

Seats = Annotated[int, msgspec.Meta(le=2**31 - 1)]
"""More than there are people are a broken item, too; what comes after us could not keep such a number."""


FIRST_YEAR, LAST_YEAR = 1970, 2200


def is_plausible(instant: datetime) -> bool:
    """Calendly's schema allows any date-time; arithmetic with the first and last ones there are fails."""
    return FIRST_YEAR <= instant.year <= LAST_YEAR


class User(msgspec.Struct, frozen=True):
    """`GET /users/me`."""

    uri: str
    name: str
    slug: str
    timezone: str
    current_organization: str
    avatar_url: str | None = None


class LocationConfiguration(msgspec.Struct, frozen=True):
    """One place that an event type offers. Which fields are set depends on `kind`."""

    kind: str
    location: str | None = None
    additional_info: str | None = None
    phone_number: str | None = None


class CustomQuestion(msgspec.Struct, frozen=True):
    """A question of the booking form. It has no id: `name` (the text) is the key of its answer."""

    name: str
    type: str
    position: int
    enabled: bool = True
    required: bool = False
    answer_choices: list[str] | None = None
    include_other: bool = False


class Profile(msgspec.Struct, frozen=True):
    """Whose page an event type stands on."""

    name: str | None = None
    type: str | None = None
    owner: str | None = None


class EventType(msgspec.Struct, frozen=True):
    """`GET /event_types` and `GET /event_types/{uuid}`; `duration` is in minutes."""

    uri: str
    active: bool
    secret: bool
    duration: Minutes
    scheduling_url: str
    name: str | None = None
    slug: str | None = None
    description_plain: str | None = None
    booking_method: str | None = None
    is_paid: bool = False
    kind: str | None = None
    pooling_type: str | None = None
    type: str | None = None
    color: str | None = None
    locale: str | None = None
    position: int = 0
    profile: Profile | None = None
    locations: list[LocationConfiguration] | None = None
    custom_questions: list[CustomQuestion] | None = None
    deleted_at: str | None = None


class AvailableTime(msgspec.Struct, frozen=True, gc=False):
    """One item of `GET /event_type_available_times`."""

    status: str
    start_time: Instant
    scheduling_url: str | None = None
    invitees_remaining: Seats = 1


class NewInvitee(msgspec.Struct, frozen=True, omit_defaults=True):
    """The person of `POST /invitees`: either `name` or `first_name` is set."""

    email: str
    timezone: str
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    text_reminder_number: str | None = None


class NewLocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The place of `POST /invitees`; `location` only for the kinds that carry one."""

    kind: str
    location: str | None = None


class NewAnswer(msgspec.Struct, frozen=True):
    """All three are required; `question` is the exact text."""

    question: str
    answer: str
    position: int


class Tracking(msgspec.Struct, frozen=True):
    """Where an invitee came from. All six keys are always sent: Calendly refuses a partial object."""

    utm_campaign: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_content: str | None = None
    utm_term: str | None = None
    salesforce_uuid: str | None = None


class NewBooking(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of `POST /invitees`. A key that is not set is not sent."""

    event_type: str
    start_time: str
    invitee: NewInvitee
    location: NewLocation | None = None
    questions_and_answers: list[NewAnswer] | None = None
    tracking: Tracking | None = None
    event_guests: list[str] | None = None


class InviteeAnswer(msgspec.Struct, frozen=True):
    """One answer of an invitee, under the text of its question."""

    question: str
    answer: str | None = None
    position: int = 0


class Invitee(msgspec.Struct, frozen=True):
    """One person on one scheduled event. It has neither time nor place: those stand on the event.

    `old_invitee` and `new_invitee` are set where it was moved on Calendly's own page, and only there.
    """

    uri: str
    event: str
    email: str
    status: str
    created_at: Instant
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    timezone: str | None = None
    cancel_url: str | None = None
    reschedule_url: str | None = None
    text_reminder_number: str | None = None
    questions_and_answers: list[InviteeAnswer] | None = None
    tracking: Tracking | None = None
    rescheduled: bool = False
    old_invitee: str | None = None
    new_invitee: str | None = None


class EventLocation(msgspec.Struct, frozen=True):
    """Where a scheduled event takes place. `status` and `join_url` belong to conferences.

    Calendly names some kinds differently here than on the event type: `zoom`, `gotomeeting`.
    """

    type: str | None = None
    location: str | None = None
    additional_info: str | None = None
    status: str | None = None
    join_url: str | None = None


class EventMembership(msgspec.Struct, frozen=True):
    """A host of a scheduled event."""

    user: str
    user_name: str | None = None


class EventGuest(msgspec.Struct, frozen=True):
    """Somebody whom an invitee brings along."""

    email: str


class InviteesCounter(msgspec.Struct, frozen=True):
    """`total` counts the canceled ones too; `limit` is how many may be active."""

    total: int
    active: int
    limit: int


class Cancellation(msgspec.Struct, frozen=True):
    """That and why something is canceled; `canceler_type` is `host` or `invitee`."""

    reason: str | None = None
    canceler_type: str | None = None
    created_at: Instant | None = None


class ScheduledEvent(msgspec.Struct, frozen=True):
    """`GET /scheduled_events` and `GET /scheduled_events/{uuid}`."""

    uri: str
    event_type: str | None
    name: str | None
    status: str
    start_time: Instant
    end_time: Instant
    location: EventLocation | None = None
    event_memberships: list[EventMembership] | None = None
    event_guests: list[EventGuest] | None = None
    invitees_counter: InviteesCounter | None = None
    cancellation: Cancellation | None = None
    created_at: Instant | None = None


class Location(msgspec.Struct, frozen=True):
    """One item of `GET /locations`: a kind the user may offer. `connected` belongs to conferences."""

    kind: str
    connected: bool | None = None
