"""What is ready is sent as its route would send it: bit by bit, and not for longer than it is true."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app import API
from app.read_queue import AT_ONCE, PATIENCE
from app.ready import ReadyAnswers
from tests.support.service import (
    ORIGIN,
    Service,
    calls_of,
    clear_calls,
    plan_fault,
    running_service,
    settings_for,
)
from tests.support.simulation import Simulation

TIMES = "/event_type_available_times"
PATHS = [
    pytest.param("/event-types/intro-call/availability", id="slots"),
    pytest.param("/event-types/intro-call/availability?view=days&timeZone=Asia/Tokyo", id="days"),
    pytest.param("/event-types/intro-call/availability/next?limit=3", id="next"),
    pytest.param("/availability?eventTypeIds=intro-call,visit", id="merged"),
]
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd", "Origin": ORIGIN}
MANNERS = [
    pytest.param({}, id="nothing said"),
    pytest.param(BROWSER, id="a browser"),
    pytest.param({"Accept-Encoding": "gzip;q=0.5, br;q=0", "Origin": "https://evil.test"}, id="a stranger"),
    pytest.param({"Accept-Encoding": "identity", "X-Request-Id": "mine-12345"}, id="an id of its own"),
]


def _ready(bff: Service) -> ReadyAnswers:
    ready: ReadyAnswers = bff.app.state.resources.answers.memory
    return ready


async def _ask(bff: Service, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return await bff.http.get(API + path, headers=headers)


def _told(answer: httpx.Response, given: Mapping[str, str]) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of it, but for an id that is another for each request."""
    own = "X-Request-Id" in given
    told = [(name, value) for name, value in answer.headers.items() if own or name != "x-request-id"]
    return answer.status_code, answer.content, sorted(told)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", MANNERS)
async def test_what_is_ready_is_what_the_route_answers(
    bff: Service, path: str, given: dict[str, str]
) -> None:
    by_route = await _ask(bff, path, given)
    ready = await _ask(bff, path, given)

    assert len(_ready(bff)) == 1
    assert _told(ready, given) == _told(by_route, given)
    assert ready.headers["Vary"] == "Accept-Encoding, Origin"
    assert len(ready.headers["X-Request-Id"]) >= 8


@pytest.mark.parametrize("path", PATHS)
async def test_after_which_event_it_is_asked_makes_it_no_other_question_here(bff: Service, path: str) -> None:
    by_route = await _ask(bff, path)
    joint = "&" if "?" in path else "?"
    ready = [await _ask(bff, f"{path}{joint}after={mark}") for mark in ("5e0c1d6a-1764579612345-0", "x")]

    assert len(_ready(bff)) == 1
    assert [_told(each, {}) for each in ready] == [_told(by_route, {})] * 2


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("?after=", "/query/after"),
        ("?after=a/b", "/query/after"),
        (f"?after={'x' * 65}", "/query/after"),
        ("?after=1&after=2", "/query/after"),
        ("?%61fter=1&after=2", "/query/after"),
        ("&after=2", None),
    ],
)
async def test_whatever_else_is_said_of_it_goes_to_the_route(
    bff: Service, query: str, pointer: str | None
) -> None:
    path = "/event-types/intro-call/availability"
    for known in ("", "?%61fter=1", "?after=1"):
        assert (await _ask(bff, path + known)).status_code == 200

    answer = await _ask(bff, path + query)

    assert answer.status_code == (404 if pointer is None else 422)
    assert [each["pointer"] for each in answer.json().get("errors", [])] == [pointer][: pointer is not None]


@pytest.mark.parametrize("given", [{}, BROWSER, {"Accept-Encoding": "gzip"}])
async def test_who_has_it_is_told_that_nothing_has_changed(bff: Service, given: dict[str, str]) -> None:
    path = "/event-types/intro-call/availability"
    etag = (await _ask(bff, path, given)).headers["ETag"]
    ready = await _ask(bff, path, {**given, "If-None-Match": f'"other", W/{etag}'})
    _ready(bff).clear()
    by_route = await _ask(bff, path, {**given, "If-None-Match": etag})

    assert (ready.status_code, ready.content) == (304, b"")
    assert _told(ready, {}) == _told(by_route, {})
    assert ready.headers["ETag"] == etag


async def test_the_tag_changes_exactly_when_the_body_does(bff: Service, calendly: Simulation) -> None:
    path = "/event-types/intro-call/availability"
    seen = [await _ask(bff, path)]
    for seconds in (10, 10, 11, 1, 1, 600):
        calendly.clock.advance(seconds=seconds)
        seen.append(await _ask(bff, path))
    await bff.book(await bff.booking())
    seen.append(await _ask(bff, path))

    bodies = {answer.content: answer.headers["ETag"] for answer in seen}
    assert len(bodies) == len(set(bodies.values())) > 2
    assert all(bodies[answer.content] == answer.headers["ETag"] for answer in seen)


async def test_a_slot_falls_out_at_the_minute_it_passes(calendly: Simulation) -> None:
    await calendly.change("intro-call", minimum_notice=0)
    calendly.clock.moment = datetime(2026, 11, 23, 7, 58, 30, tzinfo=UTC)
    settings = settings_for(
        str(calendly.http.base_url),
        availability_fresh=timedelta(minutes=5),
        event_types_fresh=timedelta(minutes=5),
    )
    async with running_service(settings, calendly.clock) as bff:
        before = await bff.free("intro-call")
        calendly.clock.advance(seconds=89)
        still = await bff.free("intro-call")
        calendly.clock.advance(seconds=1)
        after = await bff.free("intro-call")

    assert before[0] == "2026-11-23T09:00:00+01:00"
    assert (still, after) == (before, before[1:])


async def test_a_fresh_answer_is_marked_as_soon_as_it_is_fresh_no_longer(
    bff: Service, calendly: Simulation
) -> None:
    path = "/event-types/intro-call/availability"
    await _ask(bff, path)
    calendly.clock.advance(seconds=29.5)
    before = await _ask(bff, f"{path}?to=2026-11-25")
    calendly.clock.advance(seconds=0.6)

    after = await _ask(bff, f"{path}?to=2026-11-25")

    assert (before.json()["state"], after.json()["state"]) == ("fresh", "stale")


async def test_a_marked_answer_is_given_no_longer_than_it_may_be(bff: Service, calendly: Simulation) -> None:
    path = "/event-types/intro-call/availability"
    await _ask(bff, path)
    await plan_fault(calendly, "status", path=TIMES, times=20, status=400)
    calendly.clock.advance(minutes=59, seconds=59.5)
    before = await _ask(bff, path)
    calendly.clock.advance(seconds=0.6)

    after = await _ask(bff, path)

    assert (before.status_code, after.status_code) == (200, 502)


async def test_today_is_another_day_after_midnight(bff: Service, calendly: Simulation) -> None:
    calendly.clock.moment = datetime(2026, 11, 23, 22, 59, 55, tzinfo=UTC)
    path = "/event-types/intro-call/availability"
    before = (await _ask(bff, path)).json()

    calendly.clock.advance(seconds=5)

    assert (before["from"], (await _ask(bff, path)).json()["from"]) == ("2026-11-23", "2026-11-24")


async def test_a_booking_is_gone_from_the_very_next_answer(bff: Service) -> None:
    first = (await bff.free("intro-call"))[0]
    answer = await bff.book(await bff.booking())

    assert answer.status_code == 201
    assert first not in await bff.free("intro-call")


async def test_what_is_ready_is_counted_like_any_other(bff: Service) -> None:
    for _ in range(5):
        await _ask(bff, "/event-types/visit/availability")
    shown = (await bff.http.get("/metrics")).text

    counted = f'{{method="GET",route="{API}/event-types/{{eventTypeId}}/availability",status="200"}} 5.0'
    timed = f'{{method="GET",route="{API}/event-types/{{eventTypeId}}/availability"}} 5.0'
    assert f"bff_requests_total{counted}" in shown
    assert f"_seconds_count{timed}" in shown


async def test_what_is_ready_is_shown_to_the_operator(bff: Service) -> None:
    for length in (1, 2, 3):
        await _ask(bff, f"/event-types/visit/availability?from=2026-12-01&to=2026-12-0{length}")
    shown = (await bff.http.get("/metrics")).text

    assert "bff_ready_answers 3.0" in shown
    assert f"bff_ready_bytes {float(_ready(bff).weight)}" in shown


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("from=2026-12-02&to=2026-12-01", id="a problem"),
        pytest.param(f"timeZone=Europe/Berlin&{'x' * 300}=1", id="a stranger one"),
    ],
)
async def test_what_is_refused_is_never_ready(bff: Service, query: str) -> None:
    answer = await _ask(bff, f"/event-types/intro-call/availability?{query}")

    assert answer.status_code == 422
    assert len(_ready(bff)) == 0


async def test_what_is_asked_in_more_letters_than_anybody_needs_is_answered_and_not_remembered(
    bff: Service,
) -> None:
    words = {
        "eventTypeIds": "visit,intro-call,workshop",
        "timeZone": "America/Argentina/Buenos_Aires",
        "from": "2026-12-01",
        "to": "2026-12-02",
    }
    plain = "&".join(f"{name}={value}" for name, value in words.items())
    spelt = "&".join(f"{_spelt(name)}={_spelt(value)}" for name, value in words.items())

    answers = [await _ask(bff, f"/availability?{query}") for query in (spelt, plain)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(_ready(bff)) == 1


def _spelt(text: str) -> str:
    """As nobody would, but in the end the same."""
    return "".join(f"%{ord(letter):02x}" for letter in text)


async def test_what_is_ready_costs_no_call_and_no_redis(bff: Service, calendly: Simulation) -> None:
    await _ask(bff, "/event-types/intro-call/availability")
    await clear_calls(calendly)
    await plan_fault(calendly, "status", times=10, status=500)

    assert (await _ask(bff, "/event-types/intro-call/availability")).status_code == 200
    assert await calls_of(calendly, TIMES) == []


@pytest.mark.fault("P09")
async def test_a_header_said_twice_gets_nobody_past_the_line(bff: Service) -> None:
    twice = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "192.0.2.2")]
    path = f"{API}/event-types/intro-call/availability"
    *crowd, last = [asyncio.create_task(bff.http.get(path, headers=twice)) for _ in range(AT_ONCE + 1)]
    await asyncio.sleep(0)
    time.sleep(PATIENCE + 0.1)  # noqa: ASYNC251 - nobody's turn comes
    refused = await last
    await asyncio.gather(*crowd)

    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
