"""The calls that README.md opens with: run by a shell as they stand, against a demo.

They are the first block of `sh` in the file; what they answer is in the first
plain block behind it, a line for each call, shortened by an ellipsis.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.front_end import CalendlyControl, both_sides
from tests.support.programs import running_demo

Json = dict[str, Any]

README = (Path(__file__).parents[2] / "README.md").read_text()
CALLS = README.partition("```sh\n")[2].partition("```")[0]
SHOWN = README.partition("```sh\n")[2].partition("\n```\n{")[2].partition("\n```")[0]
ANSWERS = ["{" + line.removeprefix("{") for line in SHOWN.splitlines()]

DEFAULT_PORTS = ("8000", "8001")

Ran = tuple[list[Json], CalendlyControl]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Every document that the calls printed, in order."""
    with (
        running_demo(tmp_path_factory.mktemp("readme")) as (service, simulator),
        both_sides(service, simulator) as (_, calendly),
    ):
        script = CALLS
        for default, running in zip(DEFAULT_PORTS, (service, simulator), strict=True):
            script = script.replace(f"http://127.0.0.1:{default}", running)
        command = ["bash", "-eu", "-c", script]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr
        yield list(_documents(finished.stdout)), calendly


def _documents(text: str) -> Iterator[Json]:
    decoder = json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:]


def test_there_are_five_calls() -> None:
    assert len(re.findall(r"\bcurl\b", CALLS)) == len(ANSWERS) == 5


def test_the_visit_is_listed_and_its_form_shown(ran: Ran) -> None:
    listed, form, *_ = ran[0]

    assert [each["slug"] for each in listed["items"]] == ["visit"]
    assert set(form) == {"version", "schema", "fields"}


def test_the_booking_is_confirmed_for_the_time_that_preflight_found_free(ran: Ran) -> None:
    *_, preflight, booking = ran[0]

    assert booking["status"] == "confirmed"
    assert booking["start"] == preflight["start"]
    assert preflight["start"].endswith("+05:30")


def test_calendly_has_exactly_that_booking_at_that_place(ran: Ran) -> None:
    documents, calendly = ran

    (booked,) = calendly.bookings()
    assert booked["location"] == {"type": "ask_invitee", "location": documents[-1]["location"]["detail"]}


def test_what_is_shown_as_answered_is_what_is_answered(ran: Ran) -> None:
    shown = [set(re.findall(r'"(\w+)":', line)) for line in ANSWERS]
    del shown[2]  # the free times: they become START and are not printed

    missing = [
        names - set(re.findall(r'"([$\w]+)":', json.dumps(answer)))
        for names, answer in zip(shown, ran[0], strict=True)
    ]

    assert missing == [set()] * 4
