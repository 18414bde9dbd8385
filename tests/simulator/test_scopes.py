"""Scopes: what each operation asks for, and what a token without it gets."""

import pytest

from simulator.api import OPERATIONS
from simulator.operations import Operation
from tests.support.simulation import ADA, GRACE, Simulation

EXPECTED = {
    "GET /users/{uuid}": "users:read",
    "GET /organizations/{uuid}": "organizations:read",
    "GET /locations": "locations:read",
    "GET /event_types": "event_types:read",
    "GET /event_types/{uuid}": "event_types:read",
    "GET /event_type_memberships": "event_types:read",
    "GET /event_type_available_times": "availability:read",
    "GET /user_busy_times": "availability:read",
    "GET /user_availability_schedules": "availability:read",
    "GET /user_availability_schedules/{uuid}": "availability:read",
    "POST /invitees": "scheduled_events:write",
    "GET /scheduled_events": "scheduled_events:read",
    "GET /scheduled_events/{uuid}": "scheduled_events:read",
    "GET /scheduled_events/{uuid}/invitees": "scheduled_events:read",
    "GET /scheduled_events/{uuid}/invitees/{invitee_uuid}": "scheduled_events:read",
    "POST /scheduled_events/{uuid}/cancellation": "scheduled_events:write",
    "POST /invitee_no_shows": "scheduled_events:write",
    "GET /invitee_no_shows/{uuid}": "scheduled_events:read",
    "DELETE /invitee_no_shows/{uuid}": "scheduled_events:write",
    "POST /webhook_subscriptions": "webhooks:write",
    "GET /webhook_subscriptions": "webhooks:read",
    "GET /webhook_subscriptions/{uuid}": "webhooks:read",
    "DELETE /webhook_subscriptions/{uuid}": "webhooks:write",
    "GET /sample_webhook_data": "webhooks:read",
}
operations = pytest.mark.parametrize(
    "operation", [pytest.param(one, id=f"{one.method} {one.path}") for one in OPERATIONS]
)


def scope_of(operation: Operation) -> str:
    return EXPECTED[f"{operation.method} {operation.path}"]


@operations
async def test_without_its_scope_an_operation_is_refused(calendly: Simulation, operation: Operation) -> None:
    await calendly.settings(scopes={ADA: ["shares:write"]})

    response = await calendly.call(operation.method, operation.path.format(uuid="X", invitee_uuid="Y"))

    scope = scope_of(operation)
    assert response.status_code == 403
    assert response.json() == {
        "title": "Insufficient scope",
        "message": f"This action requires the following scopes: {scope}",
        "required_scopes": [scope],
    }


@operations
async def test_with_its_scope_alone_an_operation_is_let_in(
    calendly: Simulation, operation: Operation
) -> None:
    await calendly.settings(scopes={ADA: [scope_of(operation)]})

    response = await calendly.call(operation.method, operation.path.format(uuid="X", invitee_uuid="Y"))

    assert response.status_code in {400, 404}


async def test_to_write_includes_to_read(calendly: Simulation) -> None:
    user = await calendly.me()
    await calendly.settings(scopes={ADA: ["scheduled_events:write"]})

    response = await calendly.get("/scheduled_events", user=user)

    assert response.status_code == 200


async def test_to_read_does_not_include_to_write(calendly: Simulation) -> None:
    await calendly.settings(scopes={ADA: ["scheduled_events:read"]})

    response = await calendly.send({})

    assert response.json()["required_scopes"] == ["scheduled_events:write"]


async def test_scopes_are_those_of_one_token(calendly: Simulation) -> None:
    await calendly.settings(scopes={ADA: []})

    response = await calendly.as_(GRACE).get("/users/me")

    assert response.status_code == 200


async def test_the_scope_of_available_times_is_an_assumption(calendly: Simulation) -> None:
    await calendly.assume(availableTimesScope="event_types:read")
    await calendly.settings(scopes={ADA: ["availability:read"]})

    response = await calendly.get("/event_type_available_times")

    assert response.json()["required_scopes"] == ["event_types:read"]
