"""What every instance begins with: two hosts, and an event type for each thing that can go differently."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from msgspec import convert

from simulator.availability import open_slots
from simulator.ids import letters_id, uuid_id
from simulator.model import (
    WEEKDAYS,
    EventType,
    Interval,
    Invitee,
    Place,
    Rule,
    Schedule,
    ScheduledEvent,
    User,
)
from simulator.oauth.clients import SEED_CLIENTS
from simulator.seed_event_types import SEED_EVENT_TYPES
from simulator.state import State

SEEDED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FREE_DAYS = frozenset({"saturday", "sunday"})
WORKSHOP_SEATS_LEFT = 2
WORKSHOP_LASTS_FOR = timedelta(hours=1)
"""How long the half-full workshop surely stays the first one on offer."""


def fill(state: State) -> None:
    """Make the state the seed, whatever it held."""
    state.clear()
    for slug, name, timezone in (
        ("ada", "Ada Example", "Europe/Berlin"),
        ("grace", "Grace Example", "America/New_York"),
    ):
        user = _user(slug, name, timezone)
        state.users[user.uuid] = user
        state.tokens[f"simulator-token-{slug}"] = user.uuid
    state.grants.clients.update({client.client_id: client for client in SEED_CLIENTS})
    for position, fields in enumerate(SEED_EVENT_TYPES):
        event_type = _event_type(fields, position)
        state.event_types[event_type.uuid] = event_type
    _fill_workshop(state)


def _user(slug: str, name: str, timezone: str) -> User:
    rules = [
        Rule("wday", [] if day in FREE_DAYS else [Interval("09:00", "17:00")], wday=day) for day in WEEKDAYS
    ]
    schedule = Schedule(
        uuid=letters_id(f"schedule-{slug}"), name="Working hours", timezone=timezone, rules=rules
    )
    return User(
        uuid=letters_id(f"user-{slug}"),
        slug=slug,
        name=name,
        email=f"{slug}@example.test",
        timezone=timezone,
        schedule=schedule,
        created_at=SEEDED_AT,
    )


def _event_type(fields: dict[str, Any], position: int) -> EventType:
    slug = fields["slug"]
    plain = {
        "uuid": letters_id(f"event-type-{slug}"),
        "position": position,
        "created_at": SEEDED_AT,
        "updated_at": SEEDED_AT,
        "description_html": f"<p>{fields['description_plain']}</p>",
        **fields,
        "hosts": [letters_id(f"user-{host}") for host in fields["hosts"]],
    }
    return convert(plain, EventType)


def _fill_workshop(state: State) -> None:
    """Leave two seats on the first workshop. One that leaves the list within the hour is sold out instead."""
    now = state.now()
    workshop = next(kind for kind in state.event_types.values() if kind.slug == "workshop")
    settled = now + timedelta(minutes=workshop.minimum_notice) + WORKSHOP_LASTS_FOR
    slots = open_slots(state, workshop, now, now + timedelta(days=workshop.horizon))
    soon = list(takewhile(lambda slot: slot.start < settled, slots))
    for slot in soon:
        _seed_workshop(state, workshop, slot.start, workshop.seats)
    _seed_workshop(state, workshop, slots[len(soon)].start, workshop.seats - WORKSHOP_SEATS_LEFT)


def _seed_workshop(state: State, workshop: EventType, start: datetime, people: int) -> None:
    event = ScheduledEvent(
        uuid=uuid_id(f"seeded-event-{start.isoformat()}"),
        event_type=workshop.uuid,
        name=workshop.name,
        hosts=workshop.hosts,
        start=start,
        end=start + workshop.length,
        before=workshop.before,
        after=workshop.after,
        seats=workshop.seats,
        created_at=SEEDED_AT,
        updated_at=SEEDED_AT,
        place=Place(kind="zoom_conference"),
        seeded=True,
    )
    state.put_event(event)
    for number in range(1, people + 1):
        invitee = Invitee(
            uuid=uuid_id(f"seeded-invitee-{start.isoformat()}-{number}"),
            event=event.uuid,
            email=f"guest{number}@example.test",
            name=f"Guest {number}",
            timezone="Europe/Berlin",
            created_at=SEEDED_AT,
            updated_at=SEEDED_AT,
        )
        state.put_invitee(invitee)
