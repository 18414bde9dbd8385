"""Every rule for a change of a booking, broken: what is wrong, and the fault that must be named."""

from typing import Any

import pytest

Change = tuple[str, Any, list[tuple[str, str]]]
"""The part of the path, the body, and pointer and code of all that is to be named."""

START = "2027-01-04T10:00:00+01:00"

BROKEN: dict[str, Change] = {
    "reason-is-a-number": ("/cancel", {"reason": 5}, [("/reason", "invalid")]),
    "reason-is-a-list": ("/cancel", {"reason": ["I am ill."]}, [("/reason", "invalid")]),
    "reason-is-false": ("/cancel", {"reason": False}, [("/reason", "invalid")]),
    "reason-too-long": ("/cancel", {"reason": "x" * 1001}, [("/reason", "too_long")]),
    "cancel-unknown-field": ("/cancel", {"Reason": "I am ill."}, [("", "unknown_field")]),
    "cancel-names-the-booking": ("/cancel", {"id": "bk_1"}, [("", "unknown_field")]),
    "cancel-is-a-list": ("/cancel", [], [("", "invalid")]),
    "cancel-is-text": ("/cancel", "I am ill.", [("", "invalid")]),
    "start-missing": ("/reschedule", {}, [("/start", "required")]),
    "start-null": ("/reschedule", {"start": None}, [("/start", "start_invalid")]),
    "start-is-a-number": ("/reschedule", {"start": 1_800_000_000}, [("/start", "start_invalid")]),
    "start-without-offset": ("/reschedule", {"start": START[:19]}, [("/start", "start_invalid")]),
    "start-is-a-date": ("/reschedule", {"start": START[:10]}, [("/start", "start_invalid")]),
    "start-is-no-day": (
        "/reschedule",
        {"start": "2027-02-30T10:00:00Z"},
        [("/start", "start_invalid")],
    ),
    "start-with-leap-second": (
        "/reschedule",
        {"start": "2027-01-04T10:00:60Z"},
        [("/start", "start_invalid")],
    ),
    "reschedule-unknown-field": (
        "/reschedule",
        {"start": START, "timeZone": "Europe/Berlin"},
        [("", "unknown_field")],
    ),
    "reschedule-is-a-whole-booking": (
        "/reschedule",
        {"eventTypeId": "visit", "start": START, "invitee": {"email": "grace@example.test"}},
        [("", "unknown_field")],
    ),
    "reschedule-is-text": ("/reschedule", START, [("", "invalid")]),
}

KEPT: dict[str, Any] = {
    "nothing": {},
    "no-reason": {"reason": None},
    "empty": {"reason": ""},
    "longest": {"reason": "x" * 1000},
    "lines": {"reason": "I am ill.\nSorry \U0001f912"},
}
"""Bodies of a cancellation that break no rule."""

broken_changes = pytest.mark.parametrize(
    ("part", "body", "faults"), [pytest.param(*change, id=id_) for id_, change in BROKEN.items()]
)
cancellations = pytest.mark.parametrize("body", [pytest.param(body, id=id_) for id_, body in KEPT.items()])
