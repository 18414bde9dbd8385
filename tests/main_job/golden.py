"""What Calendly must be sent for each seeded event type: written down by hand, from Calendly's rules.

The table says what an event type adds to the part that all bookings share.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.support.canary import VISITOR_EMAIL

Json = dict[str, Any]

NUMBER = "+4930901820"
PLACE = "Example Park, by the gate"

INVITEE: Json = {"name": PLACE, "email": VISITOR_EMAIL, "timezone": "Europe/Berlin"}
"""The generic filler types the same words into every line of text, the name among them."""

EVERYTHING: Json = {
    "invitee": INVITEE | {"text_reminder_number": NUMBER},
    "event_guests": ["guest-one@example.test", "guest-two@example.test"],
}


def _answer(position: int, question: str, answer: str) -> Json:
    return {"question": question, "answer": answer, "position": position}


REQUIRED_ANSWERS = [
    _answer(0, "Which company are you with?", PLACE),
    _answer(3, "How large is your team?", "Just me"),
    _answer(5, "Which days suit you?", "Monday\nWednesday"),
]

ALL_ANSWERS = [
    _answer(0, "Which company are you with?", PLACE),
    _answer(1, "What would you like to talk about?", "First line\nSecond line"),
    _answer(2, "On which number do we reach you?", NUMBER),
    _answer(3, "How large is your team?", "Just me"),
    _answer(4, "How did you hear of us?", "A friend"),
    _answer(5, "Which days suit you?", "Monday\nWednesday"),
    _answer(6, "Which topics interest you?", "Prices\nSecurity"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """`sends`: with what is required. `sends_all`: what else when every optional field is filled in."""

    slug: str
    minutes: int
    sends: Json
    option: str | None = None
    sends_all: Json = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.slug}-{self.option}" if self.option else self.slug

    def body(self, event_type: str, start: str, *, everything: bool) -> Json:
        shared: Json = {"event_type": event_type, "start_time": start, "invitee": INVITEE}
        return shared | self.sends | (EVERYTHING | self.sends_all if everything else {})


def _place(kind: str, location: str | None = None) -> Json:
    return {"location": {"kind": kind} | ({} if location is None else {"location": location})}


_BERLIN = _place("physical", "Example House, 1 Sample Street, Berlin")
_POTSDAM = _place("physical", "Example Lodge, 2 Sample Square, Potsdam")

_ANYWHERE = {
    "physical-1": _BERLIN,
    "custom-1": _place("custom", "At the fountain in the park"),
    "ask_invitee": _place("ask_invitee", PLACE),
    "outbound_call": _place("outbound_call", NUMBER),
    "inbound_call": _place("inbound_call"),
    "google_conference": _place("google_conference"),
    "zoom_conference": _place("zoom_conference"),
    "gotomeeting_conference": _place("gotomeeting_conference"),
    "microsoft_teams_conference": _place("microsoft_teams_conference"),
    "webex_conference": _place("webex_conference"),
}

_VISIT = {"physical-1": _BERLIN, "physical-2": _POTSDAM, "ask_invitee": _place("ask_invitee", PLACE)}

BOOKABLE = [
    Golden(slug="intro-call", minutes=30, sends=_place("google_conference")),
    Golden(slug="phone-consult", minutes=30, sends=_place("outbound_call", NUMBER)),
    Golden(slug="call-us", minutes=15, sends=_place("inbound_call")),
    *(Golden(slug="visit", minutes=60, option=option, sends=sends) for option, sends in _VISIT.items()),
    *(Golden(slug="anywhere", minutes=30, option=option, sends=sends) for option, sends in _ANYWHERE.items()),
    Golden(slug="no-place", minutes=30, sends={}),
    Golden(
        slug="questionnaire",
        minutes=30,
        sends=_place("google_conference") | {"questions_and_answers": REQUIRED_ANSWERS},
        sends_all={"questions_and_answers": ALL_ANSWERS},
    ),
    Golden(slug="workshop", minutes=120, sends=_place("zoom_conference")),
    Golden(slug="team-demo", minutes=30, sends={}),
    Golden(slug="panel", minutes=30, sends=_place("google_conference")),
    Golden(slug="deep-dive", minutes=60, sends=_place("microsoft_teams_conference")),
]

HOSTED_ONLY = ("paid-session", "poll-lunch")
HIDDEN = ("secret-offer", "retired")
