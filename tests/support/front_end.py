"""The two sides of the service: a front end in front of it, and Calendly's simulator behind it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import httpx

from tests.support.canary import TOKEN, answer_leaks, report
from tests.support.loopback import NOBODY

Json = dict[str, Any]

API = "/api/v1"
TIMEOUT = 30.0

_keys = count()


def watch(response: httpx.Response) -> None:
    """Hold an answer of the service against the canaries."""
    response.read()
    headers = list(response.headers.items())
    report(answer_leaks(response.url.path, response.status_code, headers, response.content))


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """Speaks to the service as a visitor's browser would."""

    http: httpx.Client

    def read(self, path: str, **query: str) -> Any:
        response = self.http.get(API + path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def event_type(self, slug: str) -> Json:
        items: list[Json] = self.read("/event-types", slug=slug)["items"]
        return items[0]

    def form(self, slug: str) -> Json:
        return dict(self.read(f"/event-types/{slug}/form"))

    def starts(self, slug: str, zone: str = "Europe/Berlin", *, after_days: int = 1) -> list[str]:
        """Free starts of a month. It begins tomorrow, so that no slot is over before a test has used it."""
        first = datetime.now(UTC).date() + timedelta(days=after_days)
        days = self.days(slug, zone, first, first + timedelta(days=30))
        return [slot["start"] for day in days for slot in day["slots"]]

    def days(self, slug: str, zone: str, first: date, last: date) -> list[Json]:
        query = {"from": first.isoformat(), "to": last.isoformat(), "timeZone": zone}
        days: list[Json] = self.read(f"/event-types/{slug}/availability", **query)["days"]
        return days

    def book(self, body: object, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key or f"key-{next(_keys)}"}
        return self.http.post(f"{API}/bookings", json=body, headers=headers)

    def preflight(self, body: object) -> httpx.Response:
        return self.http.post(f"{API}/bookings/preflight", json=body)

    def manage(self, booking: Json, part: str = "", body: Json | None = None) -> httpx.Response:
        """With the token that came with the booking: a GET, or a POST of `body`."""
        return self.http.request(
            "GET" if body is None else "POST",
            f"{API}/bookings/{booking['id']}{part}",
            json=body,
            headers={"Authorization": f"Bearer {booking['manage']['token']}"},
        )

    def send(self, call: str, body: object) -> httpx.Response:
        """By the name of the call: `bookings` or `preflight`."""
        return self.book(body) if call == "bookings" else self.preflight(body)


@dataclass(frozen=True, slots=True)
class CalendlyControl:
    """The simulator: its control calls, and Calendly's own API as Ada."""

    http: httpx.Client

    def reset(self, **settings: object) -> None:
        assert self.http.post("/_simulator/reset").status_code == 204
        if settings:
            assert self.http.patch("/_simulator/settings", json=settings).status_code == 200

    def calls(self, method: str | None = None, path: str | None = None) -> list[Json]:
        items: list[Json] = self.http.get("/_simulator/calls").json()["items"]
        return [call for call in items if method in {None, call["method"]} and path in {None, call["path"]}]

    def forget_calls(self) -> None:
        assert self.http.delete("/_simulator/calls").status_code == 204

    def sent_bookings(self) -> list[Json]:
        """The bodies of all `POST /invitees`."""
        return [call["body"] for call in self.calls("POST", "/invitees")]

    def bookings(self) -> list[Json]:
        items: list[Json] = self.http.get("/_simulator/bookings").json()["items"]
        return items

    def fail(self, path: str, times: int = 100, method: str | None = None, **fault: object) -> None:
        planned = {"match": {"method": method, "path": path}, "times": times, "fault": fault}
        assert self.http.post("/_simulator/faults", json=planned).status_code == 201

    def event_types(self) -> dict[str, Json]:
        """All of Ada's, by slug."""
        me = self._read("/users/me")["resource"]["uri"]
        listed = self._read("/event_types", user=me, count="100")["collection"]
        return {each["slug"]: each for each in listed}

    def starts(self, slug: str, begins: datetime, ends: datetime) -> list[str]:
        """Free starts as Calendly spells them, both ends at most 31 days apart."""
        query = {
            "event_type": self.event_types()[slug]["uri"],
            "start_time": begins.astimezone(UTC).isoformat(),
            "end_time": ends.astimezone(UTC).isoformat(),
        }
        return [
            slot["start_time"] for slot in self._read("/event_type_available_times", **query)["collection"]
        ]

    def take(self, slug: str, start: datetime, location: Json | None = None) -> None:
        """Book at Calendly itself, behind the service's back."""
        body: Json = {
            "event_type": self.event_types()[slug]["uri"],
            "start_time": start.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "invitee": {"name": "Grace Example", "email": "grace@example.test", "timezone": "UTC"},
        }
        body |= {} if location is None else {"location": location}
        response = self.http.post("/invitees", json=body, headers=_AS_ADA)
        assert response.status_code == 201, response.text

    def _read(self, path: str, **query: str) -> Json:
        response = self.http.get(path, params=query, headers=_AS_ADA)
        assert response.status_code == 200, response.text
        return dict(response.json())


_AS_ADA = {"Authorization": f"Bearer {TOKEN}"}


@contextmanager
def both_sides(service: str, simulator: str) -> Iterator[tuple[FrontEnd, CalendlyControl]]:
    """Clients of a running service, whose answers are held against the canaries, and of its simulator."""
    hooks = {"response": [watch]}
    with (
        httpx.Client(base_url=service, verify=NOBODY, timeout=TIMEOUT, event_hooks=hooks) as visitor,
        httpx.Client(base_url=simulator, verify=NOBODY, timeout=TIMEOUT) as control,
    ):
        yield FrontEnd(visitor), CalendlyControl(control)


def faults_of(response: httpx.Response) -> Sequence[tuple[str, str]]:
    """Pointer and code of each fault of an `invalid_request`."""
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return [(fault["pointer"], fault["code"]) for fault in response.json()["errors"]]
