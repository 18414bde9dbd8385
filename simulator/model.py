"""The records the simulator keeps, in Calendly's words. Frozen: a change is a new record in `State`."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, field

from simulator.zones import timezones

WallTime = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Buffer = Annotated[int, Meta(ge=0, le=1440)]


class Interval(Struct, frozen=True):
    """Local times, `HH:MM`; `24:00` ends the day."""

    start: WallTime = field(name="from")
    end: WallTime = field(name="to")


class Rule(Struct, frozen=True, omit_defaults=True):
    """Opening hours of a weekday (`wday`) or of one date, which then replace the weekday's."""

    type: Literal["wday", "date"]
    intervals: list[Interval]
    wday: Weekday | None = None
    day: date | None = field(name="date", default=None)


class Schedule(Struct, frozen=True, kw_only=True):
    uuid: str
    name: str
    timezone: str
    rules: list[Rule]


class User(Struct, frozen=True, kw_only=True):
    uuid: str
    slug: str
    name: str
    email: str
    timezone: str
    schedule: Schedule
    created_at: datetime
    locale: str = "en"
    time_notation: str = "24h"
    avatar_url: str | None = None


class UserChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be changed of a host."""

    name: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    avatar_url: str | UnsetType | None = UNSET
    rules: list[Rule] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.timezone is not UNSET and self.timezone not in timezones():
            raise ValueError("timezone is an IANA name")


class LocationConfiguration(Struct, frozen=True, omit_defaults=True):
    """`kind` is free text, so that a kind which Calendly adds later can be played."""

    kind: str
    location: str | None = None
    additional_info: str | None = None
    phone_number: str | None = None


class CustomQuestion(Struct, frozen=True, kw_only=True):
    name: str
    type: str = "string"
    position: int = 0
    enabled: bool = True
    required: bool = False
    answer_choices: list[str] = field(default_factory=list)
    include_other: bool = False


class EventType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calendly's fields, then those that only show through the slots. Hosts are user ids."""

    uuid: str
    slug: str | None
    name: str | None
    hosts: list[str]
    created_at: datetime
    updated_at: datetime
    team: str | None = None
    """The name of the team whose page it stands on; null for a person's own."""
    active: bool = True
    secret: bool = False
    admin_managed: bool = False
    is_paid: bool = False
    booking_method: Literal["instant", "poll"] = "instant"
    kind: Literal["solo", "group"] = "solo"
    pooling_type: str | None = None
    type: str = "StandardEventType"
    duration: Annotated[int, Meta(ge=1, le=720)] = 30
    duration_options: list[int] | None = None
    color: str = "#0069ff"
    locale: str = "en"
    position: int = 0
    internal_note: str | None = None
    description_plain: str | None = None
    description_html: str | None = None
    locations: list[LocationConfiguration] | None = None
    custom_questions: list[CustomQuestion] = field(default_factory=list)
    deleted_at: datetime | None = None
    start_time_increment: Annotated[int, Meta(ge=5, le=720)] = 30
    before_buffer: Buffer = 0
    after_buffer: Buffer = 0

    minimum_notice: Annotated[int, Meta(ge=0, le=525_600)] = 60
    """Minutes, as all lengths here but the next."""
    horizon: Annotated[int, Meta(ge=0, le=3650)] = 60
    """Days."""
    seats: Annotated[int, Meta(ge=1)] = 1
    """Per slot; more than one means something for `kind: group` alone."""
    overrides: dict[str, Any] = field(default_factory=dict)
    """Laid over the JSON of the event type: to play a reply that nobody has seen yet."""

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.duration)

    @property
    def before(self) -> timedelta:
        return timedelta(minutes=self.before_buffer)

    @property
    def after(self) -> timedelta:
        return timedelta(minutes=self.after_buffer)

    @property
    def is_group(self) -> bool:
        return self.kind == "group"


class Cancellation(Struct, frozen=True, kw_only=True):
    canceled_by: str
    reason: str | None
    canceler_type: Literal["host", "invitee"]
    created_at: datetime


class Place(Struct, frozen=True, kw_only=True):
    """What was chosen when booking: how far a conference has come is worked out when it is read."""

    kind: str
    location: str | None = None
    additional_info: str | None = None


class ScheduledEvent(Struct, frozen=True, kw_only=True):
    uuid: str
    event_type: str
    name: str | None
    hosts: list[str]
    start: datetime
    end: datetime
    before: timedelta
    after: timedelta
    seats: int
    created_at: datetime
    updated_at: datetime
    place: Place | None = None
    guests: list[str] = field(default_factory=list)
    cancellation: Cancellation | None = None
    seeded: bool = False
    """It came with the seed and nobody has touched it since."""

    @property
    def active(self) -> bool:
        return self.cancellation is None


class Answer(Struct, frozen=True):
    question: str
    answer: str
    position: int


class NoShow(Struct, frozen=True, kw_only=True):
    uuid: str
    created_at: datetime


class Invitee(Struct, frozen=True, kw_only=True):
    uuid: str
    event: str
    email: str
    name: str
    timezone: str
    created_at: datetime
    updated_at: datetime
    first_name: str | None = None
    last_name: str | None = None
    text_reminder_number: str | None = None
    answers: list[Answer] = field(default_factory=list)
    tracking: dict[str, str | None] | None = None
    cancellation: Cancellation | None = None
    scheduled_by: str | None = None
    no_show: NoShow | None = None
    rescheduled: bool = False
    old_invitee: str | None = None
    """Whom this one replaces, and below, whom it was replaced by."""
    new_invitee: str | None = None

    @property
    def active(self) -> bool:
        return self.cancellation is None
