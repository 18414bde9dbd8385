"""Everything one simulator knows, in one object: nothing else in the process remembers anything."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from simulator.calls import CallLog
from simulator.faults import FaultPlan
from simulator.ids import uuid_id
from simulator.model import EventType, Invitee, ScheduledEvent, User
from simulator.oauth.grants import Grants
from simulator.ratelimit import RateLimits
from simulator.settings import Settings
from simulator.webhooks.hooks import Hooks

Clock = Callable[[], datetime]


class State:
    """What there is, by id. It begins empty: `seed.fill` makes it the seed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.outbox_changed = asyncio.Event()
        """Wakes whoever sends the messages."""
        self._cleared = 0
        self.clear()

    def clear(self) -> None:
        self.settings = Settings()
        self.tokens: dict[str, str] = {}
        self.grants = Grants()
        self.hooks = Hooks()
        self.users: dict[str, User] = {}
        self.event_types: dict[str, EventType] = {}
        self.events: dict[str, ScheduledEvent] = {}
        self.invitees: dict[str, Invitee] = {}
        self.calls = CallLog()
        self.faults = FaultPlan()
        self.limits = RateLimits()
        self._guest_lists: dict[str, dict[str, None]] = {}
        self._made = 0
        self._cleared += 1
        self.outbox_changed.set()

    def now(self) -> datetime:
        return self._clock() + timedelta(seconds=self.settings.clock_offset_seconds)

    def fresh_id(self, kind: str) -> str:
        self._made += 1
        return uuid_id(f"{kind}-{self._made}")

    def fresh_secret(self, kind: str) -> str:
        """Says whose it is. Another one after a reset: a call that was begun before it, and comes late, spends none."""
        self._made += 1
        made = f"{kind}-{self._made}-{self._cleared}-{self.now().isoformat()}"
        digest = sha256(made.encode()).hexdigest()
        return f"simulator-{kind}-{digest[:32]}"

    def invitees_of(self, event: ScheduledEvent) -> list[Invitee]:
        """All of them, canceled ones too, oldest first."""
        return [self.invitees[uuid] for uuid in self._guest_lists.get(event.uuid, ())]

    def seats_taken(self, event: ScheduledEvent) -> int:
        return sum(invitee.active for invitee in self.invitees_of(event))

    def active_events_of(self, user: str) -> Iterable[ScheduledEvent]:
        return (event for event in self.events.values() if event.active and user in event.hosts)

    def put_event(self, event: ScheduledEvent) -> None:
        self.events[event.uuid] = event

    def put_invitee(self, invitee: Invitee) -> None:
        """Add or replace."""
        self.invitees[invitee.uuid] = invitee
        self._guest_lists.setdefault(invitee.event, {})[invitee.uuid] = None
