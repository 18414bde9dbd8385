"""A slot that is taken behind our back: the visitor hears of it, with other times that really are free."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.form_filler import Filling, filled
from tests.support.front_end import CalendlyControl, FrontEnd

Json = dict[str, Any]

MEET: Json = {"kind": "google_conference"}
PLACES: dict[str, Json | None] = {
    "intro-call": MEET,
    "visit": {"kind": "ask_invitee", "location": "The cafe round the corner"},
    "panel": MEET,
    "no-place": None,
}

slugs = pytest.mark.parametrize("slug", list(PLACES))
calls = pytest.mark.parametrize("call", ["bookings", "preflight"])


def taken(front_end: FrontEnd, calendly: CalendlyControl, slug: str, *, cached: bool) -> Json:
    """A body that its form accepts, for a slot that is gone; with `cached` we have seen it free before."""
    body = filled(front_end.form(slug), Filling())
    start = _some_slot(front_end, calendly, slug, cached=cached)
    calendly.take(slug, start, PLACES[slug])
    return body | {"start": start.isoformat()}


def _some_slot(front_end: FrontEnd, calendly: CalendlyControl, slug: str, *, cached: bool) -> datetime:
    if cached:
        starts = front_end.starts(slug)
    else:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        starts = calendly.starts(slug, tomorrow, tomorrow + timedelta(days=20))
    return datetime.fromisoformat(starts[len(starts) // 3])


def alternatives_of(response: httpx.Response) -> list[str]:
    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "slot_taken"), response.text
    return [slot["start"] for slot in problem["alternatives"]]


def distances(starts: Sequence[str], wanted: str) -> list[timedelta]:
    return [abs(datetime.fromisoformat(start) - datetime.fromisoformat(wanted)) for start in starts]


@slugs
@calls
@pytest.mark.parametrize("cached", [{"cached": True}, {"cached": False}], ids=["seen-free", "never-seen"])
def test_alternatives_come_nearest_first(
    slug: str, call: str, cached: dict[str, bool], front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    body = taken(front_end, calendly, slug, **cached)
    if call == "preflight" and cached["cached"]:
        # A preflight sends nothing that Calendly could refuse: it believes what is half a minute old.
        front_end.book(body)

    response = front_end.send(call, body)

    found = alternatives_of(response)
    assert 3 <= len(found) <= 6
    assert body["start"] not in found
    assert distances(found, body["start"]) == sorted(distances(found, body["start"]))


@slugs
@pytest.mark.parametrize("cached", [{"cached": True}, {"cached": False}], ids=["seen-free", "never-seen"])
@pytest.mark.parametrize("choice", range(3))
def test_each_alternative_can_be_booked(
    slug: str, choice: int, cached: dict[str, bool], front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    body = taken(front_end, calendly, slug, **cached)
    offered = alternatives_of(front_end.book(body))

    answer = front_end.book(body | {"start": offered[choice]})

    assert answer.status_code == 201, answer.text
    assert answer.json()["start"] == offered[choice]


def test_alternatives_can_be_booked_one_after_the_other(
    front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    body = taken(front_end, calendly, "intro-call", cached=True)

    answers = [front_end.book(body | {"start": start}) for start in alternatives_of(front_end.book(body))]

    assert [answer.status_code for answer in answers] == [201] * 6


def test_what_calendly_refused_is_offered_no_more(front_end: FrontEnd, calendly: CalendlyControl) -> None:
    body = taken(front_end, calendly, "intro-call", cached=True)

    front_end.book(body)

    starts = {datetime.fromisoformat(start) for start in front_end.starts("intro-call")}
    assert datetime.fromisoformat(body["start"]) not in starts
    assert starts


@pytest.mark.parametrize("slug", ["no-place", "panel", "team-demo", "deep-dive"])
def test_a_booking_takes_the_host_from_all_event_types_at_once(slug: str, front_end: FrontEnd) -> None:
    start = datetime.fromisoformat(front_end.starts("panel")[0])
    seen = [datetime.fromisoformat(each) for each in front_end.starts(slug)]

    front_end.book(filled(front_end.form("panel"), Filling(start=start.isoformat())))

    now = [datetime.fromisoformat(each) for each in front_end.starts(slug)]
    assert start in seen
    assert start not in now


def test_a_group_is_full_after_its_last_seat(front_end: FrontEnd) -> None:
    body = filled(front_end.form("workshop"), Filling(start=front_end.starts("workshop")[0]))
    emails = [f"grace{seat}@example.test" for seat in range(3)]

    answers = [front_end.book(body | {"invitee": body["invitee"] | {"email": email}}) for email in emails]

    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert len(alternatives_of(answers[-1])) >= 3


def test_a_group_that_fills_behind_our_back_is_noticed(
    front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    start = front_end.starts("workshop")[0]
    for _ in range(2):
        calendly.take("workshop", datetime.fromisoformat(start), {"kind": "zoom_conference"})

    response = front_end.book(filled(front_end.form("workshop"), Filling(start=start)))

    assert start not in alternatives_of(response)
