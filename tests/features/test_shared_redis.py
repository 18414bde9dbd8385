"""Several services on one Redis: each shows what it was told to show, and its own account alone."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr
from redis import Redis

from app.calendly_settings import CalendlySettings
from app.settings import BffSettings, Settings
from tests.features.test_event_types import PUBLISHED
from tests.support.redis import CACHE, RedisServer
from tests.support.service import calls_of, clear_calls, running_service
from tests.support.simulation import ADA, GRACE, Simulation


def _settings(
    calendly: Simulation, redis: RedisServer, *, token: str = ADA, allowed: tuple[str, ...] = ()
) -> Settings:
    return Settings(
        calendly=CalendlySettings(token=SecretStr(token), api_url=str(calendly.http.base_url)),
        bff=BffSettings(redis_url=redis.url(CACHE), event_types=allowed),
    )


async def _shown(calendly: Simulation, settings: Settings) -> list[str]:
    """What a service that starts now shows."""
    async with running_service(settings, calendly.clock) as bff:
        items = (await bff.get("/event-types")).json()["items"]
        return [item["slug"] for item in items]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(("visit",), ("panel", "call-us"), id="another choice"),
        pytest.param(("visit",), (), id="all after one"),
        pytest.param((), ("visit",), id="one after all"),
    ],
)
async def test_a_service_shows_its_own_choice_of_what_another_has_read(
    calendly: Simulation, redis: RedisServer, first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    await _shown(calendly, _settings(calendly, redis, allowed=first))
    await clear_calls(calendly)

    shown = await _shown(calendly, _settings(calendly, redis, allowed=then))

    assert sorted(shown) == sorted(then or PUBLISHED)
    assert await calls_of(calendly, "/event_types") == []


async def test_services_that_are_asked_at_the_same_time_read_once_for_all(
    calendly: Simulation, redis: RedisServer
) -> None:
    settings = _settings(calendly, redis)
    async with AsyncExitStack() as stack:
        services = [
            await stack.enter_async_context(running_service(settings, calendly.clock)) for _ in range(3)
        ]
        for _ in range(2):
            await clear_calls(calendly)
            answers = await asyncio.gather(*(each.get("/event-types") for each in services))

            assert [each.status_code for each in answers] == [200] * 3
            assert len(await calls_of(calendly, "/users/me")) == 1
            assert len(await calls_of(calendly, "/event_types")) == 1
            calendly.clock.advance(seconds=61)


async def test_services_with_different_tokens_show_different_accounts(
    calendly: Simulation, redis: RedisServer
) -> None:
    of_ada = await _shown(calendly, _settings(calendly, redis))

    of_grace = await _shown(calendly, _settings(calendly, redis, token=GRACE))

    assert "intro-call" in of_ada
    assert "office-hours" in of_grace
    assert await _shown(calendly, _settings(calendly, redis)) == of_ada


@pytest.mark.parametrize(
    "allowed",
    [
        pytest.param((), id="that has shown nothing yet"),
        pytest.param(("visit",), id="that shows another choice"),
    ],
)
async def test_a_service_forgets_days_of_what_only_others_show(
    calendly: Simulation, redis: RedisServer, allowed: tuple[str, ...]
) -> None:
    async with running_service(_settings(calendly, redis), calendly.clock) as bff:
        first = (await bff.free("intro-call"))[0]
        await calendly.book("intro-call")
        start = datetime.fromisoformat(first)

        async with running_service(_settings(calendly, redis, allowed=allowed), calendly.clock) as other:
            if allowed:
                await other.free("visit")
            await other.account.forget_days(start, start + timedelta(minutes=30))
        bff.forget()

        assert first not in await bff.free("intro-call")


async def test_no_name_in_redis_holds_a_token(calendly: Simulation, redis: RedisServer) -> None:
    for token in (ADA, GRACE):
        await _shown(calendly, _settings(calendly, redis, token=token))

    with Redis(port=redis.port, db=CACHE) as client:
        names = [name.decode() for name in client.keys("*")]
    assert len([name for name in names if "catalogue:" in name]) == 2
    assert [name for name in names if "token" in name or "ada" in name or "grace" in name] == []
