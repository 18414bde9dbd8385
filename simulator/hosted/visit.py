"""One visit to a hosted page: what the address names, and what was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.access import Access
from simulator.call import Call
from simulator.html import paragraph
from simulator.model import EventType, Invitee, ScheduledEvent, User
from simulator.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`form` holds every value of each field; `faults` is what was wrong with it."""

    state: State
    base: str
    now: datetime
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    faults: Sequence[str] = ()

    def field(self, name: str) -> str:
        """What was typed, without the blanks around it; empty where nothing was."""
        return next(iter(self.form.get(name, ())), "").strip()

    @property
    def complaints(self) -> str:
        return "\n".join(paragraph(fault) for fault in self.faults)

    @property
    def user(self) -> User | None:
        return next((one for one in self.state.users.values() if one.slug == self.path["user"]), None)

    @property
    def event_type(self) -> EventType | None:
        user, wanted = self.user, self.path["event_type"]
        for one in self.state.event_types.values():
            if user and one.hosts[0] == user.uuid and wanted in {one.slug, one.uuid}:
                return one
        return None

    @property
    def invitee(self) -> Invitee | None:
        return self.state.invitees.get(self.path["uuid"])

    def event_of(self, invitee: Invitee) -> ScheduledEvent:
        return self.state.events[invitee.event]

    def call_for(self, user: str) -> Call:
        """What the page does, as a call that may do all that this host may."""
        return Call(
            state=self.state,
            user=self.state.users[user],
            access=Access(user=user),
            base=self.base,
            now=self.now,
            query={},
            path={},
        )


def spoken(moment: datetime) -> str:
    return f"{moment:%A %d %B %Y, %H:%M} UTC"
