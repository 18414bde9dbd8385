"""Subscribing to the simulator's messages."""

import httpx

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
