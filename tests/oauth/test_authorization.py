"""Calendly's OAuth server, asked over HTTP: what comes of it, and what its refusals and silences mean."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from app.calendly_settings import CalendlySettings
from app.oauth.authorization import Application, Authorization
from app.oauth.failures import (
    AuthorizationAwayError,
    AuthorizationError,
    ClientRefusedError,
    GrantRefusedError,
    TokenQuotaError,
)
from app.oauth.grant import Grant
from app.oauth.pkce import challenge_of, new_verifier
from tests.calendly.servers import Visit, serving
from tests.oauth.examples import accepts, application_on, authorization_on, connected
from tests.support.oauth import CALLBACK, VERIFIER, brought_back, native
from tests.support.oauth import Application as Client
from tests.support.service import calls_of, plan_fault
from tests.support.simulation import Simulation

TOKEN = "^/oauth/token$"


async def grown_up(calendly: Simulation, authorization: Authorization, **changes: Any) -> str:
    """The code of a host who went where we sent them, and consented."""
    await calendly.settings(oauthConsent="grant")
    url = authorization.authorize_url(
        **({"redirect_uri": CALLBACK, "state": "st&te", "challenge": challenge_of(VERIFIER)} | changes)
    )
    answer = brought_back(await calendly.http.get(url))
    assert answer["state"] == "st&te"
    return answer["code"]


@pytest.mark.parametrize("is_native", [False, True], ids=["web", "native"])
async def test_a_host_who_consents_is_connected(calendly: Simulation, *, is_native: bool) -> None:
    async with authorization_on(calendly, native=is_native) as authorization:
        pair = await authorization.exchange(await grown_up(calendly, authorization), VERIFIER, CALLBACK)

    assert pair.user == await calendly.me()
    assert pair.account == pair.user.rsplit("/", 1)[1]
    assert pair.scopes == ("users:read", "event_types:read")
    assert pair.expires_at == calendly.clock() + timedelta(hours=2)
    assert await accepts(calendly, SecretStr(pair.access_token))


async def test_a_host_is_sent_to_calendly_alone_with_nothing_secret(calendly: Simulation) -> None:
    async with authorization_on(calendly, origin="https://auth.example.test") as authorization:
        url = authorization.authorize_url(redirect_uri=CALLBACK, state="s", challenge="c")

    assert url.startswith("https://auth.example.test/oauth/authorize?")
    assert parse_qs(urlsplit(url).query) == {
        "client_id": ["simulator-web-client"],
        "response_type": ["code"],
        "redirect_uri": [CALLBACK],
        "code_challenge": ["c"],
        "code_challenge_method": ["S256"],
        "scope": ["users:read event_types:read"],
        "state": ["s"],
    }


@pytest.mark.parametrize(
    ("verifier", "address"),
    [
        pytest.param(new_verifier(), CALLBACK, id="another verifier"),
        pytest.param(VERIFIER, CALLBACK + "/", id="another address"),
    ],
)
async def test_who_has_not_begun_does_not_finish(calendly: Simulation, verifier: str, address: str) -> None:
    async with authorization_on(calendly) as authorization:
        code = await grown_up(calendly, authorization)
        with pytest.raises(GrantRefusedError):
            await authorization.exchange(code, verifier, address)


async def test_a_code_is_good_once(calendly: Simulation) -> None:
    async with authorization_on(calendly) as authorization:
        code = await grown_up(calendly, authorization)
        await authorization.exchange(code, VERIFIER, CALLBACK)
        with pytest.raises(GrantRefusedError):
            await authorization.exchange(code, VERIFIER, CALLBACK)


async def test_a_refresh_token_is_good_once(calendly: Simulation) -> None:
    grant = await connected(calendly)
    async with authorization_on(calendly) as authorization:
        pair = await authorization.refresh(grant.refresh_token)
        with pytest.raises(GrantRefusedError):
            await authorization.refresh(grant.refresh_token)

    assert pair.account == grant.account
    assert pair.refresh_token != grant.refresh_token
    assert await accepts(calendly, SecretStr(pair.access_token))


async def test_what_is_revoked_opens_nothing(calendly: Simulation) -> None:
    grant = await connected(calendly)
    async with authorization_on(calendly) as authorization:
        await authorization.revoke(grant.access_token)
        with pytest.raises(GrantRefusedError):
            await authorization.refresh(grant.refresh_token)

    assert not await accepts(calendly, SecretStr(grant.access_token))


async def test_a_native_client_revokes_without_a_secret(calendly: Simulation) -> None:
    told = await native(calendly).connect()
    async with authorization_on(calendly, native=True) as authorization:
        await authorization.revoke(told["access_token"])

    assert not await accepts(calendly, SecretStr(told["access_token"]))


async def test_a_wrong_secret_is_our_own_fault(calendly: Simulation) -> None:
    grant = await connected(calendly)
    async with authorization_on(calendly, client_secret=SecretStr("wrong")) as authorization:
        for asked in (authorization.refresh, authorization.revoke):
            with pytest.raises(ClientRefusedError):
                await asked(grant.refresh_token)
    async with authorization_on(calendly) as authorization:
        assert await authorization.refresh(grant.refresh_token)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(401, {"message": "words of another kind"}, id="401 of another kind"),
        pytest.param(400, {"error": "invalid_client"}, id="400"),
        pytest.param(403, {"error": "unauthorized_client"}, id="403"),
    ],
)
async def test_who_is_refused_as_a_client_has_lost_no_grant(
    calendly: Simulation, status: int, body: dict[str, str]
) -> None:
    await plan_fault(calendly, "status", path=TOKEN, status=status, body=body)
    async with authorization_on(calendly) as authorization:
        with pytest.raises(ClientRefusedError):
            await authorization.refresh("refresh")


@pytest.mark.parametrize("status", [400, 401, 403, 422, 429])
async def test_a_grant_that_is_refused_is_refused_whatever_the_status(
    calendly: Simulation, status: int
) -> None:
    await plan_fault(calendly, "status", path=TOKEN, status=status, body={"error": "invalid_grant"})
    async with authorization_on(calendly) as authorization:
        with pytest.raises(GrantRefusedError):
            await authorization.refresh("refresh")


async def test_too_many_tokens_in_a_minute_are_told_with_the_wait(calendly: Simulation) -> None:
    grant = await connected(calendly)
    client = Client(calendly=calendly)
    for _ in range(7):
        await client.connect()
    async with authorization_on(calendly) as authorization:
        with pytest.raises(TokenQuotaError) as caught:
            await authorization.refresh(grant.refresh_token)
        calendly.clock.advance(minutes=2)
        pair = await authorization.refresh(grant.refresh_token)

    assert 1 <= caught.value.retry_after <= 60
    assert pair.account == grant.account


LOST = [
    pytest.param("status", {"status": 500}, True, id="500"),
    pytest.param("status", {"status": 503}, True, id="503"),
    pytest.param("status", {"status": 502, "body": {"error": "invalid_grant"}}, True, id="502 that refuses"),
    pytest.param("status", {"status": 302, "body": {"error": "invalid_grant"}}, False, id="302 that refuses"),
    pytest.param("status", {"status": 403}, False, id="the edge refuses"),
    pytest.param("status", {"status": 302}, False, id="a redirect"),
    pytest.param("status", {"status": 400, "body": {"error": "invalid_request"}}, False, id="asked wrongly"),
    pytest.param("status", {"status": 400, "body": {"error": 7}}, False, id="an odd refusal"),
    pytest.param("html", {"status": 200}, True, id="a page"),
    pytest.param("reset", {}, True, id="reset"),
    pytest.param("truncate", {}, True, id="cut short"),
    pytest.param("commit_then_reset", {}, True, id="done and reset"),
    pytest.param("commit_then_hang", {}, True, id="done and silent"),
    pytest.param("commit_then_status", {}, True, id="done and a bad gateway"),
    pytest.param("delay", {"seconds": 5}, True, id="too late"),
    pytest.param("drip", {"seconds": 0.3}, True, id="byte by byte"),
]


@pytest.mark.parametrize(("kind", "fault", "may_have_arrived"), LOST)
async def test_whether_what_was_lost_may_have_arrived(
    calendly: Simulation, kind: str, fault: dict[str, Any], *, may_have_arrived: bool
) -> None:
    grant = await connected(calendly)
    await plan_fault(calendly, kind, path=TOKEN, **fault)
    async with authorization_on(calendly, deadline=0.5) as authorization:
        with pytest.raises(AuthorizationAwayError) as caught:
            await authorization.refresh(grant.refresh_token)

    assert caught.value.may_have_arrived is may_have_arrived


async def _dripping_head(visit: Visit) -> None:
    """Never silent for long, and never done."""
    await visit.say(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        await asyncio.sleep(0.1)
        await visit.say(f"x-{number}: y\r\n".encode())


async def test_an_answer_that_never_begins_is_given_up_by_the_deadline(calendly: Simulation) -> None:
    async with (
        serving(_dripping_head) as server,
        authorization_on(calendly, deadline=0.3, origin=server.origin) as authorization,
    ):
        with pytest.raises(AuthorizationAwayError) as caught:
            async with asyncio.timeout(4):
                await authorization.refresh("refresh")

    assert caught.value.may_have_arrived


async def test_what_nobody_listens_to_has_not_arrived(calendly: Simulation) -> None:
    async with authorization_on(calendly, origin="http://127.0.0.1:9") as authorization:
        with pytest.raises(AuthorizationAwayError) as caught:
            await authorization.refresh("refresh")

    assert not caught.value.may_have_arrived


async def test_what_may_no_longer_be_sent_is_not(calendly: Simulation) -> None:
    grant = await connected(calendly)
    async with authorization_on(calendly) as authorization:
        with pytest.raises(AuthorizationAwayError) as caught:
            await authorization.refresh(grant.refresh_token, lambda: False)
        assert await authorization.refresh(grant.refresh_token)

    assert not caught.value.may_have_arrived


GOOD: dict[str, Any] = {
    "token_type": "bearer",
    "access_token": "access-marker",
    "refresh_token": "refresh-marker",
    "expires_in": 7200,
    "owner": "/users/ADA",
    "organization": "/organizations/ORG",
}


def _answer(calendly: Simulation, **changes: Any) -> dict[str, Any]:
    told = {name: value for name, value in (GOOD | changes).items() if value is not None}
    base = str(calendly.http.base_url).rstrip("/")
    return {
        name: base + value if isinstance(value, str) and value.startswith("/") else value
        for name, value in told.items()
    }


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in GOOD),
        {"expires_in": "7200"},
        {"expires_in": 0},
        {"expires_in": 10**12},
        {"access_token": ""},
        {"access_token": "two words"},
        {"refresh_token": "a\n"},
        {"refresh_token": 7},
        {"token_type": "mac"},
        {"owner": "https://elsewhere.example.test/users/ADA"},
        {"owner": "/users/"},
        {"owner": "no address"},
        {"organization": "https://elsewhere.example.test/organizations/ORG"},
    ],
    ids=str,
)
async def test_an_answer_that_is_odd_is_not_believed_and_not_repeated(
    calendly: Simulation, changes: dict[str, Any]
) -> None:
    await plan_fault(calendly, "status", path=TOKEN, status=200, body=_answer(calendly, **changes))
    async with authorization_on(calendly) as authorization:
        with capture_logs() as logged, pytest.raises(AuthorizationAwayError) as caught:
            await authorization.refresh("refresh")

    assert caught.value.may_have_arrived
    assert "marker" not in str(logged) + repr(caught.value) + repr(caught.value.__cause__)


async def test_an_answer_that_says_nothing_of_scopes_grants_what_was_asked_for(calendly: Simulation) -> None:
    for _ in range(2):
        await plan_fault(calendly, "status", path=TOKEN, status=200, body=_answer(calendly))
    async with authorization_on(calendly) as authorization:
        first = await authorization.exchange("code", VERIFIER, CALLBACK)
        second = await authorization.refresh("refresh")

    grant = Grant.of(first, calendly.clock())
    assert grant.scopes == ("users:read", "event_types:read")
    assert grant.renewed(second).scopes == grant.scopes
    assert "marker" not in repr(first)


async def test_an_endless_answer_is_given_up(calendly: Simulation) -> None:
    body = _answer(calendly, more="x" * 100_000)
    await plan_fault(calendly, "status", path=TOKEN, status=200, body=body)
    async with authorization_on(calendly) as authorization:
        with pytest.raises(AuthorizationAwayError):
            await authorization.refresh("refresh")


async def test_nothing_secret_is_logged(calendly: Simulation) -> None:
    grant = await connected(calendly)
    with capture_logs() as logged:
        async with authorization_on(calendly) as authorization:
            pair = await authorization.refresh(grant.refresh_token)
            for refused in (grant.refresh_token, "no such token"):
                with pytest.raises(AuthorizationError):
                    await authorization.refresh(refused)
            await authorization.revoke(pair.access_token)

    secrets = [pair.access_token, pair.refresh_token, grant.refresh_token, "web-client"]
    assert len(logged) == 6
    assert not [secret for secret in secrets if secret in str(logged)]


async def test_who_asks_says_who_they_are(calendly: Simulation) -> None:
    async with authorization_on(calendly) as authorization:
        with pytest.raises(GrantRefusedError):
            await authorization.refresh("refresh")

    [call] = await calls_of(calendly, "/oauth/token", "POST")
    assert call["userAgent"].startswith("calendly-bff/")


@pytest.mark.parametrize("name", ["origin", "api_origin"])
async def test_no_secret_goes_out_in_the_clear(calendly: Simulation, name: str) -> None:
    changes: dict[str, Any] = {name: "http://calendly.example.test"}
    application = application_on(calendly, **changes)

    with pytest.raises(ValueError, match="https"):
        Authorization(application, calendly.clock)


def test_without_an_id_there_is_no_application() -> None:
    assert Application.of(CalendlySettings()) is None


def test_an_application_is_as_the_settings_say() -> None:
    settings = CalendlySettings(oauth_client_id="client", oauth_client_secret=SecretStr("secret-marker"))

    application = Application.of(settings)

    assert application == Application(
        client_id="client",
        client_secret=SecretStr("secret-marker"),
        scopes="users:read event_types:read availability:read scheduled_events:write webhooks:write locations:read",
        origin="https://auth.calendly.com",
        api_origin="https://api.calendly.com",
    )
    assert "marker" not in repr(application)
