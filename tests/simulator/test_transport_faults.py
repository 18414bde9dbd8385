"""Faults of the connection itself, on a real socket."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.simulation import ADA, INVITEE, StandingClock, running_simulator


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {ADA}"}
    with (
        running_simulator(StandingClock()) as base_url,
        httpx.Client(base_url=base_url, headers=headers, timeout=2) as client,
    ):
        yield client


def plan(http: httpx.Client, kind: str, **fault: object) -> None:
    response = http.post("/_simulator/faults", json={"fault": {"kind": kind, **fault}})
    assert response.status_code == 201


def bookings(http: httpx.Client) -> int:
    return len(http.get("/_simulator/bookings").json()["items"])


def booking(http: httpx.Client) -> dict[str, object]:
    user = http.get("/users/me").json()["resource"]["uri"]
    listing = http.get("/event_types", params={"user": user}).json()["collection"]
    kind = next(item for item in listing if item["slug"] == "no-place")
    return {"event_type": kind["uri"], "start_time": "2026-11-23T08:00:00Z", "invitee": INVITEE}


def test_a_reset_is_a_tcp_reset(http: httpx.Client) -> None:
    plan(http, "reset")

    with pytest.raises(httpx.ReadError, match="reset"):
        http.get("/users/me")


def test_a_truncated_answer_breaks_off_half_way(http: httpx.Client) -> None:
    whole = http.get("/users/me")
    plan(http, "truncate")

    with http.stream("GET", "/users/me") as response:
        promised = int(response.headers["content-length"])
        with pytest.raises(httpx.RemoteProtocolError, match=f"received {promised // 2} bytes"):
            response.read()

    assert promised == len(whole.content)


def test_a_hanging_answer_has_booked_all_the_same(http: httpx.Client) -> None:
    body = booking(http)
    plan(http, "commit_then_hang")

    with pytest.raises(httpx.ReadTimeout):
        http.post("/invitees", json=body, timeout=0.2)

    assert bookings(http) == 1


def test_a_hanging_answer_ends_without_one(http: httpx.Client) -> None:
    plan(http, "commit_then_hang", seconds=0.05)

    with pytest.raises(httpx.RemoteProtocolError):
        http.get("/users/me")


def test_a_reset_after_the_commit_has_booked_all_the_same(http: httpx.Client) -> None:
    body = booking(http)
    plan(http, "commit_then_reset")

    with pytest.raises(httpx.ReadError, match="reset"):
        http.post("/invitees", json=body)

    assert bookings(http) == 1


def test_the_next_call_is_served_again(http: httpx.Client) -> None:
    plan(http, "reset")
    with pytest.raises(httpx.ReadError):
        http.get("/users/me")

    response = http.get("/users/me")

    assert response.status_code == 200


def test_addresses_are_those_of_the_server(http: httpx.Client) -> None:
    response = http.get("/users/me")

    assert response.json()["resource"]["uri"].startswith(str(http.base_url).rstrip("/"))


def test_the_date_is_the_simulators_own(http: httpx.Client) -> None:
    response = http.get("/users/me")

    assert response.headers.get_list("date") == ["Mon, 23 Nov 2026 06:00:00 GMT"]
