"""Thousands of generated requests, sent to the running service from the committed API document."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.main_job.conftest import Stage
from tests.main_job.schemathesis_hooks import BOOKINGS, MANAGED, STARTS
from tests.support.form_filler import Filling, filled
from tests.support.programs import BIN

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "openapi" / "bff.json"
CASES = 2_000
PER_OPERATION = 130
SCHEMATHESIS_HOOKS = "SCHEMATHESIS_HOOKS"
HOOKS = "tests.main_job.schemathesis_hooks"
STREAM = "/api/v1/event-types/{eventTypeId}/availability/events"
"""Its answers do not end, and the tool would wait for that."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)

Json = dict[str, Any]
Run = tuple[Mapping[str, Any], list[dict[str, str]]]


@pytest.fixture(scope="module")
def run(running_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What the tool reports, and what the service says it answered meanwhile, by method, route and status."""
    running_stage.begin()
    folder = tmp_path_factory.mktemp("schemathesis")
    report = folder / "report.json"
    told = {SCHEMATHESIS_HOOKS: HOOKS, "PYTHONPATH": str(ROOT)} | _known_to_the_tool(running_stage)
    before = _answers(running_stage)
    subprocess.run(
        _command(str(running_stage.front_end.http.base_url), report),
        cwd=folder,
        env=_unmeasured() | told,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    after = _answers(running_stage)
    running_stage.search()
    gained = [dict(labels) for labels, count in after.items() if count > before.get(labels, 0)]
    return json.loads(report.read_text()), gained


def _unmeasured() -> dict[str, str]:
    """The tool is not what we measure the coverage of, and measuring doubles its time."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def _known_to_the_tool(stage: Stage) -> dict[str, str]:
    """Bodies that can be booked, bookings that can be managed, and times that these can be moved to."""
    bookings = list(_bookable(stage))
    starts = stage.front_end.starts("intro-call")
    form = stage.front_end.form("intro-call")
    answers = [stage.front_end.book(filled(form, Filling(start=start))) for start in starts[200:230:2]]
    assert {answer.status_code for answer in answers} == {201}
    managed = [answer.json() for answer in answers]
    return {
        BOOKINGS: json.dumps(bookings),
        MANAGED: json.dumps(managed),
        STARTS: json.dumps(starts[240::2]),
    }


def _bookable(stage: Stage) -> Iterator[Json]:
    """Bookings of several event types that do not stand in each other's way."""
    for slug, starts in (("visit", slice(0, 60, 4)), ("questionnaire", slice(100, 130))):
        form = stage.front_end.form(slug)
        for start in stage.front_end.starts(slug)[starts]:
            yield filled(form, Filling(start=start, everything=True))


def _command(base_url: str, report: Path) -> list[str]:
    options = {
        "url": base_url,
        "phases": "examples,coverage,fuzzing",
        "max-examples": str(PER_OPERATION),
        "seed": "7",
        # With one, a third of the time goes into shrinking cases that have not failed.
        "generation-database": "none",
        "checks": ",".join(CHECKS),
        "report": "json",
        "report-json-path": str(report),
        "warnings": "off",
        "exclude-path": STREAM,
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [
        str(BIN / "schemathesis"),
        "run",
        str(DOCUMENT),
        "--continue-on-failure",
        "--no-shrink",
        *arguments,
    ]


def _answers(stage: Stage) -> dict[frozenset[tuple[str, str]], float]:
    text = stage.front_end.http.get("/metrics").text
    return {
        frozenset(sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "bff_requests_total"
    }


def test_the_document_is_current() -> None:
    checked = subprocess.run(
        [BIN / "calendly-bff", "openapi", str(DOCUMENT), "--check"], capture_output=True, check=False
    )

    assert checked.returncode == 0, checked.stderr.decode()


def test_no_generated_request_is_answered_otherwise_than_the_document_says(run: Run) -> None:
    report, _ = run

    assert [report["failures"], report["errors"], report["exit_code"]] == [[], [], 0]


def test_as_many_cases_ran_as_promised(run: Run) -> None:
    report, _ = run

    assert report["test_cases"]["generated"] >= CASES
    assert (
        report["operations"]["tested"]
        == report["operations"]["selected"]
        == report["operations"]["total"] - 1
    )


def test_the_service_itself_counts_no_5xx(run: Run) -> None:
    _, answered = run

    assert [labels for labels in answered if labels["status"] >= "500"] == []


def test_generated_requests_got_as_far_as_an_answer_on_every_route(run: Run) -> None:
    """But for those that only Calendly can make: nobody else can sign."""
    _, answered = run

    paths = json.loads(DOCUMENT.read_text())["paths"]
    served = {labels["route"] for labels in answered if labels["status"] < "300"}
    secret = {path for path in paths if path.startswith(("/webhooks/", "/connect/"))}
    assert set(paths) - served - secret == {STREAM}
