"""What the trials with thousands of deliveries are judged by would show what is wrong."""

import asyncio
from math import inf

import httpx
import pytest
from prometheus_client import generate_latest

from app.observability import Metrics
from app.webhooks.subscriptions import PATH
from tests.relay.receiver import answer, receiving
from tests.soak.answer_times import Answer, AnswerTimes, own_times
from tests.soak.mischief import lacking, shares
from tests.soak.tap import running_tap
from tests.support.simulation import Json

SLOW = 0.6
"""Seconds: more than an answer may take."""

PROMPT = {0.25: 0, 0.5: 100, inf: 100}
"""By the service's own figures."""


def answers(**seconds: int) -> list[Answer]:
    """So many of `taken` and `refused`, `slowly_…` and not."""
    kinds = {
        "taken": Answer(204, 0.1),
        "slowly_taken": Answer(204, SLOW),
        "refused": Answer(503, 0.1),
        "slowly_refused": Answer(503, SLOW),
    }
    return [kinds[name] for name, count in seconds.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("sent", "own", "expected"),
    [
        pytest.param(answers(taken=99, slowly_taken=1), PROMPT, 0, id="one in a hundred"),
        pytest.param(answers(taken=98, slowly_taken=2), PROMPT, 2, id="two in a hundred"),
        pytest.param(
            answers(taken=98, slowly_taken=2, refused=900), PROMPT, 1, id="hidden by those that are refused"
        ),
        pytest.param(answers(taken=90, slowly_refused=10), PROMPT, 1, id="refusals"),
        pytest.param(answers(taken=100), {0.5: 98, inf: 100}, 1, id="by the service's own figures"),
        pytest.param(answers(taken=100), {}, 1, id="the service has no figures"),
    ],
)
def test_slow_answers_are_seen(sent: list[Answer], own: dict[float, int], expected: int) -> None:
    assert AnswerTimes(sent, own).wrong == {"p99 over 500 ms": expected, "nothing answered": 0}


def test_where_nothing_was_answered_nothing_is_proved() -> None:
    assert AnswerTimes([], PROMPT).wrong["nothing answered"] == 1


def test_the_services_own_figures_are_those_of_deliveries_at_all_replicas() -> None:
    shown = []
    for seconds in (0.1, SLOW):
        metrics = Metrics()
        metrics.requests.add("POST", PATH, 204, seconds)
        metrics.requests.add("GET", "/livez", 200, SLOW)
        shown.append(generate_latest(metrics.registry).decode())

    found = own_times(shown)

    assert (found[0.25], found[0.5], found[0.75], found[inf]) == (1, 1, 2, 2)


async def test_the_tap_takes_the_time_that_a_service_takes() -> None:
    async with receiving() as slow, httpx.AsyncClient() as http:
        slow.pause = SLOW
        slow.usual = answer(503)
        async with running_tap(slow.port) as tap:
            for _ in range(2):
                await http.post(f"http://127.0.0.1:{tap.port}/", content=b"a" * 300_000)
            found = await tap.answers()

    assert [each.status for each in found] == [503, 503]
    assert all(SLOW <= each.seconds < 2 * SLOW for each in found), found


async def test_the_tap_takes_no_time_in_which_its_sender_is_busy() -> None:
    async with receiving() as prompt, httpx.AsyncClient() as http, running_tap(prompt.port) as tap:
        sent = asyncio.create_task(http.post(f"http://127.0.0.1:{tap.port}/", content=b"a"))
        await prompt.answered.wait()
        busy_for(SLOW)
        await sent
        [found] = await tap.answers()

    assert found.seconds < SLOW / 2


def busy_for(seconds: float) -> None:
    """This process does nothing else meanwhile."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        pass


def message(kind: str, made: int, tried: int) -> Json:
    """Made and tried at these seconds."""
    at = [{"at": f"2026-11-23T06:00:{tried:02}.000000Z"}]
    return {"number": made, "kind": kind, "createdAt": f"2026-11-23T06:00:{made:02}.000000Z", "attempts": at}


def test_mischief_that_befell_too_few_is_seen() -> None:
    sent = [message("genuine", second, second) for second in range(9)]
    sent += [message("duplicate", 9, 9)]

    found = shares(sent)

    assert found == {"duplicates": 0.1, "out of order": 0.0, "forgeries": 0.0}
    assert set(lacking(found).values()) == {1}


def test_mischief_that_befell_enough_is_none_of_what_is_wrong() -> None:
    sent = [message("genuine", second, second) for second in range(7)]
    sent += [message("duplicate", 1, 8), message("duplicate", 2, 8), message("forged", 9, 9)]

    found = shares(sent)

    assert found == {"duplicates": 0.2, "out of order": 0.2, "forgeries": 0.1}
    assert set(lacking(found).values()) == {0}
