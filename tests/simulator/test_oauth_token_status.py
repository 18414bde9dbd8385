"""Revoking a token, asking about one, and disconnecting an application from Calendly's side."""

import pytest

from tests.support.oauth import Application, native
from tests.support.simulation import Simulation

UNUSABLE = {"active": False}


@pytest.fixture
def application(calendly: Simulation) -> Application:
    return Application(calendly=calendly)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_both(application: Application, which: str) -> None:
    tokens = await application.connect()

    response = await application.revoke(tokens[which])

    assert (response.status_code, response.json()) == (200, {})
    assert (await application.calendly.as_(tokens["access_token"]).get("/users/me")).status_code == 401
    assert (await application.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_revoking_one_token_leaves_the_other_where_that_is_assumed(application: Application) -> None:
    await application.calendly.assume(revokingEndsBothTokens=False)
    tokens = await application.connect()

    await application.revoke(tokens["access_token"])

    assert (await application.calendly.as_(tokens["access_token"]).get("/users/me")).status_code == 401
    assert (await application.refresh(tokens["refresh_token"])).status_code == 200


async def test_revoking_a_token_that_nobody_knows_is_no_error(application: Application) -> None:
    response = await application.revoke("unknown")

    assert (response.status_code, response.json()) == (200, {})


async def test_nothing_to_revoke_is_an_error(application: Application) -> None:
    response = await application.revoke("")

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_the_token_of_another_client_is_not_revoked(application: Application) -> None:
    tokens = await application.connect()

    response = await native(application.calendly).revoke(tokens["access_token"])

    assert (response.status_code, response.json()["error"]) == (403, "unauthorized_client")
    assert (await application.calendly.as_(tokens["access_token"]).get("/users/me")).status_code == 200


async def test_a_wrong_secret_revokes_nothing(application: Application) -> None:
    impostor = Application(calendly=application.calendly, secret="wrong")

    assert (await impostor.revoke("any")).status_code == 403


async def test_a_token_is_described(application: Application) -> None:
    tokens = await application.connect()

    access = await application.introspect(tokens["access_token"])
    refresh = await application.introspect(tokens["refresh_token"])

    assert access == {
        "active": True,
        "scope": "users:read event_types:read",
        "client_id": "simulator-web-client",
        "token_type": "Bearer",
        "iat": 1795413600,
        "exp": 1795420800,
        "owner": tokens["owner"],
        "organization": tokens["organization"],
    }
    assert set(access) - set(refresh) == {"exp"}


async def test_of_a_token_that_is_over_nothing_is_said(application: Application) -> None:
    tokens = await application.connect()
    await application.refresh(tokens["refresh_token"])
    application.calendly.clock.advance(hours=2)

    assert await application.introspect(tokens["access_token"]) == UNUSABLE
    assert await application.introspect(tokens["refresh_token"]) == UNUSABLE
    assert await application.introspect("unknown") == UNUSABLE


async def test_of_another_clients_token_nothing_is_said(application: Application) -> None:
    tokens = await application.connect()

    assert await native(application.calendly).introspect(tokens["access_token"]) == UNUSABLE


async def test_the_refusal_of_an_introspection_is_an_assumption(calendly: Simulation) -> None:
    impostor = {"client_id": "nobody", "client_secret": "wrong", "token": "any"}
    await calendly.assume(introspectionRefusedStatus=403)

    response = await calendly.http.post("/oauth/introspect", data=impostor)

    assert (response.status_code, response.json()["error"]) == (403, "invalid_client")


async def test_a_user_can_disconnect_everything(application: Application) -> None:
    ada, grace = await application.connect("ada"), await application.connect("grace")

    response = await application.calendly.http.delete("/_simulator/oauth_grants/ada")

    assert response.status_code == 204
    assert (await application.refresh(ada["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await application.refresh(grace["refresh_token"])).status_code == 200


async def test_a_user_whom_nobody_knows_disconnects_nothing(calendly: Simulation) -> None:
    assert (await calendly.http.delete("/_simulator/oauth_grants/nobody")).status_code == 404


async def test_grants_are_shown_without_their_tokens(application: Application) -> None:
    tokens = await application.connect("grace")
    await application.refresh(tokens["refresh_token"])

    response = await application.calendly.http.get("/_simulator/oauth_grants")

    items = response.json()["items"]
    assert [item["refreshEnded"] for item in items] == [True, False]
    assert items[1] == {
        "clientId": "simulator-web-client",
        "user": "grace",
        "scope": "users:read event_types:read",
        "createdAt": "2026-11-23T06:00:00.000000Z",
        "expiresAt": "2026-11-23T08:00:00.000000Z",
        "accessEnded": False,
        "refreshEnded": False,
    }
    assert tokens["access_token"] not in response.text
