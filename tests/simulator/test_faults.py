"""Faults: what is played in process, which calls they meet, and how often."""

import asyncio
import time

import pytest

from tests.support.simulation import Simulation

ANYTHING: dict[str, str] = {}


async def plan(calendly: Simulation, fault: object, match: object = ANYTHING, times: int = 1) -> None:
    response = await calendly.http.post(
        "/_simulator/faults", json={"match": match, "times": times, "fault": fault}
    )
    assert response.status_code == 201, response.text


async def booked(calendly: Simulation) -> int:
    response = await calendly.http.get("/_simulator/bookings")
    return len(response.json()["items"])


async def logged(calendly: Simulation) -> list[int | None]:
    response = await calendly.http.get("/_simulator/calls")
    return [call["status"] for call in response.json()["items"]]


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "text"),
    [
        pytest.param(
            {"kind": "status"},
            500,
            "application/json",
            '{"title": "Internal Server Error", '
            '"message": "The server encountered an unexpected condition."}',
            id="status by default",
        ),
        pytest.param(
            {"kind": "status", "status": 418, "body": {"title": "Tea"}},
            418,
            "application/json",
            '{"title": "Tea"}',
            id="status with JSON",
        ),
        pytest.param(
            {"kind": "status", "status": 200, "body": "{oops"},
            200,
            "text/plain; charset=utf-8",
            "{oops",
            id="status with text",
        ),
        pytest.param(
            {"kind": "status", "body": "[]", "headers": {"Content-Type": "application/json"}},
            500,
            "application/json",
            "[]",
            id="status with a header",
        ),
        pytest.param(
            {"kind": "html"},
            200,
            "text/html; charset=utf-8",
            "<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>",
            id="a page by default",
        ),
        pytest.param(
            {"kind": "html", "status": 503, "body": "<p>Back soon"},
            503,
            "text/html; charset=utf-8",
            "<p>Back soon",
            id="a page of one's own",
        ),
    ],
)
async def test_another_answer_is_sent_instead(
    calendly: Simulation, fault: object, status: int, content_type: str, text: str
) -> None:
    await plan(calendly, fault)

    response = await calendly.get("/users/me")

    assert (response.status_code, response.headers["content-type"], response.text) == (
        status,
        content_type,
        text,
    )


async def test_a_status_is_sent_before_anything_is_done(calendly: Simulation) -> None:
    body = await calendly.booking("intro-call")
    await plan(calendly, {"kind": "status", "status": 503})

    await calendly.send(body)

    assert await booked(calendly) == 0


async def test_commit_then_status_books_all_the_same(calendly: Simulation) -> None:
    body = await calendly.booking("intro-call")
    await plan(calendly, {"kind": "commit_then_status", "status": 504})

    response = await calendly.send(body)

    assert response.status_code == 504
    assert await booked(calendly) == 1


async def test_commit_then_reset_books_all_the_same(calendly: Simulation) -> None:
    body = await calendly.booking("intro-call")
    await plan(calendly, {"kind": "commit_then_reset"})

    with pytest.raises(ConnectionResetError):
        await calendly.send(body)

    assert await booked(calendly) == 1


async def test_a_reset_does_nothing_else(calendly: Simulation) -> None:
    body = await calendly.booking("intro-call")
    await plan(calendly, {"kind": "reset"})

    with pytest.raises(ConnectionResetError):
        await calendly.send(body)

    assert await booked(calendly) == 0
    assert (await logged(calendly))[-1] is None


async def test_a_delay_comes_before_the_call_is_served(calendly: Simulation) -> None:
    body = await calendly.booking("intro-call")
    await plan(calendly, {"kind": "delay", "seconds": 0.05})

    sending = asyncio.create_task(calendly.send(body))
    await asyncio.sleep(0.01)
    before = await booked(calendly)
    response = await sending

    assert (before, response.status_code) == (0, 201)


async def test_a_drip_sends_the_whole_answer_slowly(calendly: Simulation) -> None:
    await plan(calendly, {"kind": "drip", "seconds": 0.0001})
    began = time.monotonic()

    response = await calendly.get("/users/me")

    assert response.json()["resource"]["slug"] == "ada"
    assert time.monotonic() - began > 0.0001 * len(response.content)


async def test_latency_comes_before_every_answer(calendly: Simulation) -> None:
    await calendly.settings(latencyMs=30)
    began = time.monotonic()

    await calendly.get("/users/me")

    assert time.monotonic() - began >= 0.03


@pytest.mark.parametrize(
    ("match", "statuses"),
    [
        pytest.param({}, [503, 200, 200], id="anything: the first call"),
        pytest.param({"path": "/locations"}, [200, 503, 200], id="by path"),
        pytest.param({"path": "me$"}, [503, 200, 200], id="anywhere in the path"),
        pytest.param({"method": "POST"}, [200, 200, 200], id="another method"),
        pytest.param({"method": "GET", "path": "^/event_types$"}, [200, 200, 503], id="both"),
    ],
)
async def test_a_fault_meets_the_calls_it_is_meant_for(
    calendly: Simulation, match: object, statuses: list[int]
) -> None:
    user = await calendly.me()
    await plan(calendly, {"kind": "status", "status": 503}, match)

    responses = [
        await calendly.get("/users/me"),
        await calendly.get("/locations", user=user),
        await calendly.get("/event_types", user=user),
    ]

    assert [response.status_code for response in responses] == statuses


async def test_a_fault_is_spent_after_its_number_of_times(calendly: Simulation) -> None:
    await plan(calendly, {"kind": "status", "status": 503}, times=2)

    responses = [await calendly.get("/users/me") for _ in range(3)]

    assert [response.status_code for response in responses] == [503, 503, 200]


async def test_faults_come_in_the_order_of_planning(calendly: Simulation) -> None:
    await plan(calendly, {"kind": "status", "status": 503})
    await plan(calendly, {"kind": "status", "status": 502})

    responses = [await calendly.get("/users/me") for _ in range(2)]

    assert [response.status_code for response in responses] == [503, 502]


async def test_faults_can_be_taken_back(calendly: Simulation) -> None:
    await plan(calendly, {"kind": "status"}, times=9)
    await calendly.http.delete("/_simulator/faults")

    response = await calendly.get("/users/me")

    assert response.status_code == 200


async def test_a_control_call_meets_no_fault(calendly: Simulation) -> None:
    await plan(calendly, {"kind": "status"})

    response = await calendly.http.get("/_simulator/settings")

    assert response.status_code == 200
