"""Calendar files as a parser of another make reads them, and links as the calendars do."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from app.features.bookings.calendar import CalendarEntry, calendar_links
from app.features.bookings.calendar_file import calendar_file

vobject: Any = import_module("vobject")
"""The other make; by name, because it comes without types."""

NOW = datetime(2026, 11, 22, 16, 0, 30, 123456, tzinfo=UTC)
JOIN_URL = "https://meet.example.test/abc?pwd=1,2;3&x=%20"
ENTRY = CalendarEntry(
    uid="bk_0123456789abcdef01234567",
    sequence=0,
    name="Intro call",
    start=datetime(2026, 12, 1, 9, 0, tzinfo=ZoneInfo("Europe/Berlin")),
    end=datetime(2026, 12, 1, 9, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    host="Ada Example",
    place=None,
    join_url=JOIN_URL,
    canceled=False,
    created_at=datetime(2026, 11, 22, 15, 0, tzinfo=UTC),
)
VISIT = replace(ENTRY, place="1 Example Street, 2nd floor; ring twice", join_url=None)

LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=300)
TEXTS = st.lists(LINES, min_size=1, max_size=3).map("\n".join)
"""Whatever a calendar can show, on one line or several."""

AWKWARD = [
    pytest.param("a, b; c: d", id="separators"),
    pytest.param('say "hello"; ^n', id="quotes"),
    pytest.param(r"C:\New\notes\, \\server", id="backslashes"),
    pytest.param("first\nsecond\n\nfourth", id="lines"),
    pytest.param("BEGIN:VEVENT\nEND:VCALENDAR", id="lines of a calendar file"),
    pytest.param("Größe 🗓 👩‍👩‍👧 日本語", id="beyond ASCII"),
    pytest.param("🗓" * 300, id="300 emoji"),
    pytest.param("a b " * 75, id="300 characters with blanks to fold at"),
    pytest.param("100% +1 &x=y #z ?", id="what means something in a URL"),
]


def shown(entry: CalendarEntry) -> dict[str, Any]:
    """Name and value of each property of the event, as the other parser reads them."""
    calendar = vobject.readOne(calendar_file(entry, NOW).decode(), validate=True)
    return {child.name: child.value for child in calendar.vevent.getChildren()}


def test_a_booking_is_one_event_in_a_published_calendar() -> None:
    calendar = vobject.readOne(calendar_file(ENTRY, NOW).decode(), validate=True)

    properties = {child.name: child.value for child in calendar.getChildren() if child.name != "VEVENT"}

    assert properties == {
        "VERSION": "2.0",
        "PRODID": "-//Calendly BFF//Bookings//EN",
        "METHOD": "PUBLISH",
    }
    assert len(calendar.vevent_list) == 1


def test_an_event_says_all_that_is_known_of_its_booking() -> None:
    now = NOW.replace(microsecond=0)

    assert shown(ENTRY) == {
        "UID": "bk_0123456789abcdef01234567",
        "SEQUENCE": "0",
        "DTSTAMP": now,
        "CREATED": ENTRY.created_at,
        "LAST-MODIFIED": now,
        "DTSTART": datetime(2026, 12, 1, 8, 0, tzinfo=UTC),
        "DTEND": datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
        "SUMMARY": "Intro call (Ada Example)",
        "LOCATION": JOIN_URL,
        "DESCRIPTION": JOIN_URL,
        "URL": JOIN_URL,
        "STATUS": "CONFIRMED",
        "TRANSP": "OPAQUE",
    }


def test_the_library_reads_the_same_event() -> None:
    event = Calendar.from_ical(calendar_file(VISIT, NOW)).events[0]

    assert (event.uid, event.sequence, event["summary"], event["location"], event.start, event.end) == (
        VISIT.uid,
        0,
        "Intro call (Ada Example)",
        VISIT.place,
        VISIT.start,
        VISIT.end,
    )


def test_a_canceled_booking_is_canceled_and_takes_no_time() -> None:
    event = shown(replace(ENTRY, canceled=True, sequence=1))

    assert (event["UID"], event["SEQUENCE"], event["STATUS"], event["TRANSP"]) == (
        ENTRY.uid,
        "1",
        "CANCELLED",
        "TRANSPARENT",
    )


def test_a_booking_that_moved_is_the_same_event_with_a_higher_sequence() -> None:
    later = replace(
        ENTRY, sequence=3, start=ENTRY.start + timedelta(days=1), end=ENTRY.end + timedelta(days=1)
    )

    event = shown(later)

    assert (event["UID"], event["SEQUENCE"], event["DTSTART"]) == (ENTRY.uid, "3", later.start)


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        pytest.param(UTC, b"DTSTART:20261201T090000Z", id="UTC"),
        pytest.param(ZoneInfo("America/New_York"), b"DTSTART:20261201T140000Z", id="a zone with a name"),
        pytest.param(timezone(timedelta(hours=5, minutes=45)), b"DTSTART:20261201T031500Z", id="an offset"),
    ],
)
def test_times_are_written_in_utc_and_need_no_zone(zone: ZoneInfo | timezone, written: bytes) -> None:
    file = calendar_file(replace(ENTRY, start=ENTRY.start.replace(tzinfo=zone)), NOW)

    assert written in file
    assert b"TZID" not in file
    assert b"VTIMEZONE" not in file


def test_a_place_comes_before_the_link_to_join() -> None:
    event = shown(replace(ENTRY, place="Room 5"))

    assert (event["LOCATION"], event["DESCRIPTION"], event["URL"]) == ("Room 5", JOIN_URL, JOIN_URL)


def test_what_is_not_known_is_not_said() -> None:
    event = shown(replace(ENTRY, place=None, join_url=None, host=""))

    assert event["SUMMARY"] == "Intro call"
    assert event.keys().isdisjoint({"LOCATION", "DESCRIPTION", "URL"})


def test_nobody_is_named_by_address_or_asked_to_reply() -> None:
    assert shown(ENTRY).keys().isdisjoint({"ORGANIZER", "ATTENDEE", "CONTACT"})


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_arrives_as_it_was(text: str) -> None:
    event = shown(replace(ENTRY, name=text, host="", place=text, join_url=None))

    assert (event["SUMMARY"], event["LOCATION"]) == (text, text)


def test_text_is_escaped_as_the_standard_says() -> None:
    file = calendar_file(replace(ENTRY, name="a,b;c\\d\ne:f", host=""), NOW)

    assert rb"SUMMARY:a\,b\;c\\d\ne:f" in file.split(b"\r\n")


@given(TEXTS, TEXTS, TEXTS)
def test_any_text_arrives_as_it_was(name: str, host: str, place: str) -> None:
    event = shown(replace(ENTRY, uid=name, name=name, host=host, place=place))

    assert (event["UID"], event["SUMMARY"], event["LOCATION"]) == (name, f"{name} ({host})", place)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_adds_a_line_of_its_own(text: str, join_url: str) -> None:
    event = shown(replace(ENTRY, uid=text, name=text, host=text, place=text, join_url=f"https://{join_url}"))

    assert event.keys() <= shown(ENTRY).keys()


@given(st.text(max_size=300))
def test_lines_end_as_the_standard_says_and_are_at_most_75_octets_long(text: str) -> None:
    file = calendar_file(replace(ENTRY, name=text), NOW)

    lines = file.removesuffix(b"\r\n").split(b"\r\n")

    assert max(len(line) for line in lines) <= 75
    assert not re.search(rb"[\r\n]", b"".join(lines))


@pytest.mark.parametrize(
    ("given_text", "arrives"),
    [
        pytest.param("a\r\nb\rc\x0bd\x85e\u2028f", "a\nb\nc\nd\ne\nf", id="line ends of every kind"),
        pytest.param("a\x00b\x07c\x1bd\x7fe\x9ff", "abcdef", id="control characters"),
        pytest.param("a\tb", "a\tb", id="a tab stays"),
        pytest.param("a\ud83d b", "a b", id="half an emoji"),
    ],
)
def test_what_no_calendar_can_show_is_left_out(given_text: str, arrives: str) -> None:
    entry = replace(ENTRY, name=given_text, host="")

    assert shown(entry)["SUMMARY"] == arrives
    assert fields(calendar_links(entry)["google"])["text"] == arrives


@pytest.mark.parametrize("scheme", ["javascript:alert(1)//", "zoommtg://", "file:///", " https://"])
def test_only_a_web_address_becomes_a_link(scheme: str) -> None:
    event = shown(replace(ENTRY, join_url=f"{scheme}meet.example.test"))

    assert "URL" not in event
    assert event["DESCRIPTION"] == f"{scheme}meet.example.test"


def test_a_web_address_has_no_character_that_an_address_cannot_have() -> None:
    event = shown(replace(ENTRY, join_url="http://meet.example.test/a b/Größe\r\nX:1"))

    assert event["URL"] == "http://meet.example.test/a%20b/Gr%C3%B6%C3%9Fe%0AX:1"


def fields(link: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(link).query, keep_blank_values=True, strict_parsing=True))


MICROSOFT = {
    "path": "/calendar/action/compose",
    "rru": "addevent",
    "subject": "Intro call (Ada Example)",
    "startdt": "2026-12-01T08:00:00Z",
    "enddt": "2026-12-01T08:30:00Z",
    "body": JOIN_URL,
    "location": JOIN_URL,
}


@pytest.mark.parametrize(
    ("calendar", "page", "filled_in"),
    [
        pytest.param(
            "google",
            "https://calendar.google.com/calendar/render",
            {
                "action": "TEMPLATE",
                "text": "Intro call (Ada Example)",
                "dates": "20261201T080000Z/20261201T083000Z",
                "details": JOIN_URL,
                "location": JOIN_URL,
            },
            id="google",
        ),
        pytest.param(
            "outlook", "https://outlook.live.com/calendar/0/deeplink/compose", MICROSOFT, id="outlook"
        ),
        pytest.param(
            "office365", "https://outlook.office.com/calendar/0/deeplink/compose", MICROSOFT, id="office365"
        ),
        pytest.param(
            "yahoo",
            "https://calendar.yahoo.com/",
            {
                "v": "60",
                "title": "Intro call (Ada Example)",
                "st": "20261201T080000Z",
                "et": "20261201T083000Z",
                "desc": JOIN_URL,
                "in_loc": JOIN_URL,
            },
            id="yahoo",
        ),
    ],
)
def test_a_link_fills_in_what_its_calendar_asks_for(
    calendar: str, page: str, filled_in: dict[str, str]
) -> None:
    link = calendar_links(ENTRY)[calendar]

    assert link.split("?")[0] == page
    assert fields(link) == filled_in


def test_there_are_links_for_four_calendars() -> None:
    assert list(calendar_links(ENTRY)) == ["google", "outlook", "office365", "yahoo"]


NAMES_OF_TEXTS = [
    pytest.param("google", ("text", "location", "details"), id="google"),
    pytest.param("outlook", ("subject", "location", "body"), id="outlook"),
    pytest.param("office365", ("subject", "location", "body"), id="office365"),
    pytest.param("yahoo", ("title", "in_loc", "desc"), id="yahoo"),
]


@pytest.mark.parametrize(("calendar", "names"), NAMES_OF_TEXTS)
@given(TEXTS, TEXTS, TEXTS)
def test_any_text_is_read_from_a_link_as_it_was(
    calendar: str, names: tuple[str, str, str], name: str, place: str, join_url: str
) -> None:
    link = calendar_links(replace(ENTRY, name=name, host="", place=place, join_url=join_url))[calendar]

    assert tuple(fields(link)[each] for each in names) == (name, place, join_url)


@pytest.mark.parametrize(("calendar", "names"), NAMES_OF_TEXTS)
def test_a_link_leaves_out_what_is_not_known(calendar: str, names: tuple[str, str, str]) -> None:
    link = calendar_links(replace(ENTRY, join_url=None))[calendar]

    assert fields(link).keys() & set(names) == {names[0]}


@given(st.text(max_size=300))
def test_a_link_is_made_of_characters_that_need_no_quoting(text: str) -> None:
    links = calendar_links(replace(ENTRY, name=text, place=text, join_url=text)).values()

    assert [link for link in links if not re.fullmatch(r"https://[A-Za-z0-9._~%/?&=-]+", link)] == []


def test_a_blank_in_a_link_is_no_plus() -> None:
    assert "text=Intro%20call%20%28Ada%20Example%29" in calendar_links(ENTRY)["google"]
