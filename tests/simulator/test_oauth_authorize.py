"""`/oauth/authorize`: the consent page, and what the browser brings back to the application."""

import pytest

from tests.support.oauth import CALLBACK, CHALLENGE, Application, brought_back, native
from tests.support.simulation import Simulation


@pytest.fixture
def application(calendly: Simulation) -> Application:
    return Application(calendly=calendly)


async def test_the_user_is_asked_on_a_page(application: Application) -> None:
    response = await application.authorize()

    assert response.status_code == 200
    assert "<h1>Connect Example Web Application</h1>" in response.text
    assert "users:read, event_types:read" in response.text
    assert '<option value="ada" selected>Ada Example</option>' in response.text
    assert f'<input type="hidden" name="code_challenge" value="{CHALLENGE}">' in response.text


async def test_consent_brings_back_a_code_and_the_state(application: Application) -> None:
    brought = await application.decide("grant", "grace")

    assert set(brought) == {"code", "state"}
    assert brought["state"] == "a state"


async def test_refusal_brings_back_an_error(application: Application) -> None:
    brought = await application.decide("refuse", "ada")

    assert (brought["error"], brought["state"]) == ("access_denied", "a state")


async def test_a_state_that_was_not_sent_is_not_invented(application: Application) -> None:
    assert set(await application.decide("grant", "ada", state=None)) == {"code"}


async def test_the_address_keeps_its_own_query(application: Application) -> None:
    await application.calendly.http.patch(
        "/_simulator/oauth_clients/simulator-web-client", json={"redirectUris": [f"{CALLBACK}?tenant=7"]}
    )

    brought = await application.decide("grant", "ada", redirect_uri=f"{CALLBACK}?tenant=7")

    assert set(brought) == {"tenant", "code", "state"}


async def test_a_user_whom_nobody_knows_sees_the_page_again(application: Application) -> None:
    form = application.request() | {"decision": "grant", "user": "nobody"}

    response = await application.calendly.http.post("/oauth/authorize", data=form)

    assert "<h1>Connect Example Web Application</h1>" in response.text


async def test_consent_can_be_given_beforehand(application: Application) -> None:
    await application.calendly.settings(oauthConsent="grant", oauthUser="grace")

    brought = brought_back(await application.authorize())
    tokens = (await application.exchange(brought["code"])).json()

    user = await application.calendly.as_(tokens["access_token"]).read("/users/me")
    assert user["slug"] == "grace"


async def test_consent_can_be_refused_beforehand(application: Application) -> None:
    await application.calendly.settings(oauthConsent="refuse")

    assert brought_back(await application.authorize())["error"] == "access_denied"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="other response type"),
        pytest.param({"response_type": None}, "unsupported_response_type", id="no response type"),
        pytest.param({"code_challenge": None}, "invalid_request", id="no challenge"),
        pytest.param({"code_challenge": "short"}, "invalid_request", id="malformed challenge"),
        pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="plain challenge"),
        pytest.param({"code_challenge_method": None}, "invalid_request", id="no challenge method"),
        pytest.param({"scope": "users:read user:read"}, "invalid_scope", id="misspelt scope"),
    ],
)
async def test_a_wrong_request_is_told_to_the_application(
    application: Application, changes: dict[str, str | None], error: str
) -> None:
    brought = brought_back(await application.authorize(**changes))

    assert (brought["error"], brought["state"]) == (error, "a state")
    assert set(brought) == {"error", "error_description", "state"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"client_id": "nobody"}, id="unknown client"),
        pytest.param({"client_id": None}, id="no client"),
        pytest.param({"redirect_uri": None}, id="no address"),
        pytest.param({"redirect_uri": "https://elsewhere.example.test/"}, id="another address"),
        pytest.param({"redirect_uri": "http://127.0.0.1:9/oauth/callback/more"}, id="another path"),
        pytest.param({"redirect_uri": "http://127.0.0.1:9@elsewhere.example.test/"}, id="disguised host"),
        pytest.param({"redirect_uri": "http://me@127.0.0.1:9/oauth/callback"}, id="user in the address"),
        pytest.param({"redirect_uri": "http://[/"}, id="no address at all"),
    ],
)
async def test_an_address_that_is_not_the_applications_is_never_redirected_to(
    application: Application, changes: dict[str, str | None]
) -> None:
    response = await application.authorize(**changes)

    assert response.status_code == 400
    assert "location" not in response.headers
    assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_the_port_of_a_loopback_address_counts_where_that_is_assumed(application: Application) -> None:
    await application.calendly.assume(loopbackRedirectsAnyPort=False)

    strict = await application.authorize()
    exact = await application.authorize(redirect_uri="http://127.0.0.1/oauth/callback")

    assert (strict.status_code, exact.status_code) == (400, 200)


async def test_a_native_client_has_a_scheme_of_its_own(calendly: Simulation) -> None:
    response = await native(calendly).authorize(redirect_uri="test.example.native:/oauth/callback")

    assert response.status_code == 200


async def test_pkce_and_known_scopes_are_assumptions(application: Application) -> None:
    await application.calendly.assume(pkceRequired=False, unknownScopesRefused=False)

    code = await application.code(
        scope="users:read pets:read", code_challenge=None, code_challenge_method=None
    )
    answer = await application.exchange(code, code_verifier=None)

    assert answer.json()["scope"] == "users:read pets:read"
