"""`doctor`: each neighbour in each state, and what to do about it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.doctor import Finding, Verdict, diagnose
from app.relay.notices import body_of
from app.relay.outbox import Outbox
from app.relay.targets import Target
from app.sealing import Sealer
from app.settings import Settings
from app.store.connection import open_store
from app.store.state import StateStore
from app.webhooks.subscriptions import EVENTS, PATH
from tests.relay.examples import KEY, SECRET, notice
from tests.relay.receiver import receiving
from tests.support.accounts import both_connected, id_of, owned, revoked, settings_to_connect
from tests.support.ports import free_port
from tests.support.redis import CACHE, STATE, RedisServer, running_redis
from tests.support.service import plan_fault, settings_for
from tests.support.simulation import ADA, GRACE, Simulation, StandingClock
from tests.support.webhooks import settled, subscribe

SCOPES = [
    "users:read",
    "event_types:read",
    "availability:read",
    "scheduled_events:read",
    "locations:read",
]


async def _examined(calendly: Simulation, **bff: Any) -> dict[str, Finding]:
    return await _said(settings_for(str(calendly.http.base_url), **bff), calendly)


async def _said(settings: Settings, calendly: Simulation) -> dict[str, Finding]:
    return {finding.subject: finding async for finding in diagnose(settings, calendly.clock)}


async def test_where_all_is_well_nothing_is_wrong(calendly: Simulation, redis: RedisServer) -> None:
    found = await _examined(calendly, redis_url=redis.url(CACHE), state_url=redis.url(STATE))

    assert {subject: finding.verdict for subject, finding in found.items()} == {
        "BFF_REDIS_URL": Verdict.FINE,
        "BFF_STATE_URL": Verdict.FINE,
        "clock": Verdict.FINE,
        **dict.fromkeys(SCOPES, Verdict.FINE),
        "scheduled_events:write": Verdict.NOTE,
        "BFF_ALLOWED_ORIGINS": Verdict.FINE,
    }


async def test_it_says_how_much_it_found(calendly: Simulation) -> None:
    found = await _examined(calendly)

    assert found["event_types:read"].text == "Calendly answers, 14 found"


async def test_it_books_nothing_and_writes_nothing(calendly: Simulation, redis: RedisServer) -> None:
    await _examined(calendly, redis_url=redis.url(CACHE), state_url=redis.url(STATE))

    calls = (await calendly.http.get("/_simulator/calls")).json()["items"]
    assert {call["method"] for call in calls} == {"GET"}


@pytest.mark.parametrize(
    ("registered", "verdict", "advice"),
    [(True, Verdict.FINE, "tells us"), (False, Verdict.WRONG, "webhooks register")],
)
async def test_whether_calendly_tells_us_what_happens_is_found_out(
    calendly: Simulation, *, registered: bool, verdict: Verdict, advice: str
) -> None:
    if registered:
        await subscribe(calendly, f"http://127.0.0.1:9{PATH}", events=EVENTS)

    found = (await _examined(calendly, public_url="http://127.0.0.1:9"))["webhooks"]

    assert (found.verdict, advice in found.text) == (verdict, True)


async def test_a_subscription_that_was_given_up_is_found_out(calendly: Simulation) -> None:
    await subscribe(calendly, f"http://127.0.0.1:9{PATH}", events=EVENTS)
    await calendly.book("intro-call")
    await settled(calendly, 1)
    calendly.clock.advance(days=1, minutes=1)

    found = (await _examined(calendly, public_url="http://127.0.0.1:9"))["webhooks"]

    assert (found.verdict, "webhooks mend" in found.text) == (Verdict.WRONG, True)


async def test_what_is_found_of_subscriptions_names_the_account(
    calendly: Simulation, redis: RedisServer
) -> None:
    """One of which nothing is known by the address that is its own."""
    address = f"http://127.0.0.1:9{PATH}/{await id_of(calendly, GRACE)}"
    settings = settings_to_connect(calendly, redis, public_url="http://127.0.0.1:9")
    async with both_connected(calendly, redis) as bff:
        alive = [each async for each in diagnose(settings, calendly.clock) if "webhooks" in each.subject]
        await revoked(bff, calendly, GRACE)
        await owned(bff).cache.flushdb()
        after = [each async for each in diagnose(settings, calendly.clock) if "webhooks" in each.subject]

    assert {each.text.partition(": ")[0] for each in alive} == {"ada", "grace"}
    assert {each.text.partition(": ")[0] for each in after} == {"ada", address}


async def test_a_token_that_may_not_see_subscriptions_is_found_out(calendly: Simulation) -> None:
    await calendly.settings(scopes={ADA: SCOPES})

    found = (await _examined(calendly, public_url="http://127.0.0.1:9"))["webhooks:read"]

    assert found.verdict is Verdict.WRONG


async def test_embedded_stores_and_no_origins_are_worth_a_note(calendly: Simulation) -> None:
    found = await _examined(calendly, allowed_origins=())

    noted = [subject for subject, finding in found.items() if finding.verdict is Verdict.NOTE]
    assert noted == ["BFF_REDIS_URL", "BFF_STATE_URL", "scheduled_events:write", "BFF_ALLOWED_ORIGINS"]


@pytest.mark.parametrize(
    ("away", "without"),
    [("redis_url", "every read asks Calendly"), ("state_url", "bookings are closed")],
)
async def test_a_redis_that_is_away_is_wrong(
    calendly: Simulation, redis: RedisServer, away: str, without: str
) -> None:
    urls = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}

    found = await _examined(calendly, **urls | {away: f"redis://127.0.0.1:{free_port()}/0"})

    finding = found[f"BFF_{away.upper()}"]
    assert finding.verdict is Verdict.WRONG
    assert without in finding.text


async def test_a_redis_that_does_not_know_us_is_wrong(calendly: Simulation, redis: RedisServer) -> None:
    found = await _examined(calendly, redis_url=f"redis://ada:wrong@127.0.0.1:{redis.port}/{CACHE}")

    finding = found["BFF_REDIS_URL"]
    assert finding.verdict is Verdict.WRONG
    assert "Check address, password and TLS." in finding.text


async def test_a_state_store_that_keeps_what_it_is_told_is_fine(
    calendly: Simulation, redis: RedisServer
) -> None:
    found = await _examined(calendly, redis_url=redis.url(CACHE), state_url=redis.url(STATE))

    assert found["BFF_STATE_URL"] == Finding(Verdict.FINE, "BFF_STATE_URL", "Redis keeps what it is told")


@pytest.mark.fault("R06")
async def test_a_state_store_that_may_evict_is_wrong(
    calendly: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    with running_redis(tmp_path, maxmemory_policy="allkeys-lru") as evicting:
        found = await _examined(calendly, redis_url=redis.url(CACHE), state_url=evicting.url(STATE))

    assert found["BFF_STATE_URL"].verdict is Verdict.WRONG
    assert "`maxmemory-policy noeviction`" in found["BFF_STATE_URL"].text


async def test_without_a_token_it_says_how_to_get_one() -> None:
    [finding] = [finding async for finding in diagnose(Settings(), StandingClock())]

    assert (finding.verdict, finding.subject) == (Verdict.WRONG, "token")
    assert "CALENDLY_TOKEN is not set" in finding.text


async def test_a_token_that_calendly_does_not_know_ends_the_examination(calendly: Simulation) -> None:
    await plan_fault(calendly, "status", path="/users/me", status=401)

    found = await _examined(calendly)

    assert found["users:read"].verdict is Verdict.WRONG
    assert "Make a new one and set CALENDLY_TOKEN" in found["users:read"].text
    assert "event_types:read" not in found


@pytest.mark.parametrize("scope", SCOPES[1:])
async def test_a_scope_that_is_missing_is_named(calendly: Simulation, scope: str) -> None:
    await calendly.settings(scopes={ADA: [each for each in SCOPES if each != scope]})

    finding = (await _examined(calendly))[scope]

    assert finding.verdict is (Verdict.NOTE if scope == "locations:read" else Verdict.WRONG)
    assert f"with the scope {scope}" in finding.text


async def test_the_scopes_that_calendly_itself_asks_for_are_named(calendly: Simulation) -> None:
    refusal = {"title": "Insufficient scope", "required_scopes": ["calendars:read", "teams:read", "no scope"]}
    await plan_fault(calendly, "status", path="/event_types$", status=403, body=refusal)

    finding = (await _examined(calendly))["event_types:read"]

    assert finding.verdict is Verdict.WRONG
    assert "with the scope calendars:read teams:read," in finding.text


@pytest.mark.fault("U19")
@pytest.mark.parametrize("seconds", [-120, 120])
async def test_a_clock_that_is_off_is_wrong(calendly: Simulation, seconds: int) -> None:
    await calendly.settings(clockOffsetSeconds=seconds)

    finding = (await _examined(calendly))["clock"]

    assert finding == Finding(
        Verdict.WRONG, "clock", "120 s away from Calendly's. Set up NTP on this machine."
    )


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        pytest.param(
            {"kind": "status", "status": 429, "headers": {"retry-after": "42"}},
            "Calendly's rate limit is spent. Try again in 42 s.",
            id="429",
        ),
        pytest.param({"kind": "delay", "seconds": 30}, "Calendly did not answer in time.", id="silent"),
        pytest.param({"kind": "status", "status": 500}, "Calendly gave no usable answer.", id="500"),
    ],
)
async def test_what_calendly_does_wrong_comes_with_advice(
    calendly: Simulation, fault: dict[str, Any], advice: str
) -> None:
    await plan_fault(calendly, **fault, path="/users/me", times=5)

    settings = settings_for(str(calendly.http.base_url))
    soon = settings.calendly.model_copy(update={"read_timeout": timedelta(seconds=2)})
    finding = (await _said(settings.model_copy(update={"calendly": soon}), calendly))["users:read"]

    assert finding.verdict is Verdict.WRONG
    assert finding.text.startswith(advice)


async def test_an_account_without_event_types_has_no_times_to_read(calendly: Simulation) -> None:
    await plan_fault(
        calendly,
        "status",
        path="/event_types$",
        status=200,
        body={"collection": [], "pagination": {"count": 0, "next_page": None}},
    )

    found = await _examined(calendly)

    assert "availability:read" not in found
    assert found["locations:read"].verdict is Verdict.FINE


async def test_a_calendly_that_tells_no_time_is_worth_a_note(calendly: Simulation) -> None:
    user = (await calendly.get("/users/me")).json()
    await plan_fault(calendly, "status", path="/users/me", status=200, body=user)

    found = await _examined(calendly)

    assert found["clock"].verdict is Verdict.NOTE


async def test_nobody_is_told_of_bookings_meanwhile(calendly: Simulation, redis: RedisServer) -> None:
    async with receiving() as receiver, open_store(redis.url(STATE)) as store:
        outbox = Outbox(StateStore(store), Sealer((KEY,), "relay"))
        await outbox.put(notice(), body_of(notice()), [Target.of(receiver.url)])

        await _examined(
            calendly,
            redis_url=redis.url(CACHE),
            state_url=redis.url(STATE),
            relay_urls=(SecretStr(receiver.url),),
            relay_secrets=(SecretStr(SECRET),),
            relay_allow_private=True,
        )

        assert await outbox.counts() == (1, 0)
