"""How an account is connected, as operator and host see it."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from app.main import create_app
from app.settings import BffSettings
from tests.support.accounts import (
    OPERATOR,
    begun,
    come_back,
    connect,
    connecting_of,
    connecting_service,
    decided,
    new_link,
    owned,
)
from tests.support.ports import free_port
from tests.support.redis import RedisServer
from tests.support.service import Json, Service, calls_of, plan_fault
from tests.support.simulation import ADA, Simulation


@pytest.fixture
async def bff(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    """Nobody is connected yet."""
    async with connecting_service(calendly, redis) as service:
        yield service


def heading(page: str) -> str:
    (found,) = re.findall(r"<h1>(.*)</h1>", page)
    return str(found)


async def _slugs(bff: Service) -> set[str]:
    return {each["account"] for each in (await bff.get("/event-types")).json()["items"]}


async def test_an_operator_makes_a_link_for_an_hour(bff: Service, calendly: Simulation) -> None:
    answer = await bff.http.post("/connect/links", headers=OPERATOR)

    told = answer.json()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/connect/[\w-]{43}", told["url"])
    assert datetime.fromisoformat(told["expiresAt"]) == calendly.clock() + timedelta(hours=1)


@pytest.mark.parametrize("given", [None, "Bearer wrong", "Bearer ", "Basic b3BlcmF0b3I6", "Bearer \xe9"])
async def test_nobody_else_makes_links(bff: Service, given: str | None) -> None:
    headers = [] if given is None else [(b"authorization", given.encode("latin-1"))]

    answer = await bff.http.post("/connect/links", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "operator_key_required")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_misspelt_wish_makes_no_link(bff: Service) -> None:
    answer = await bff.http.post("/connect/links", headers=OPERATOR, params={"account": "grace"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_without_an_operators_key_there_is_no_such_call(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with connecting_service(calendly, redis, operator_key=None) as bff:
        answer = await bff.http.post("/connect/links", headers=OPERATOR)

    assert answer.status_code == 404


async def test_where_browsers_reach_the_service_must_be_said(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with connecting_service(calendly, redis, operator_key=None, host="0.0.0.0") as bff:  # noqa: S104
        answer = await bff.http.get("/connect/anything")

    assert answer.status_code == 404
    with pytest.raises(ValueError, match="BFF_PUBLIC_URL must be set where BFF_OPERATOR_KEY is"):
        BffSettings(host="0.0.0.0", operator_key="k" * 32)  # noqa: S104


async def test_links_lead_to_the_public_address(calendly: Simulation, redis: RedisServer) -> None:
    async with connecting_service(calendly, redis, public_url="https://booking.example.test") as bff:
        told = (await bff.http.post("/connect/links", headers=OPERATOR)).json()
        asked = await begun(bff)

    assert told["url"].startswith("https://booking.example.test/connect/")
    assert asked["redirect_uri"] == "https://booking.example.test/oauth/callback"


async def test_to_look_at_a_link_does_not_use_it_up(bff: Service) -> None:
    link = await new_link(bff)

    looks = [await bff.http.get(link) for _ in range(3)]

    assert [look.status_code for look in looks] == [200] * 3
    assert (await bff.http.post(link)).status_code == 303


async def test_a_used_link_is_as_good_as_an_unknown_one(bff: Service) -> None:
    link = await new_link(bff)
    await bff.http.post(link)

    answers = [
        await bff.http.request(method, path)
        for method in ("GET", "POST")
        for path in (link, f"/connect/{'x' * 43}", "/connect/%ff%00", "/connect/links")
        if (method, path) != ("POST", "/connect/links")
    ]

    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert heading(answers[0].text) == "This link is not good, or no longer"


async def test_a_host_is_sent_to_calendly_with_state_and_challenge(
    bff: Service, calendly: Simulation
) -> None:
    answer = await bff.http.post(await new_link(bff))

    assert answer.headers["location"].startswith(
        f"{calendly.http.base_url}/oauth/authorize?".replace("//oauth", "/oauth")
    )
    asked = await begun(bff)
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/oauth/callback"
    assert len(asked["state"]) == len(asked["code_challenge"]) == 43


async def test_a_host_who_consents_is_served_at_once_and_named(bff: Service, calendly: Simulation) -> None:
    page = await connect(bff, calendly, "grace")

    assert (page.status_code, heading(page.text)) == (200, "Connected")
    assert "Grace Example can be booked from now on." in page.text
    assert await _slugs(bff) == {"grace"}


async def test_a_host_whose_name_cannot_be_read_is_connected_all_the_same(
    bff: Service, calendly: Simulation
) -> None:
    await plan_fault(calendly, "status", status=500, path="^/users/me", times=100)

    page = await connect(bff, calendly, "grace")

    assert (page.status_code, heading(page.text)) == (200, "Connected")
    assert "Your Calendly account can be booked" in page.text


async def test_a_host_who_refuses_is_not_connected(bff: Service, calendly: Simulation) -> None:
    page = await connect(bff, calendly, "grace", "refuse")

    assert (page.status_code, heading(page.text)) == (200, "Not connected")
    assert owned(bff).accounts.all() == ()


@pytest.mark.parametrize("decision", ["grant", "refuse"])
async def test_an_answer_counts_once(bff: Service, calendly: Simulation, decision: str) -> None:
    brought = await decided(calendly, await begun(bff), "grace", decision)
    await come_back(bff, brought)

    again = await come_back(bff, brought)

    assert (again.status_code, heading(again.text)) == (404, "This link is not good, or no longer")


@pytest.mark.parametrize("brought", [{}, {"state": "made up", "code": "x"}, {"code": "x"}, {"state": "\x00"}])
async def test_an_answer_to_nothing_is_told_to_nobody(
    bff: Service, calendly: Simulation, brought: Json
) -> None:
    page = await come_back(bff, brought)

    assert (page.status_code, heading(page.text)) == (404, "This link is not good, or no longer")
    assert await calls_of(calendly, "/oauth/token", "POST") == []


async def test_a_code_that_calendly_does_not_know_connects_nobody(bff: Service) -> None:
    asked = await begun(bff)

    page = await come_back(bff, {"state": asked["state"], "code": "made-up"})

    assert page.status_code == 404
    assert owned(bff).accounts.all() == ()


@pytest.mark.parametrize("brought", [{"error": "invalid_scope"}, {}], ids=["an error", "nothing"])
async def test_what_no_host_can_mend_is_said_so(bff: Service, brought: Json) -> None:
    asked = await begun(bff)

    page = await come_back(bff, {"state": asked["state"]} | brought)

    assert (page.status_code, heading(page.text)) == (502, "Calendly did not accept the request")


@pytest.mark.parametrize(
    ("status", "said"), [(401, "Calendly did not accept the request"), (503, "Calendly did not answer")]
)
async def test_where_calendly_gives_no_tokens_a_new_link_is_needed(
    bff: Service, calendly: Simulation, status: int, said: str
) -> None:
    brought = await decided(calendly, await begun(bff), "grace")
    await plan_fault(calendly, "status", status=status, path="^/oauth/token")

    page = await come_back(bff, brought)

    assert (page.status_code, heading(page.text)) == (502, said)
    assert (await come_back(bff, brought)).status_code == 404
    assert owned(bff).accounts.all() == ()


async def test_an_account_with_a_token_of_its_own_needs_no_grant_and_keeps_none(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Whose the token is, nobody has asked before."""
    async with connecting_service(calendly, redis, token=ADA) as bff:
        page = await connect(bff, calendly, "ada")

        assert (page.status_code, heading(page.text)) == (409, "Connected already")
        assert (await connecting_of(bff).grants.list()).grants == ()
        assert len(await calls_of(calendly, "/oauth/revoke", "POST")) == 1


async def test_without_the_state_store_nobody_is_connected(calendly: Simulation, redis: RedisServer) -> None:
    async with connecting_service(calendly, redis, state_url=f"redis://127.0.0.1:{free_port()}/0") as bff:
        link = await bff.http.post("/connect/links", headers=OPERATOR)
        pages = [
            await bff.http.get("/connect/x"),
            await bff.http.post("/connect/x"),
            await come_back(bff, {"state": "x", "code": "x"}),
        ]

    assert (link.status_code, link.json()["code"]) == (503, "state_away")
    assert {(page.status_code, heading(page.text)) for page in pages} == {(503, "Not at the moment")}


async def test_the_pages_are_nobody_elses_business(bff: Service, calendly: Simulation) -> None:
    link = await new_link(bff)
    answers = [
        await bff.http.get(link),
        await bff.http.post(link),
        await connect(bff, calendly),
        await bff.http.get(link),
    ]

    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
    policies = [answer.headers.get("Content-Security-Policy", "") for answer in answers]
    assert all(policy.startswith("default-src 'none'") for policy in policies[::2])
    assert "form-action 'self' " in policies[0]
    assert "form-action 'none'" in policies[2]


async def test_neither_links_nor_codes_nor_states_are_logged(
    bff: Service, calendly: Simulation, capfd: pytest.CaptureFixture[str]
) -> None:
    link = await new_link(bff)
    await bff.http.get(link)
    asked = await begun(bff)
    brought = await decided(calendly, asked, "grace")
    capfd.readouterr()

    await come_back(bff, brought)
    await bff.http.post(link)

    logged = "".join(capfd.readouterr())
    secrets = [link.rsplit("/", 1)[1], asked["state"], asked["code_challenge"], brought["code"]]
    assert '"route": "/oauth/callback"' in logged
    assert [secret for secret in secrets if secret in logged] == []


def test_pages_for_people_are_not_in_the_api_document() -> None:
    paths = create_app().openapi()["paths"]

    assert [path for path in paths if path.startswith(("/connect", "/oauth"))] == ["/connect/links"]
