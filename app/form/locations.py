"""Where a meeting can take place: the table of kinds, and its uses.

`KINDS` decides what an option looks like, what a visitor must add to it and
what Calendly gets. Nothing else in this service knows a kind by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.calendly.models import EventLocation, EventType, LocationConfiguration, NewLocation
from app.form.entries import line, phone
from app.form.faults import Code, Findings
from app.form.ids import numbered
from app.form.model import LocationInput, LocationOption, Locations
from app.form.submission import ChosenLocation
from app.form.text import is_blank


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`shows`: the configured fields a visitor may see.

    `configured`: the place is the host's text, which is sent back word for
    word; there may be several, so that they are always numbered.
    """

    label: str
    shows: tuple[str, ...] = ()
    configured: bool = False
    input: LocationInput | None = None


KINDS: Final = {
    "physical": Kind(label="In person", shows=("location", "additional_info"), configured=True),
    "custom": Kind(label="Another arrangement", shows=("location",), configured=True),
    "ask_invitee": Kind(
        label="A place of your choice",
        shows=("location",),
        input=LocationInput(type="place", label="Where shall we meet?"),
    ),
    "outbound_call": Kind(
        label="We call you",
        input=LocationInput(type="phone", label="Your phone number"),
    ),
    "inbound_call": Kind(label="You call us", shows=("phone_number", "additional_info")),
    "google_conference": Kind(label="Google Meet"),
    "zoom_conference": Kind(label="Zoom"),
    "gotomeeting_conference": Kind(label="GoTo Meeting"),
    "microsoft_teams_conference": Kind(label="Microsoft Teams"),
    "webex_conference": Kind(label="Webex"),
}

_OF_EVENTS = {"zoom": "zoom_conference", "gotomeeting": "gotomeeting_conference"}
"""Calendly calls these otherwise on a scheduled event than on the event type."""

_UNKNOWN = Kind(label="Other")
_UNKNOWN_ID = "other"
"""Not the kind itself: a name we do not know might be somebody else's id."""

_NUMBERED = frozenset(name for name, kind in KINDS.items() if kind.configured)


def kind_of(event_location: EventLocation) -> str:
    """The kind of a scheduled event's place, by the name that it has on the event type."""
    named = event_location.type or _UNKNOWN_ID
    return _OF_EVENTS.get(named, named)


def repeated(locations: Locations, placed: EventLocation | None) -> NewLocation | None:
    """What Calendly gets for the place that another booking already has.

    Raises `ValueError` where the event type no longer offers that place.
    """
    if locations.mode == "none":
        return None
    kind = kind_of(placed) if placed else None
    for option in locations.options:
        if option.bookable and option.kind == kind and placed and option.sends in {None, placed.location}:
            return NewLocation(kind=kind, location=placed.location if option.input else option.sends)
    raise ValueError("this place is no longer offered")


def locations_from(event_type: EventType) -> Locations:
    configured = event_type.locations
    if not configured or event_type.pooling_type == "round_robin":
        return Locations(mode="none")
    options = _options_from(configured)
    fixed = len(options) == 1 and options[0].input is None
    return Locations(mode="fixed" if fixed else "choice", options=options)


def _options_from(configured: Sequence[LocationConfiguration]) -> tuple[LocationOption, ...]:
    stems = (each.kind if each.kind in KINDS else _UNKNOWN_ID for each in configured)
    ids = numbered(stems, from_one=_NUMBERED)
    return tuple(_option_from(id_, each) for id_, each in zip(ids, configured, strict=True))


def _option_from(id_: str, configured: LocationConfiguration) -> LocationOption:
    kind = KINDS.get(configured.kind, _UNKNOWN)
    details = [getattr(configured, field) for field in kind.shows]
    sends = configured.location if kind.configured else None
    return LocationOption(
        id=id_,
        kind=configured.kind,
        label=kind.label,
        detail="\n".join(detail for detail in details if detail and not is_blank(detail)) or None,
        input=kind.input,
        bookable=kind is not _UNKNOWN and (not kind.configured or not is_blank(sends or "")),
        sends=sends,
    )


def location_for(
    locations: Locations, chosen: ChosenLocation | None, region: str | None, found: Findings
) -> NewLocation | None:
    """What Calendly gets for this choice; the faults go to `found`."""
    option = _option_for(locations, chosen, found)
    if option is None:
        return None
    value = chosen.value if chosen else None
    if option.input is None:
        if value is not None:
            found.add("/location/value", Code.NOT_ALLOWED)
        return NewLocation(kind=option.kind, location=option.sends)
    return NewLocation(kind=option.kind, location=_place(option.input, value, region, found))


def _option_for(
    locations: Locations, chosen: ChosenLocation | None, found: Findings
) -> LocationOption | None:
    if locations.mode == "none":
        if chosen is not None:
            found.add("/location", Code.NOT_ALLOWED)
        return None
    bookable = {option.id: option for option in locations.options if option.bookable}
    if not bookable:
        found.add("/location", Code.LOCATION_UNAVAILABLE)
        return None
    if chosen is None:
        if locations.mode == "choice":
            found.add("/location", Code.REQUIRED)
            return None
        return next(iter(bookable.values()))
    if chosen.option_id not in bookable:
        found.add("/location/optionId", Code.UNKNOWN_OPTION)
    return bookable.get(chosen.option_id)


def _place(asked: LocationInput, value: str | None, region: str | None, found: Findings) -> str | None:
    """The visitor's own part: a number as E.164, a place without outer blanks."""
    at = "/location/value"
    if value is None:
        found.add(at, Code.REQUIRED)
        return None
    if asked.type == "phone":
        return phone(value, at, region, found)
    return line(value, at, found)
