"""Each rule for a booking, broken over HTTP: the fault is named exactly, and Calendly never hears of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.form.faults import Code
from app.resources import system_clock
from tests.main_job.changes import broken_changes, cancellations
from tests.main_job.violations import VIOLATIONS, Violation, broken
from tests.support.form_filler import Filling, filled
from tests.support.front_end import API, CalendlyControl, FrontEnd, both_sides, faults_of
from tests.support.service import served_service, settings_for
from tests.support.simulation import running_simulator

Json = dict[str, Any]

calls = pytest.mark.parametrize("call", ["bookings", "preflight"])


def violations(*, unread: bool | None = None) -> pytest.MarkDecorator:
    chosen = [each for each in VIOLATIONS if unread in {None, each.unread}]
    return pytest.mark.parametrize("violation", [pytest.param(each, id=each.id) for each in chosen])


@pytest.fixture(scope="module")
def answers(running_stage: Any) -> list[Json]:
    """To all questions of the questionnaire."""
    form = running_stage.front_end.form("questionnaire")
    given: list[Json] = filled(form, Filling(everything=True))["answers"]
    return given


@pytest.fixture(scope="module")
def cold() -> Iterator[tuple[FrontEnd, CalendlyControl]]:
    """A service that has never asked Calendly anything."""
    with (
        running_simulator() as simulator,
        served_service(settings_for(simulator), system_clock) as service,
        both_sides(service, simulator) as sides,
    ):
        yield sides


@calls
@violations()
def test_a_broken_rule_is_named_and_nothing_is_booked(
    violation: Violation, call: str, answers: list[Json], front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    response = front_end.send(call, broken(violation, answers))

    assert faults_of(response) == violation.faults
    assert calendly.sent_bookings() == []


@calls
def test_a_question_answered_twice_is_named(
    call: str, answers: list[Json], front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    twice = Violation(
        id="twice",
        slug="questionnaire",
        change={"/answers/7": answers[0]},
        faults=[("/answers/7/questionId", "duplicate")],
    )

    response = front_end.send(call, broken(twice, answers))

    assert faults_of(response) == twice.faults
    assert calendly.sent_bookings() == []


@calls
@violations(unread=True)
def test_what_no_form_could_allow_is_refused_without_asking_calendly(
    violation: Violation, call: str, cold: tuple[FrontEnd, CalendlyControl]
) -> None:
    front_end, calendly = cold

    response = front_end.send(call, broken(violation, []))

    assert faults_of(response) == violation.faults
    assert calendly.calls() == []


@broken_changes
def test_a_broken_rule_of_a_change_is_named_before_calendly_is_asked(
    part: str, body: Any, faults: list[tuple[str, str]], cold: tuple[FrontEnd, CalendlyControl]
) -> None:
    front_end, calendly = cold

    response = front_end.http.post(
        f"{API}/bookings/bk_1{part}", json=body, headers={"Authorization": "Bearer x"}
    )

    assert faults_of(response) == faults
    assert calendly.calls() == []


@cancellations
def test_a_cancellation_that_breaks_no_rule_reaches_calendly_as_it_is(
    body: Json, front_end: FrontEnd, calendly: CalendlyControl
) -> None:
    start = front_end.starts("intro-call")[0]
    booking = front_end.book(filled(front_end.form("intro-call"), Filling(start=start))).json()

    answer = front_end.manage(booking, "/cancel", body)

    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    sent = [call["body"] for call in calendly.calls("POST") if call["path"].endswith("/cancellation")]
    assert [each.get("reason") for each in sent] == [body.get("reason")]


def test_without_the_change_every_base_booking_keeps_the_rules(
    answers: list[Json], front_end: FrontEnd
) -> None:
    slugs = sorted({each.slug for each in VIOLATIONS})
    bodies = [broken(Violation(id=slug, slug=slug, change={}, faults=[]), answers) for slug in slugs]

    found = [
        front_end.preflight(body | {"start": front_end.starts(body["eventTypeId"])[0]}) for body in bodies
    ]

    assert [(slug, answer.status_code) for slug, answer in zip(slugs, found, strict=True)] == [
        (slug, 200) for slug in slugs
    ]


def test_every_code_that_a_form_can_give_is_in_the_table() -> None:
    named = {code for violation in VIOLATIONS for _, code in violation.faults}

    assert {code.value for code in Code} - named == {"location_unavailable"}
