"""Accounts come and go in every process, and leave nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.oauth.grant import DeadReason
from app.streams.listener import Listener
from tests.soak.waiting import until
from tests.streams.ears import Ear
from tests.support.accounts import (
    account_of,
    begun,
    come_back,
    connect,
    connecting_of,
    connecting_service,
    decided,
    id_of,
    owned,
    revoked,
)
from tests.support.contents import contents_of
from tests.support.keys import OTHER_KEY, SECRET_KEY
from tests.support.redis import STATE, RedisServer, running_redis
from tests.support.service import Service, calls_of, clear_calls, plan_fault, sent
from tests.support.simulation import GRACE, Simulation

SOON = 5.0
"""Seconds: the two that are promised, and what a busy machine adds."""


@pytest.fixture
async def other(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    """Another process on the same stores."""
    async with connecting_service(calendly, redis) as service:
        yield service


async def _served(bff: Service, count: int) -> None:
    async def is_so() -> bool:
        return len(owned(bff).accounts.all()) == count

    async with asyncio.timeout(SOON):
        await until(is_so, every=0.02)


async def test_what_is_connected_and_disconnected_elsewhere_comes_and_goes_here(
    bff: Service, other: Service, calendly: Simulation
) -> None:
    await _served(other, 2)
    assert (await other.get("/event-types/office-hours")).status_code == 200

    await connecting_of(bff).disconnect(await id_of(calendly, GRACE))
    await _served(other, 1)

    assert (await other.get("/event-types/office-hours")).status_code == 404
    assert (await other.get("/event-types/intro-call")).status_code == 200

    await connect(bff, calendly, "grace")
    await _served(other, 2)


async def _listening(bff: Service, slug: str) -> Ear:
    """A stream of this event type."""
    offered, ear = await owned(bff).accounts.find(slug), Ear()
    listener = Listener(offered.event_type.id, ear.send, ear.cut)
    owned(bff).hub.enter(offered.account.access, listener)
    await owned(bff).hub.join(listener, None)
    return ear


async def test_streams_of_a_team_begin_anew_when_a_member_dies(
    bff: Service, other: Service, calendly: Simulation
) -> None:
    """They may have to be told through another one."""
    await _served(other, 2)
    listening = await _listening(other, "team-demo")

    await revoked(bff, calendly, GRACE)
    calendly.clock.advance(hours=3)
    await bff.get("/event-types/office-hours/availability")

    async def has_ended() -> bool:
        return listening.has_ended

    async with asyncio.timeout(SOON):
        await until(has_ended, every=0.02)
    assert not listening.was_cut


async def test_streams_of_what_is_disconnected_end_wherever_they_are_and_others_go_on(
    bff: Service, other: Service, calendly: Simulation
) -> None:
    """A browser comes back then, and is told that there is none."""
    await _served(other, 2)
    gone, stays = [await _listening(other, slug) for slug in ("office-hours", "intro-call")]

    await connecting_of(bff).disconnect(await id_of(calendly, GRACE))

    async def has_ended() -> bool:
        return gone.has_ended

    async with asyncio.timeout(SOON):
        await until(has_ended, every=0.02)
    assert (gone.was_cut, stays.has_ended) == (False, False)


async def test_whoever_starts_knows_who_is_connected_before_anybody_asks(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    await _served(bff, 2)

    async with connecting_service(calendly, redis) as started:
        assert len(owned(started).accounts.all()) == 2


async def test_disconnecting_revokes_at_calendly_and_erases(bff: Service, calendly: Simulation) -> None:
    account = await id_of(calendly, GRACE)
    grant = await connecting_of(bff).grants.get(account)
    assert grant is not None
    await bff.availability("office-hours")
    access = (await account_of(bff, calendly, GRACE)).access
    assert [name for name in await contents_of(owned(bff).cache) if access in name]

    assert await connecting_of(bff).disconnect(account)

    assert len(await calls_of(calendly, "/oauth/revoke", "POST")) == 1
    assert (await calendly.as_(grant.access_token).get("/users/me")).status_code == 401
    assert await connecting_of(bff).grants.get(account) is None
    kept = await contents_of(owned(bff).state) | await contents_of(owned(bff).cache)
    assert [name for name, value in kept.items() if access in name or grant.refresh_token in value] == []
    assert not await connecting_of(bff).disconnect(account)


@pytest.mark.parametrize("reason", DeadReason)
async def test_what_is_left_of_a_dead_grant_is_given_back_too(
    bff: Service, calendly: Simulation, reason: DeadReason
) -> None:
    account = await id_of(calendly, GRACE)
    await connecting_of(bff).grants.kill(account, 1, reason)

    assert await connecting_of(bff).disconnect(account)

    newest = (await calendly.http.get("/_simulator/oauth_grants")).json()["items"][-1]
    assert (newest["user"], newest["accessEnded"], newest["refreshEnded"]) == ("grace", True, True)


async def test_a_pair_that_cannot_be_stored_is_given_back(
    calendly: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    with running_redis(tmp_path) as state:
        async with connecting_service(calendly, redis, state_url=state.url(STATE)) as bff:
            brought = await decided(calendly, await begun(bff), "grace")
            await clear_calls(calendly)
            await plan_fault(calendly, "delay", path="^/oauth/token$", seconds=0.5)
            coming = asyncio.create_task(come_back(bff, brought))
            await sent(calendly, "/oauth/token")
            state.kill()

            answer = await coming

            state.start()
    [pair] = (await calendly.http.get("/_simulator/oauth_grants")).json()["items"]
    assert (answer.status_code, pair["accessEnded"], pair["refreshEnded"]) == (503, True, True)


async def test_what_no_key_opens_is_disconnected_all_the_same(
    bff: Service, calendly: Simulation, redis: RedisServer
) -> None:
    account = await id_of(calendly, GRACE)
    await bff.availability("office-hours")
    access = (await account_of(bff, calendly, GRACE)).access
    assert [name for name in await contents_of(owned(bff).cache) if access in name]
    async with connecting_service(calendly, redis, secret_keys=(SecretStr(OTHER_KEY),)) as stranger:
        assert await connecting_of(stranger).disconnect(account)

    assert [name for name in await contents_of(owned(bff).cache) if access in name] == []
    await connecting_of(bff).roster.look()
    assert len(owned(bff).accounts.all()) == 1
    assert await calls_of(calendly, "/oauth/revoke", "POST") == []


async def test_while_the_state_store_is_away_those_that_are_open_stay(
    calendly: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    with running_redis(tmp_path) as state:
        async with connecting_service(calendly, redis, state_url=state.url(STATE)) as bff:
            await connect(bff, calendly, "ada")
            state.kill()

            told = (await bff.http.get("/readyz")).json()

            assert (told["state"], told["accounts"]["open"]) == ("away", 1)
            assert (await bff.get("/event-types/intro-call")).status_code == 200
            state.start()


@pytest.mark.usefixtures("bff")
async def test_accounts_that_no_key_opens_are_counted_and_cost_the_others_nothing(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with connecting_service(calendly, redis, secret_keys=(SecretStr(OTHER_KEY),)) as stranger:
        await connecting_of(stranger).roster.look()
        told = (await stranger.http.get("/readyz")).json()
        assert (told["status"], told["accounts"]) == ("degraded", {"open": 0, "dead": 0, "unreadable": 2})

        await connect(stranger, calendly, "ada")

        told = (await stranger.http.get("/readyz")).json()
        assert told["accounts"] == {"open": 1, "dead": 0, "unreadable": 1}


@pytest.mark.usefixtures("bff")
async def test_once_resealed_the_older_key_can_go(calendly: Simulation, redis: RedisServer) -> None:
    keys = (SecretStr(OTHER_KEY), SecretStr(SECRET_KEY))
    async with connecting_service(calendly, redis, secret_keys=keys) as both:
        assert await connecting_of(both).grants.reseal() == 2
    async with connecting_service(calendly, redis, secret_keys=keys[:1]) as new:
        await connecting_of(new).roster.look()

        assert len(owned(new).accounts.all()) == 2
