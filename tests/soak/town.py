"""Calendly's pages, and a service to which all that happens on them is delivered: twice, shuffled and forged."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from app import API
from app.intents.options import ProtocolOptions
from app.webhooks.subscriptions import EVENTS, PATH
from tests.soak.fleet import running_fleet
from tests.soak.mischief import MISCHIEF
from tests.soak.service import Options
from tests.soak.tap import Tap, running_tap
from tests.soak.world import FIRST_SLOT, MANY, ONE, Calendly, running_neighbours, slot
from tests.support.redis import RedisServer
from tests.support.simulation import ADA, Json

KEY = "a-signing-key-of-the-trials"

SINGLES = 10
"""One visitor in so many."""


@dataclass(frozen=True, slots=True)
class Town:
    """Two replicas; Calendly delivers to the first, through the tap, and both carry out."""

    calendly: Calendly
    redis: RedisServer
    http: httpx.AsyncClient
    """To the simulator."""
    ports: Sequence[int]
    tap: Tap

    async def subscribe(self) -> None:
        me = (await self._get("/users/me"))["resource"]
        body = {
            "url": f"http://127.0.0.1:{self.tap.port}{PATH}",
            "events": EVENTS,
            "organization": me["current_organization"],
            "user": me["uri"],
            "scope": "user",
            "signing_key": KEY,
        }
        answer = await self.http.post("/webhook_subscriptions", json=body)
        assert answer.status_code == 201, answer.text

    async def book(self, number: int) -> None:
        """Some have a slot of their own, which is then seen to be taken."""
        kind = MANY if number % SINGLES else ONE
        visitor = {"name": f"Visitor {number}", "email": f"v{number}@example.test", "timezone": "UTC"}
        await self._submit(f"/ada/{kind}/{_start(number)}".replace("+00:00", "Z"), visitor)

    async def cancel(self, invitee: Json) -> None:
        await self._submit(_path(invitee["cancel_url"]), {"reason": ""})

    async def move(self, invitee: Json, number: int) -> None:
        """To the slot of the visitor with this number, of the same kind."""
        await self._submit(_path(invitee["reschedule_url"]), {"start_time": _start(number), "reason": ""})

    async def invitees(self) -> list[Json]:
        """Those that are booked, in the order of their numbers."""
        events: list[Json] = (await self._get("/_simulator/bookings"))["items"]
        found = [each for event in events for each in event["invitees"] if each["status"] == "active"]
        return sorted(found, key=lambda each: int(each["email"][1:].partition("@")[0]))

    async def deliveries(self) -> list[Json]:
        items: list[Json] = (await self._get("/_simulator/deliveries"))["items"]
        return items

    async def offered(self) -> set[datetime]:
        """The single event type's free times, by Calendly."""
        listing = await self._get(
            "/event_types", user=(await self._get("/users/me"))["resource"]["uri"], count=100
        )
        [kind] = [each["uri"] for each in listing["collection"] if each["slug"] == ONE]
        begin, end = _month()
        found = await self._get(
            "/event_type_available_times",
            event_type=kind,
            start_time=begin.isoformat(),
            end_time=end.isoformat(),
        )
        starts = {datetime.fromisoformat(each["start_time"]) for each in found["collection"]}
        return {start for start in starts if start < end}

    async def shown(self, port: int) -> set[datetime]:
        """The same, by a replica."""
        begin, end = _month()
        dates = {"from": begin.date(), "to": end.date() - timedelta(days=1), "timeZone": "UTC"}
        answer = await self.http.get(
            f"http://127.0.0.1:{port}{API}/event-types/{ONE}/availability",
            params={name: str(value) for name, value in dates.items()},
        )
        return {
            datetime.fromisoformat(each["start"]) for day in answer.json()["days"] for each in day["slots"]
        }

    async def metrics(self) -> list[str]:
        """What each replica shows."""
        return [(await self.http.get(f"http://127.0.0.1:{port}/metrics")).text for port in self.ports]

    async def _get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def _submit(self, path: str, form: Mapping[str, str]) -> None:
        answer = await self.http.post(path, data=dict(form))
        assert answer.status_code == 303, answer.text


def _start(number: int) -> str:
    """Single visitors have the even slots to themselves; the others share the odd ones, again and again."""
    return slot(2 * number + 1 if number % SINGLES else 2 * (number // SINGLES))


def _path(url: str) -> str:
    return httpx.URL(url).path


def _month() -> tuple[datetime, datetime]:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = midnight + FIRST_SLOT
    return begin, begin + timedelta(days=30)


@asynccontextmanager
async def running_town(folder: Path) -> AsyncIterator[Town]:
    async with running_neighbours(folder) as (calendly, redis, told):
        wishes = {"CALENDLY_WEBHOOK_KEYS": KEY, "BFF_READ_SHARE": "0.8"}
        options = Options(protocol=ProtocolOptions())
        headers = {"Authorization": f"Bearer {ADA}"}
        address = f"http://127.0.0.1:{calendly.port}"
        async with (
            running_fleet(folder, told | wishes, options) as fleet,
            httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as http,
        ):
            await calendly.settings(webhookMischief=MISCHIEF, webhookRetrySeconds=1, latencyMs=0)
            ports = [(await fleet.start()).port for _ in range(2)]
            async with running_tap(ports[0]) as tap:
                town = Town(calendly, redis, http, ports, tap)
                await town.subscribe()
                yield town
