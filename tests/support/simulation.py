"""The simulator for tests: in process with a clock that stands still, or behind a socket."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from asgi_lifespan import LifespanManager

from simulator.app import create_simulator, utc_now
from simulator.server import server_config
from simulator.state import Clock
from tests.support.serving import serve_config

Json = dict[str, Any]

ADA = "simulator-token-ada"
GRACE = "simulator-token-grace"
BASE = "http://calendly.example.test"
MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""07:00 in Berlin and 01:00 in New York, before anybody works."""

ADDRESSES = [
    pytest.param({"emailsLowered": lowered, "emailFiltersExact": exact}, id=f"{kept}, {found}")
    for lowered, kept in ((False, "as sent"), (True, "lowered"))
    for exact, found in ((False, "in any case"), (True, "exactly"))
]
"""How Calendly may keep addresses, and what its filters may find."""

INVITEE = {"name": "Grace Example", "email": "grace@example.test", "timezone": "Europe/Berlin"}


@dataclass
class StandingClock:
    """A clock that moves when it is told to."""

    moment: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **distance: float) -> None:
        self.moment += timedelta(**distance)


@dataclass
class Simulation:
    """A simulator in process, spoken to as Ada unless a token is given."""

    http: httpx.AsyncClient
    clock: StandingClock
    token: str = ADA

    def as_(self, token: str) -> "Simulation":
        return Simulation(self.http, self.clock, token)

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **options)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.call("GET", path, params=params)

    async def me(self) -> str:
        response = await self.get("/users/me")
        return str(response.json()["resource"]["uri"])

    async def settings(self, **changes: Any) -> None:
        response = await self.http.patch("/_simulator/settings", json=changes)
        assert response.status_code == 200, response.text

    async def assume(self, **changes: Any) -> None:
        await self.settings(assumptions=changes)

    async def change(self, slug: str, /, **changes: Any) -> Json:
        """Give a seeded event type other fields."""
        uuid = (await self.event_type(slug))["uri"].rsplit("/", 1)[1]
        response = await self.http.patch(f"/_simulator/event_types/{uuid}", json=changes)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def event_type(self, slug: str) -> Json:
        listing = await self.get("/event_types", user=await self.me(), count=100)
        return next(item for item in listing.json()["collection"] if item["slug"] == slug)

    async def available_times(self, slug: str, **params: Any) -> httpx.Response:
        """For the coming month, unless the parameters say otherwise."""
        kind = await self.event_type(slug)
        now = self.clock()
        window = {"start_time": now.isoformat(), "end_time": (now + timedelta(days=31)).isoformat()}
        return await self.get(
            "/event_type_available_times", **{"event_type": kind["uri"], **window, **params}
        )

    async def starts(self, slug: str, **params: Any) -> list[str]:
        response = await self.available_times(slug, **params)
        return [item["start_time"] for item in response.json()["collection"]]

    async def booking(self, slug: str, **changes: Any) -> Json:
        """A body for the first free time, with whatever the event type's place needs; a change to None removes."""
        kind = await self.event_type(slug)
        starts = await self.starts(slug)
        body: Json = {"event_type": kind["uri"], "start_time": next(iter(starts), None), "invitee": INVITEE}
        if kind["locations"] and kind["pooling_type"] != "round_robin":
            body["location"] = location_for(kind["locations"][0])
        return {key: value for key, value in (body | changes).items() if value is not None}

    async def send(self, body: object) -> httpx.Response:
        return await self.call("POST", "/invitees", json=body)

    async def book(self, slug: str, **changes: Any) -> Json:
        """The new invitee. Fails the test where the booking is refused."""
        response = await self.send(await self.booking(slug, **changes))
        assert response.status_code == 201, response.text
        return dict(response.json()["resource"])

    async def read(self, uri: str) -> Json:
        response = await self.get(uri)
        return dict(response.json()["resource"])


def location_for(configured: Json) -> Json:
    """What a booking sends for a configured place."""
    match configured["kind"]:
        case "physical" | "custom":
            return {"kind": configured["kind"], "location": configured["location"]}
        case "ask_invitee":
            return {"kind": "ask_invitee", "location": "The cafe round the corner"}
        case "outbound_call":
            return {"kind": "outbound_call", "location": "+493012345678"}
        case kind:
            return {"kind": kind}


@asynccontextmanager
async def simulation(*, control: bool = True, sends: bool = False) -> AsyncIterator[Simulation]:
    """With `sends`, messages to webhooks leave."""
    clock = StandingClock()
    app = create_simulator(clock=clock, control=control)
    async with AsyncExitStack() as stack:
        if sends:
            await stack.enter_async_context(LifespanManager(app))
        transport = httpx.ASGITransport(app)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=BASE))
        yield Simulation(http, clock)


@contextmanager
def running_simulator(clock: Clock = utc_now) -> Iterator[str]:
    """A simulator behind a real socket, able to cut connections; gives its base URL."""
    with serve_config(server_config(create_simulator(clock=clock), host="127.0.0.1", port=0)) as base_url:
        yield base_url
