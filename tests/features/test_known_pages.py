"""So long after Calendly went away that nothing may be shown any more: what was known still leads to its own page."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app import API
from tests.support.service import Json, Service, booking_body, plan_fault, running_service, settings_for
from tests.support.simulation import Simulation

BEYOND_SHOWN = {"hours": 1, "minutes": 1}
"""Older than anything that may be shown."""

READS = (
    "/event-types/{}",
    "/event-types/{}/form",
    "/event-types/{}/availability",
    "/event-types/{}/availability/next",
    "/availability?eventTypeIds={},call-us",
)
FAILURES = [
    pytest.param({"kind": "status", "status": 503}, "upstream_failed", id="503"),
    pytest.param({"kind": "reset"}, "upstream_failed", id="reset"),
    pytest.param({"kind": "status", "status": 401}, "upstream_refused_us", id="401"),
    pytest.param({"kind": "status", "status": 429}, "upstream_busy", id="429"),
    pytest.param({"kind": "delay", "seconds": 60}, "upstream_timeout", id="silent"),
]


@pytest.fixture
async def hasty(calendly: Simulation) -> AsyncIterator[Service]:
    """A service that waits a second for Calendly."""
    usual = settings_for(str(calendly.http.base_url))
    options = usual.calendly.model_copy(update={"read_timeout": timedelta(seconds=1)})
    async with running_service(usual.model_copy(update={"calendly": options}), calendly.clock) as bff:
        yield bff


async def _away(calendly: Simulation, fault: Json | None = None) -> None:
    await plan_fault(calendly, **(fault or {"kind": "status", "status": 503}), times=1_000)
    calendly.clock.advance(**BEYOND_SHOWN)


async def _known(bff: Service, slug: str) -> tuple[str, str]:
    """Its id and its page."""
    found = (await bff.get(f"/event-types/{slug}")).json()
    return found["id"], found["hostedUrl"]


@pytest.mark.parametrize(("fault", "code"), FAILURES)
async def test_whatever_has_failed_each_read_names_the_page(
    hasty: Service, calendly: Simulation, fault: Json, code: str
) -> None:
    id_, page = await _known(hasty, "intro-call")
    await _away(calendly, fault)

    told = [
        (await hasty.http.get(API + read.format(name))).json()
        for name in ("intro-call", id_)
        for read in READS
    ]

    assert told[0]["code"] == code
    assert {each["status"] for each in told} <= {502, 503, 504}
    assert [each.get("hostedUrl") for each in told] == [page] * len(told)


async def test_so_do_checking_and_booking(bff: Service, calendly: Simulation) -> None:
    _, page = await _known(bff, "intro-call")
    body = booking_body("intro-call", "2026-12-01T09:00:00+01:00")
    await _away(calendly)

    answers = [await bff.preflight(body), await bff.preflight(body | {"formVersion": "other"})]
    answers.append(await bff.book(body))

    assert [answer.json().get("hostedUrl") for answer in answers] == [page] * 3


async def test_a_form_that_is_read_again_in_vain_names_it_too(bff: Service, calendly: Simulation) -> None:
    _, page = await _known(bff, "intro-call")
    calendly.clock.advance(seconds=30)
    await plan_fault(calendly, "status", status=503, times=1_000)

    answer = await bff.preflight(
        booking_body("intro-call", "2026-12-01T09:00:00+01:00") | {"formVersion": "other"}
    )

    assert (answer.status_code, answer.json().get("hostedUrl")) == (502, page)


async def test_of_those_who_wait_for_the_same_reading_each_is_told_the_page_of_what_they_asked_for(
    bff: Service, calendly: Simulation
) -> None:
    slugs = ("intro-call", "visit", "call-us")
    pages = [(await _known(bff, slug))[1] for slug in slugs]
    await _away(calendly)

    answers = await asyncio.gather(*(bff.get(f"/event-types/{slug}") for slug in slugs))

    assert [answer.json().get("hostedUrl") for answer in answers] == pages


@pytest.mark.parametrize("read", READS)
async def test_what_nobody_knows_of_is_no_less_and_no_more_than_a_failure(
    bff: Service, calendly: Simulation, read: str
) -> None:
    await bff.get("/event-types")
    await _away(calendly)

    answer = await bff.http.get(API + read.format("nonsense"))

    assert (answer.status_code, answer.json()["code"]) == (502, "upstream_failed")
    assert "hostedUrl" not in answer.json()
