"""Registering applications, as the developer portal would."""

import pytest

from tests.support.oauth import Application
from tests.support.simulation import Json, Simulation

CLIENTS = "/_simulator/oauth_clients"
REDIRECT = "https://app.example.test/oauth/callback"


async def test_a_registered_web_client_gets_a_secret(calendly: Simulation) -> None:
    response = await calendly.http.post(CLIENTS, json={"name": "Sample", "redirectUris": [REDIRECT]})

    client = response.json()
    assert response.status_code == 201
    assert client == {
        "clientId": "simulator-client-3",
        "name": "Sample",
        "kind": "web",
        "clientSecret": "simulator-client-3-secret",
        "redirectUris": [REDIRECT],
        "webhookSigningKey": "simulator-client-3-signing-key",
    }
    application = Application(calendly=calendly, client_id=client["clientId"], secret=client["clientSecret"])
    code = await application.code(redirect_uri=REDIRECT)
    assert (await application.exchange(code, redirect_uri=REDIRECT)).status_code == 200


async def test_a_registered_native_client_has_none(calendly: Simulation) -> None:
    response = await calendly.http.post(
        CLIENTS, json={"name": "Sample", "kind": "native", "redirectUris": ["test.example.sample:/"]}
    )

    assert response.json()["clientSecret"] is None


async def test_an_address_can_be_changed(calendly: Simulation) -> None:
    await calendly.http.patch(f"{CLIENTS}/simulator-web-client", json={"redirectUris": [REDIRECT]})

    response = await Application(calendly=calendly).authorize(redirect_uri=REDIRECT)

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("POST", CLIENTS, {}, 400, id="no name"),
        pytest.param("POST", CLIENTS, {"name": "S", "colour": "red"}, 400, id="unknown field"),
        pytest.param("POST", CLIENTS, {"name": "S", "clientId": "a:b"}, 400, id="colon in the id"),
        pytest.param("POST", CLIENTS, {"name": "S", "clientSecret": ""}, 400, id="empty secret"),
        pytest.param("POST", CLIENTS, {"name": "S", "redirectUris": ["/here"]}, 400, id="relative address"),
        pytest.param("POST", CLIENTS, {"name": "S", "redirectUris": ["http://["]}, 400, id="no address"),
        pytest.param(
            "POST", CLIENTS, {"name": "S", "clientId": "simulator-web-client"}, 409, id="already there"
        ),
        pytest.param("PATCH", f"{CLIENTS}/nobody", {}, 404, id="unknown client"),
        pytest.param("PATCH", f"{CLIENTS}/simulator-web-client", {"clientId": "other"}, 400, id="another id"),
        pytest.param("PATCH", "/_simulator/settings", {"oauthUser": "nobody"}, 400, id="unknown user"),
        pytest.param("PATCH", "/_simulator/settings", {"oauthConsent": "maybe"}, 400, id="no decision"),
    ],
)
async def test_a_wrong_control_call_is_refused(
    calendly: Simulation, method: str, path: str, body: Json, status: int
) -> None:
    response = await calendly.http.request(method, path, json=body)

    assert response.status_code == status
    assert set(response.json()) == {"error"}
