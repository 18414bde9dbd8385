"""Subscribing to the simulator's messages."""

import asyncio
from collections.abc import Callable

import httpx

from tests.support.listener import PATIENCE_SECONDS
from tests.support.simulation import Json, Simulation

INVITEE_EVENTS = ["invitee.created", "invitee.canceled"]


async def organization(calendly: Simulation) -> str:
    return str((await calendly.read("/users/me"))["current_organization"])


async def asked(calendly: Simulation, url: str, /, **changes: object) -> Json:
    """A body for the caller's own bookings; a change to None leaves a field out."""
    body = {
        "url": url,
        "events": INVITEE_EVENTS,
        "organization": await organization(calendly),
        "scope": "user",
        "user": await calendly.me(),
        "signing_key": "simulator-signing-key",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


async def subscribe(calendly: Simulation, url: str, /, **changes: object) -> Json:
    """The new subscription. Fails the test where it is refused."""
    response = await post(calendly, await asked(calendly, url, **changes))
    assert response.status_code == 201, response.text
    return dict(response.json()["resource"])


async def post(calendly: Simulation, body: object) -> httpx.Response:
    return await calendly.call("POST", "/webhook_subscriptions", json=body)


async def deliveries(calendly: Simulation) -> list[Json]:
    """What the simulator says of its messages."""
    items: list[Json] = (await calendly.http.get("/_simulator/deliveries")).json()["items"]
    return items


async def delivery_once(calendly: Simulation, number: int, holds: Callable[[Json], bool]) -> Json:
    """A delivery once this can be said of it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            for one in await deliveries(calendly):
                if one["number"] == number and holds(one):
                    return one
            await asyncio.sleep(0.01)


async def settled(calendly: Simulation, number: int, attempts: int = 1) -> Json:
    """A delivery once it was tried so often."""
    return await delivery_once(calendly, number, lambda one: len(one["attempts"]) >= attempts)
