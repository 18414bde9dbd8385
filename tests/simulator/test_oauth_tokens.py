"""`POST /oauth/token`: what a code and a refresh token are good for, and how often."""

import pytest

from tests.support.oauth import Application, native
from tests.support.simulation import GRACE, Json, Simulation

BASE = "http://calendly.example.test"


@pytest.fixture
def application(calendly: Simulation) -> Application:
    return Application(calendly=calendly)


async def test_a_code_is_answered_with_a_pair_and_whose_it_is(application: Application) -> None:
    response = await application.exchange(await application.code())

    body = response.json()
    assert response.status_code == 200
    assert body.pop("access_token").startswith("simulator-access-token-")
    assert body.pop("refresh_token").startswith("simulator-refresh-token-")
    assert body == {
        "token_type": "Bearer",
        "scope": "users:read event_types:read",
        "created_at": 1795413600,
        "expires_in": 7200,
        "owner": await application.calendly.me(),
        "organization": f"{BASE}/organizations/ORGEXAMPLEAAAAAA",
    }
    assert response.headers["cache-control"] == "no-store"


async def test_a_native_client_sends_its_id_alone(calendly: Simulation) -> None:
    tokens = await native(calendly).connect()

    refreshed = await native(calendly).refresh(tokens["refresh_token"])

    assert refreshed.status_code == 200


async def test_a_token_lets_in_until_two_hours_have_passed(application: Application) -> None:
    tokens = await application.connect("grace")
    caller = application.calendly.as_(tokens["access_token"])

    application.calendly.clock.advance(seconds=7199)
    before = await caller.get("/users/me")
    application.calendly.clock.advance(seconds=1)
    after = await caller.get("/users/me")

    assert before.json()["resource"]["slug"] == "grace"
    assert (after.status_code, after.json()["title"]) == (401, "Unauthenticated")


async def test_a_token_may_do_what_was_granted(application: Application) -> None:
    tokens = await application.connect(scope="users:read")

    response = await application.calendly.as_(tokens["access_token"]).send({})

    assert response.status_code == 403
    assert response.json()["required_scopes"] == ["scheduled_events:write"]


async def test_no_scope_grants_nothing(application: Application) -> None:
    tokens = await application.connect(scope=None)

    assert (await application.calendly.as_(tokens["access_token"]).get("/users/me")).status_code == 403


@pytest.mark.parametrize("scope", [None, "default"])
async def test_a_token_may_do_everything_where_that_is_assumed(
    application: Application, scope: str | None
) -> None:
    await application.calendly.assume(omittedScopeGrantsNothing=False)

    tokens = await application.connect(scope=scope)

    assert tokens["scope"] == "default"
    assert (await application.calendly.as_(tokens["access_token"]).get("/users/me")).status_code == 200


async def test_calls_are_counted_for_the_user_over_all_tokens(application: Application) -> None:
    tokens = await application.connect("grace")
    await application.calendly.as_(GRACE).get("/users/me")

    response = await application.calendly.as_(tokens["access_token"]).get("/users/me")

    assert response.headers["x-ratelimit-remaining"] == "498"


def refusal(response_json: Json) -> str:
    assert set(response_json) == {"error", "error_description"}
    return str(response_json["error"])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"code": "unknown"}, id="unknown code"),
        pytest.param({"redirect_uri": "http://127.0.0.1:10/oauth/callback"}, id="another address"),
        pytest.param({"code_verifier": "another"}, id="another verifier"),
        pytest.param({"code_verifier": None}, id="no verifier"),
    ],
)
async def test_a_code_is_refused_with_anything_else_than_it_was_asked_for(
    application: Application, changes: dict[str, str | None]
) -> None:
    response = await application.exchange(await application.code(), **changes)

    assert (response.status_code, refusal(response.json())) == (400, "invalid_grant")


async def test_a_code_is_one_clients(application: Application) -> None:
    response = await native(application.calendly).exchange(await application.code())

    assert (response.status_code, refusal(response.json())) == (400, "invalid_grant")


async def test_a_code_lasts_ten_minutes(application: Application) -> None:
    code = await application.code()
    application.calendly.clock.advance(minutes=10)

    response = await application.exchange(code)

    assert (response.status_code, refusal(response.json())) == (400, "invalid_grant")


@pytest.mark.parametrize(("ends", "status"), [(True, 401), (False, 200)])
async def test_a_code_is_good_once(application: Application, *, ends: bool, status: int) -> None:
    await application.calendly.assume(reusedCodeEndsGrant=ends)
    code = await application.code()
    tokens = (await application.exchange(code)).json()

    again = await application.exchange(code)

    assert (again.status_code, refusal(again.json())) == (400, "invalid_grant")
    first = await application.calendly.as_(tokens["access_token"]).get("/users/me")
    assert first.status_code == status


async def test_a_refresh_brings_a_new_pair(application: Application) -> None:
    old = await application.connect()
    application.calendly.clock.advance(hours=3)

    new = (await application.refresh(old["refresh_token"])).json()

    assert {new["access_token"], new["refresh_token"]}.isdisjoint({old["access_token"], old["refresh_token"]})
    assert (new["scope"], new["owner"]) == (old["scope"], old["owner"])
    assert (await application.calendly.as_(new["access_token"]).get("/users/me")).status_code == 200


@pytest.mark.parametrize(("ends", "status"), [(True, 401), (False, 200)])
async def test_a_refresh_token_is_good_once(application: Application, *, ends: bool, status: int) -> None:
    await application.calendly.assume(reusedRefreshTokenEndsGrant=ends)
    old = await application.connect()
    new = (await application.refresh(old["refresh_token"])).json()

    again = await application.refresh(old["refresh_token"])

    assert (again.status_code, refusal(again.json())) == (400, "invalid_grant")
    newer = await application.calendly.as_(new["access_token"]).get("/users/me")
    assert newer.status_code == status


@pytest.mark.parametrize(("ends", "status"), [(True, 401), (False, 200)])
async def test_an_access_token_outlives_the_refresh_unless_assumed(
    application: Application, *, ends: bool, status: int
) -> None:
    await application.calendly.assume(refreshEndsAccessToken=ends)
    old = await application.connect()

    await application.refresh(old["refresh_token"])

    assert (await application.calendly.as_(old["access_token"]).get("/users/me")).status_code == status


async def test_a_refresh_token_is_one_clients(application: Application) -> None:
    tokens = await application.connect()

    response = await native(application.calendly).refresh(tokens["refresh_token"])

    assert (response.status_code, refusal(response.json())) == (400, "invalid_grant")
    assert (await application.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_user_gets_eight_tokens_a_minute(application: Application) -> None:
    tokens = await application.connect()
    for _ in range(7):
        tokens = (await application.refresh(tokens["refresh_token"])).json()

    refused = await application.refresh(tokens["refresh_token"])
    other = await application.exchange(await application.code("grace"))
    application.calendly.clock.advance(minutes=1)
    later = await application.refresh(tokens["refresh_token"])

    assert (refused.status_code, other.status_code, later.status_code) == (429, 200, 200)
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-reset"] == "60"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        pytest.param({}, "invalid_request", id="nothing"),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="another grant"),
        pytest.param({"grant_type": "refresh_token"}, "invalid_request", id="no refresh token"),
        pytest.param({"grant_type": "authorization_code"}, "invalid_request", id="no code"),
        pytest.param(
            {"grant_type": "authorization_code", "code": "x"}, "invalid_request", id="no redirect address"
        ),
    ],
)
async def test_what_is_missing_is_said(application: Application, form: dict[str, str], error: str) -> None:
    response = await application.token(**form)

    assert (response.status_code, refusal(response.json())) == (400, error)


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [
        pytest.param("nobody", "simulator-web-client-secret", id="unknown client"),
        pytest.param("simulator-web-client", "wrong", id="wrong secret"),
        pytest.param("simulator-web-client", None, id="no secret"),
        pytest.param("simulator-native-client", "made up", id="a secret for a native client"),
    ],
)
async def test_a_client_that_cannot_prove_itself_is_refused(
    calendly: Simulation, client_id: str, secret: str | None
) -> None:
    response = await Application(calendly=calendly, client_id=client_id, secret=secret).refresh("any")

    assert (response.status_code, refusal(response.json())) == (401, "invalid_client")
    assert response.headers["www-authenticate"].startswith("Basic ")


async def test_a_broken_authorization_header_is_refused(calendly: Simulation) -> None:
    response = await calendly.http.post(
        "/oauth/token", data={"grant_type": "refresh_token"}, headers={"authorization": "Basic ?"}
    )

    assert (response.status_code, refusal(response.json())) == (401, "invalid_client")


@pytest.mark.parametrize(("allowed", "status"), [(False, 401), (True, 200)])
async def test_a_secret_in_the_body_is_an_assumption(
    application: Application, *, allowed: bool, status: int
) -> None:
    await application.calendly.assume(clientSecretInTokenBody=allowed)
    tokens = await application.connect()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    credentials = {"client_id": application.client_id, "client_secret": str(application.secret)}

    response = await application.calendly.http.post("/oauth/token", data=form | credentials)

    assert response.status_code == status


async def test_json_is_no_form(calendly: Simulation) -> None:
    response = await calendly.http.post("/oauth/token", json={"grant_type": "refresh_token"})

    assert (response.status_code, refusal(response.json())) == (400, "invalid_request")


async def test_no_secret_of_a_token_call_is_in_the_log(application: Application) -> None:
    tokens = await application.connect()
    await application.refresh(tokens["refresh_token"])
    await application.revoke(tokens["refresh_token"])

    log = await application.calendly.http.get("/_simulator/calls")

    refreshes = [call["body"] for call in log.json()["items"] if "refresh_token" in str(call["body"])]
    assert refreshes == [{"grant_type": "refresh_token", "refresh_token": "(hidden)"}]
    assert tokens["refresh_token"] not in log.text
    assert str(application.secret) not in log.text
