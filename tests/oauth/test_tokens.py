"""The access token of one account: when it is renewed, by whom, and what is told where it cannot be."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from app.calendly.access import AccessLateError, GrantDeadError
from app.oauth.grant import DeadReason
from app.oauth.tokens import DISCONNECTED, AccessTokens
from tests.oauth.desk import Desk
from tests.oauth.examples import OTHER_KEY, accepts, connected, grants_on, refreshes
from tests.soak.waiting import until
from tests.support.oauth import Application
from tests.support.service import plan_fault, sent

TOKEN = "^/oauth/token$"


async def renewed_in_the_end(desk: Desk, generation: int = 2) -> None:
    async def is_there() -> bool:
        return (await desk.stored()).generation == generation

    async with asyncio.timeout(5):
        await until(is_there, every=0.01)


async def test_a_token_that_lasts_is_the_one_that_was_connected(desk: Desk) -> None:
    tokens = await desk.process()

    assert [await tokens.current() for _ in range(3)] == [desk.token] * 3
    assert await refreshes(desk.calendly) == []


async def test_a_token_that_has_expired_is_renewed_before_it_is_used(desk: Desk) -> None:
    tokens = await desk.knowing()
    desk.expire()

    token = await tokens.current()

    assert token != desk.token
    assert await accepts(desk.calendly, token)
    assert (await desk.stored()).access_token == token.get_secret_value()
    assert await refreshes(desk.calendly) == [200]


async def test_a_token_that_expires_in_a_moment_is_not_used(desk: Desk) -> None:
    tokens = await desk.knowing()
    desk.calendly.clock.advance(hours=2, seconds=-4)

    assert await tokens.current() != desk.token


async def test_ten_minutes_before_its_end_it_is_renewed_while_it_is_used(desk: Desk) -> None:
    tokens = await desk.knowing(spread=0.0)
    desk.calendly.clock.advance(minutes=109, seconds=59)
    early = [await tokens.current(), await refreshes(desk.calendly)]
    desk.calendly.clock.advance(seconds=2)

    meanwhile = await tokens.current()
    await renewed_in_the_end(desk)

    assert early == [desk.token, []]
    assert meanwhile == desk.token
    await tokens.aclose()
    assert await tokens.current() != desk.token
    assert await refreshes(desk.calendly) == [200]


async def test_processes_do_not_all_begin_at_once(desk: Desk) -> None:
    processes = [await desk.knowing() for _ in range(20)]

    moments = {tokens._known.renew_at for tokens in processes if tokens._known}

    ahead = [desk.grant.expires_at - moment for moment in moments]
    assert len(moments) == 20
    assert all(timedelta(minutes=7) <= each <= timedelta(minutes=10) for each in ahead)


async def test_who_comes_late_to_a_token_does_not_renew_it_at_once(desk: Desk) -> None:
    """With two minutes left the others will have seen to it; at half of that it is this one's turn, too."""
    desk.calendly.clock.advance(minutes=118)
    tokens = await desk.knowing(spread=0.0)
    await tokens.current()
    await tokens.aclose()
    untouched = await refreshes(desk.calendly)
    desk.calendly.clock.advance(seconds=61)

    await tokens.current()
    await renewed_in_the_end(desk)

    assert untouched == []


async def test_a_crowd_in_one_process_renews_once(desk: Desk) -> None:
    tokens = await desk.knowing()
    desk.expire()

    found = {await each for each in asyncio.as_completed([tokens.current() for _ in range(50)])}

    assert len(found) == 1
    assert await refreshes(desk.calendly) == [200]


async def test_a_crowd_in_many_processes_renews_once(desk: Desk) -> None:
    processes = [await desk.knowing() for _ in range(5)]
    desk.expire()

    found = await asyncio.gather(*(tokens.current() for tokens in processes for _ in range(10)))

    assert set(found) == {SecretStr((await desk.stored()).access_token)}
    assert await refreshes(desk.calendly) == [200]


async def test_what_another_process_has_renewed_is_taken_and_not_renewed_again(desk: Desk) -> None:
    one, other = await desk.knowing(), await desk.knowing()
    desk.expire()

    assert await one.current() == await other.current()
    assert await refreshes(desk.calendly) == [200]


async def test_who_waits_for_another_process_waits_no_longer_than_its_patience(desk: Desk) -> None:
    slow, other = await desk.knowing(), await desk.knowing(patience=timedelta(milliseconds=300))
    desk.expire()
    await plan_fault(desk.calendly, "delay", path=TOKEN, seconds=1.5)
    renewing = asyncio.create_task(slow.current())
    await sent(desk.calendly, "/oauth/token")

    with pytest.raises(AccessLateError):
        async with asyncio.timeout(1):
            await other.current()

    assert await renewing == await other.current()
    assert await refreshes(desk.calendly) == [200]


async def test_who_leaves_does_not_take_the_renewal_along(desk: Desk) -> None:
    tokens = await desk.knowing()
    desk.expire()
    await plan_fault(desk.calendly, "delay", path=TOKEN, seconds=0.2)
    visitor = asyncio.create_task(tokens.current())
    await sent(desk.calendly, "/oauth/token")
    visitor.cancel()

    assert await tokens.current() != desk.token
    assert await refreshes(desk.calendly) == [200]


async def test_a_process_that_stops_lets_a_renewal_come_to_its_end(desk: Desk) -> None:
    tokens = await desk.knowing(patience=timedelta(milliseconds=300))
    desk.expire()
    await plan_fault(desk.calendly, "delay", path=TOKEN, seconds=1)
    with pytest.raises(AccessLateError):
        await tokens.current()

    await tokens.aclose()

    assert (await desk.stored()).generation == 2


async def test_a_token_that_is_refused_is_renewed_once_for_all(desk: Desk) -> None:
    processes = [await desk.knowing() for _ in range(3)]

    found = await asyncio.gather(*(tokens.renewed(desk.token) for tokens in processes for _ in range(5)))

    assert set(found) == {SecretStr((await desk.stored()).access_token)}
    assert await refreshes(desk.calendly) == [200]


async def test_who_was_refused_with_an_older_token_gets_the_newer_one(desk: Desk) -> None:
    tokens = await desk.knowing()
    newer = await tokens.renewed(desk.token)

    assert await tokens.renewed(desk.token) == newer
    assert await (await desk.process()).renewed(desk.token) == newer
    assert await refreshes(desk.calendly) == [200]


@pytest.mark.fault("U20")
async def test_a_new_token_that_is_refused_too_is_not_renewed_again_and_again(desk: Desk) -> None:
    processes = [await desk.knowing() for _ in range(3)]
    [newer] = {await tokens.renewed(desk.token) for tokens in processes}
    assert newer is not None

    for tokens in processes:
        for _ in range(5):
            with pytest.raises(AccessLateError) as caught:
                await tokens.renewed(newer)

    assert 1 <= caught.value.retry_after <= 60
    assert await refreshes(desk.calendly) == [200]


@pytest.mark.fault("U20")
async def test_what_its_owner_has_disconnected_is_dead_and_asked_for_once(desk: Desk) -> None:
    processes = [await desk.knowing() for _ in range(3)]
    await desk.calendly.http.delete("/_simulator/oauth_grants/ada")

    with capture_logs() as logged:
        found = await asyncio.gather(
            *(tokens.renewed(desk.token) for tokens in processes for _ in range(5)), return_exceptions=True
        )

    assert [type(each) for each in found] == [GrantDeadError] * 15
    assert await refreshes(desk.calendly) == [400]
    assert (await desk.stored()).dead_reason is DeadReason.REVOKED
    assert [each["log_level"] for each in logged if each["event"] == "grants.died"] == ["error"]
    for tokens in processes:
        with pytest.raises(GrantDeadError) as caught:
            await tokens.current()
        assert caught.value.reason == "revoked"


@pytest.mark.fault("U20")
@pytest.mark.parametrize("status", [401, 403])
async def test_it_is_dead_whatever_the_status_with_which_calendly_says_so(desk: Desk, status: int) -> None:
    tokens = await desk.knowing(look_again=timedelta(0))
    await plan_fault(
        desk.calendly, "status", path=TOKEN, times=9, status=status, body={"error": "invalid_grant"}
    )

    for _ in range(3):
        with pytest.raises(GrantDeadError):
            await tokens.renewed(desk.token)

    assert await refreshes(desk.calendly) == [status]
    assert (await desk.stored()).dead_reason is DeadReason.REVOKED


@pytest.mark.fault("U20")
async def test_connecting_again_mends_what_was_dead(desk: Desk) -> None:
    tokens = await desk.knowing(look_again=timedelta(seconds=0))
    await desk.calendly.http.delete("/_simulator/oauth_grants/ada")
    with pytest.raises(GrantDeadError):
        await tokens.renewed(desk.token)

    again = await desk.grants.put_new(await connected(desk.calendly))

    assert await tokens.current() == SecretStr(again.access_token)


async def test_a_dead_grant_is_looked_at_once_in_a_while(desk: Desk) -> None:
    tokens = await desk.knowing(look_again=timedelta(minutes=1))
    await desk.grants.kill(desk.grant.account, 1, DeadReason.REVOKED)
    desk.expire()
    with pytest.raises(GrantDeadError):
        await tokens.current()
    await desk.grants.put_new(await connected(desk.calendly))

    with pytest.raises(GrantDeadError):
        await tokens.current()


async def test_what_was_disconnected_here_says_so(desk: Desk) -> None:
    tokens = await desk.process()
    await desk.grants.remove(desk.grant.account)

    with pytest.raises(GrantDeadError) as caught:
        await tokens.current()

    assert caught.value.reason == DISCONNECTED


async def test_who_lacks_the_key_says_not_now_and_kills_nothing(desk: Desk) -> None:
    tokens = await desk.process(grants=grants_on(desk.store, OTHER_KEY))
    desk.expire()

    with pytest.raises(AccessLateError):
        await tokens.current()

    assert (await desk.stored()).dead_reason is None


async def test_a_wrong_secret_of_ours_kills_no_grant(desk: Desk) -> None:
    tokens = await desk.knowing(look_again=timedelta(0))
    client = f"/_simulator/oauth_clients/{Application(calendly=desk.calendly).client_id}"
    await desk.calendly.http.patch(client, json={"clientSecret": "another"})
    desk.expire()
    with capture_logs() as logged, pytest.raises(AccessLateError):
        await tokens.current()
    await desk.calendly.http.patch(client, json={"clientSecret": "simulator-web-client-secret"})
    await desk.let_rest_pass()

    assert await accepts(desk.calendly, await tokens.current())
    assert "oauth.client_refused" in {each["event"] for each in logged}


async def test_what_calendly_says_of_the_wait_is_heeded(desk: Desk) -> None:
    tokens = await desk.knowing()
    for _ in range(7):
        await Application(calendly=desk.calendly).connect()
    await desk.calendly.http.delete("/_simulator/calls")

    for _ in range(3):
        with pytest.raises(AccessLateError) as caught:
            await tokens.renewed(desk.token)
        await asyncio.sleep(0.03)

    assert 50 <= caught.value.retry_after <= 60
    assert await refreshes(desk.calendly) == [429]


async def test_after_failures_the_pauses_grow(desk: Desk) -> None:
    pause = timedelta(milliseconds=200)
    tokens = await desk.knowing(first_pause=pause, look_again=timedelta(0))
    await plan_fault(desk.calendly, "status", path=TOKEN, times=100, status=503)
    desk.expire()

    async def late() -> bool:
        with pytest.raises(AccessLateError):
            await tokens.current()
        return len(await refreshes(desk.calendly)) == 3

    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(10):
        await until(late, every=0.01)

    assert asyncio.get_running_loop().time() - began >= 0.6


async def test_once_calendly_is_back_the_token_is_renewed(desk: Desk) -> None:
    tokens: AccessTokens = await desk.knowing(look_again=timedelta(0))
    await plan_fault(desk.calendly, "status", path=TOKEN, status=503)
    desk.expire()
    with pytest.raises(AccessLateError):
        await tokens.current()
    await desk.let_rest_pass()

    assert await accepts(desk.calendly, await tokens.current())
