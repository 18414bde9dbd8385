"""Free times while Calendly is away: what is known is given at once, and what is not is refused at once."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.calendly.circuit import IN_A_ROW
from tests.faults.detour import Detour
from tests.faults.scene import Scene, assert_problem, healed, within
from tests.faults.talks import refusing, silence
from tests.support.service import Json

EVERYTHING = "/"
AT_ONCE = 2.5
"""Seconds for several reads, on a busy machine; one that waits for Calendly takes three by itself."""

Break = Callable[[Detour], Awaitable[None]]


async def _refuses(way: Detour) -> None:
    way.block("GET", EVERYTHING, refusing(500))


BREAKS = [
    pytest.param(_refuses, id="500", marks=pytest.mark.fault("U13")),
    pytest.param(Detour.close, id="nobody takes calls", marks=pytest.mark.fault("U02")),
]


async def _ask(scene: Scene, **params: Any) -> Json:
    answer = await scene.bff.get("/event-types/intro-call/availability", **params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _state(scene: Scene) -> list[str]:
    shown = (await scene.bff.http.get("/metrics")).text.splitlines()
    breaker = [line for line in shown if line.startswith("bff_calendly_breaker{")]
    return [line.split('"')[3] for line in breaker if line.endswith(" 1.0")]


@pytest.mark.parametrize("break_", BREAKS)
async def test_what_was_never_read_is_refused_at_once_and_says_when_to_come_back(
    scene: Scene, break_: Break
) -> None:
    closed = await _state(scene)
    await break_(scene.way)

    answers = [await scene.bff.get("/event-types/intro-call/availability") for _ in range(8)]

    assert_problem(answers[0], 502, "upstream_failed")
    for answer in answers[3:]:
        assert_problem(answer, 503, "upstream_busy")
        assert 1 <= int(answer.headers["Retry-After"]) <= 3
    assert (closed, await _state(scene)) == (["closed"], ["open"])


@pytest.mark.fault("U13")
async def test_a_calendly_that_fails_is_asked_a_few_times_by_any_number_of_visitors(scene: Scene) -> None:
    await _refuses(scene.way)

    for _ in range(20):
        await scene.bff.get("/event-types/intro-call/availability")

    assert len(scene.way.taken) == IN_A_ROW


@pytest.mark.fault("U05")
async def test_once_calendly_is_known_to_fail_nobody_waits_for_it_who_can_have_an_older_answer(
    scene: Scene,
) -> None:
    await _ask(scene)
    scene.calendly.clock.advance(minutes=40)
    scene.way.block("GET", EVERYTHING, refusing(500), times=2)
    scene.way.block("GET", EVERYTHING, silence)

    with within(AT_ONCE):
        found = [await _ask(scene, to=f"2026-12-0{day}") for day in range(1, 6)]

    assert {each["state"] for each in found} == {"stale"}
    assert {each["asOf"] for each in found} == {"2026-11-23T06:00:00Z"}


@pytest.mark.fault("U13")
@pytest.mark.parametrize(
    "passing", [pytest.param(1, id="time passes"), pytest.param(0, id="all that is asked for is ready")]
)
async def test_when_calendly_is_back_it_is_found_out_and_answers_are_fresh_again(
    scene: Scene, passing: int
) -> None:
    await _ask(scene)
    scene.calendly.clock.advance(minutes=40)
    await _refuses(scene.way)
    for _ in range(4):
        await scene.bff.get("/event-types/visit/availability")
    opened = await _state(scene)
    await scene.way.mend()

    async def is_fresh() -> bool:
        scene.calendly.clock.advance(seconds=passing)
        return bool((await _ask(scene))["state"] == "fresh")

    await healed(is_fresh)

    assert (opened, await _state(scene)) == (["open"], ["closed"])


@pytest.mark.fault("U13")
async def test_while_older_event_types_are_shown_they_are_read_again(scene: Scene) -> None:
    await scene.bff.get("/event-types")
    scene.calendly.clock.advance(minutes=5)
    await scene.calendly.change("visit", name="Another name")
    scene.way.block("GET", EVERYTHING, refusing(500), times=2)

    async def name() -> str:
        return str((await scene.bff.get("/event-types/visit")).json()["name"])

    async def is_new() -> bool:
        return await name() == "Another name"

    shown = [await name() for _ in range(2)]
    await healed(is_new)

    assert shown == ["Visit", "Visit"]
