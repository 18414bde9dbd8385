"""An event type as this service knows it. Kept in the cache as JSON."""

import msgspec

from app.form.model import Form


class Account(msgspec.Struct, frozen=True):
    """The Calendly user on whose behalf we call."""

    slug: str
    uri: str
    organization: str
    name: str
    time_zone: str
    avatar_url: str | None


class EventType(msgspec.Struct, frozen=True):
    """A published event type; `uri` is for calls to Calendly and never shown."""

    id: str
    uri: str
    slug: str | None
    name: str
    description: str | None
    duration_minutes: int
    kind: str
    color: str | None
    locale: str | None
    account: str
    host_name: str
    host_avatar_url: str | None
    time_zone: str
    hosted_url: str
    pooled: bool
    """Any member of a team may be the host."""
    shared: bool
    """It is a team's: several are its hosts, or may be."""
    not_bookable_reason: str | None
    """None: it can be booked here. Otherwise `paid`, `poll` or `location_unsupported`."""
    form: Form

    @property
    def bookable(self) -> bool:
        return self.not_bookable_reason is None


class Offer(msgspec.Struct, frozen=True):
    """One reading of an account and of all that it publishes."""

    account: Account
    event_types: list[EventType]
