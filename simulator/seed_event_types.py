"""The seeded event types as data: only what differs from the defaults of `EventType`."""

from collections.abc import Sequence
from typing import Any

from simulator.ids import uuid_id

BERLIN_OFFICE = "Example House, 1 Sample Street, Berlin"
POTSDAM_OFFICE = "Example Lodge, 2 Sample Square, Potsdam"
CALL_US_NUMBER = "+49301234567"

GOOGLE_MEET = {"kind": "google_conference"}
ZOOM = {"kind": "zoom_conference"}
BERLIN = {"kind": "physical", "location": BERLIN_OFFICE, "additional_info": "Second floor, ring twice."}
POTSDAM = {"kind": "physical", "location": POTSDAM_OFFICE}
CALL_US = {
    "kind": "inbound_call",
    "phone_number": CALL_US_NUMBER,
    "additional_info": "Ask for Ada.",
}

ANYWHERE = [
    BERLIN,
    {"kind": "custom", "location": "At the fountain in the park"},
    {"kind": "ask_invitee", "location": "Somewhere near you"},
    {"kind": "outbound_call"},
    CALL_US,
    GOOGLE_MEET,
    ZOOM,
    {"kind": "gotomeeting_conference"},
    {"kind": "microsoft_teams_conference"},
    {"kind": "webex_conference"},
]

QUESTIONS = [
    {"name": "Which company are you with?", "type": "string", "position": 0, "required": True},
    {"name": "What would you like to talk about?", "type": "text", "position": 1},
    {"name": "On which number do we reach you?", "type": "phone_number", "position": 2},
    {
        "name": "How large is your team?",
        "type": "single_select",
        "position": 3,
        "required": True,
        "answer_choices": ["Just me", "2 to 10", "More than 10"],
    },
    {
        "name": "How did you hear of us?",
        "type": "single_select",
        "position": 4,
        "answer_choices": ["A friend", "A talk"],
        "include_other": True,
    },
    {
        "name": "Which days suit you?",
        "type": "multi_select",
        "position": 5,
        "required": True,
        "answer_choices": ["Monday", "Wednesday", "Friday"],
    },
    {
        "name": "Which topics interest you?",
        "type": "multi_select",
        "position": 6,
        "answer_choices": ["Prices", "Security"],
        "include_other": True,
    },
    {"name": "What is your fax number?", "type": "string", "position": 7, "required": True, "enabled": False},
]


def _of(slug: str, name: str, description: str, **fields: object) -> dict[str, Any]:
    plain = {"slug": slug, "name": name, "description_plain": description, "hosts": ["ada"]}
    return plain | fields


SEED_EVENT_TYPES: Sequence[dict[str, Any]] = (
    _of("intro-call", "Intro call", "Half an hour to get to know each other.", locations=[GOOGLE_MEET]),
    _of(
        "phone-consult",
        "Phone consultation",
        "We call you at the number you leave.",
        color="#ff4f00",
        locations=[{"kind": "outbound_call"}],
    ),
    _of(
        "call-us",
        "Call us",
        "You call us at the time you choose.",
        color="#0ae8f0",
        duration=15,
        start_time_increment=15,
        locations=[CALL_US],
    ),
    _of(
        "visit",
        "Visit",
        "Come to one of our offices, or tell us where to meet.",
        color="#17e885",
        duration=60,
        after_buffer=15,
        locations=[BERLIN, POTSDAM, {"kind": "ask_invitee", "location": "Your place"}],
    ),
    _of("anywhere", "Anywhere", "Any way of meeting there is.", color="#e55cff", locations=ANYWHERE),
    _of("no-place", "No place", "The place is agreed on later.", color="#8247f5", locations=None),
    _of(
        "questionnaire",
        "Questionnaire",
        "A conversation that begins with some questions.",
        color="#f8e436",
        locations=[GOOGLE_MEET],
        custom_questions=QUESTIONS,
    ),
    _of(
        "workshop",
        "Workshop",
        "Two hours in a group of at most ten.",
        color="#ff8a00",
        kind="group",
        duration=120,
        start_time_increment=480,
        minimum_notice=1440,
        seats=10,
        locations=[ZOOM],
    ),
    _of(
        "team-demo",
        "Team demo",
        "Whoever of the team is free shows you round.",
        color="#0099ff",
        hosts=["ada", "grace"],
        team="Example Team",
        pooling_type="round_robin",
        locations=[ZOOM],
    ),
    _of(
        "panel",
        "Panel",
        "Ada and Grace together.",
        color="#f40552",
        hosts=["ada", "grace"],
        team="Example Team",
        pooling_type="collective",
        locations=[GOOGLE_MEET],
    ),
    _of(
        "deep-dive",
        "Deep dive",
        "An hour or more on one topic.",
        color="#4d5055",
        uuid=uuid_id("event-type-deep-dive"),
        duration=60,
        duration_options=[60, 90],
        before_buffer=15,
        after_buffer=15,
        locations=[{"kind": "microsoft_teams_conference"}],
    ),
    _of("paid-session", "Paid session", "Coaching, paid for when booking.", is_paid=True, locations=[ZOOM]),
    _of("poll-lunch", "Lunch poll", "Vote for a lunch date.", booking_method="poll", locations=[BERLIN]),
    _of("secret-offer", "Secret offer", "Only for those who know the link.", secret=True, locations=[ZOOM]),
    _of("retired", "Retired", "No longer offered.", active=False, locations=[GOOGLE_MEET]),
    _of("office-hours", "Office hours", "Ask Grace anything.", hosts=["grace"], locations=[ZOOM]),
    _of(
        "mentoring",
        "Mentoring",
        "Forty-five minutes with Grace.",
        color="#17e885",
        hosts=["grace"],
        duration=45,
        locations=[{"kind": "webex_conference"}],
    ),
)
