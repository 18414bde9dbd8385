"""A pair of tokens on its way: what is done where it is lost, late, or cannot be stored."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from app.calendly.access import AccessLateError, GrantDeadError
from app.oauth.grant import DeadReason, Grant
from app.oauth.grants import PURPOSE, Grants
from app.oauth.tokens import AccessTokens
from app.sealing import Sealer
from app.store.state import StateStore, StoreAwayError
from tests.oauth.desk import Desk
from tests.oauth.examples import KEY, accepts, connected, refreshes
from tests.soak.waiting import until
from tests.support.service import Json, calls_of, plan_fault, sent
from tests.support.simulation import Simulation

TOKEN = "^/oauth/token$"
LOST = ["commit_then_reset", "commit_then_status", "truncate"]
UNDONE = ["reset", "status"]


async def told(tokens: AccessTokens) -> str:
    """In the end."""
    answers: list[str] = []

    async def is_settled() -> bool:
        try:
            answers.append((await tokens.current()).get_secret_value())
        except GrantDeadError as error:
            answers.append(error.reason)
        except AccessLateError:
            return False
        return True

    async with asyncio.timeout(10):
        await until(is_settled, every=0.01)
    return answers[0]


@pytest.mark.parametrize("kind", LOST)
async def test_a_reply_that_is_lost_is_found_out_by_one_more_try(desk: Desk, kind: str) -> None:
    tokens = await desk.knowing()
    await plan_fault(desk.calendly, kind, path=TOKEN)
    desk.expire()

    assert await told(tokens) == "reply_lost"

    for _ in range(5):
        assert await told(tokens) == "reply_lost"
    assert len(await refreshes(desk.calendly)) == 2


@pytest.mark.parametrize("kind", UNDONE)
async def test_what_was_not_done_is_done_by_one_more_try(desk: Desk, kind: str) -> None:
    tokens = await desk.knowing()
    await plan_fault(desk.calendly, kind, path=TOKEN)
    desk.expire()

    assert await told(tokens) == (await desk.stored()).access_token


async def test_what_surely_did_not_arrive_does_not_look_lost_afterwards(desk: Desk) -> None:
    tokens = await desk.knowing()
    await plan_fault(desk.calendly, "status", path=TOKEN, status=403)
    desk.expire()
    with pytest.raises(AccessLateError):
        await tokens.current()
    await desk.calendly.http.delete("/_simulator/oauth_grants/ada")

    assert await told(tokens) == "revoked"


async def test_what_may_have_been_lost_before_is_not_forgotten_by_a_failure(desk: Desk) -> None:
    tokens = await desk.knowing()
    await plan_fault(desk.calendly, "commit_then_reset", path=TOKEN)
    await plan_fault(desk.calendly, "status", path=TOKEN, status=403)
    desk.expire()

    assert await told(tokens) == "reply_lost"


async def test_a_pair_of_another_account_is_not_believed(desk: Desk) -> None:
    tokens = await desk.knowing()
    base = str(desk.calendly.http.base_url).rstrip("/")
    foreign = {
        "token_type": "Bearer",
        "access_token": "access",
        "refresh_token": "refresh",
        "expires_in": 7200,
        "owner": f"{base}/users/SOMEBODYELSE",
        "organization": f"{base}/organizations/ORG",
    }
    await plan_fault(desk.calendly, "status", path=TOKEN, status=200, body=foreign)
    desk.expire()

    with pytest.raises(AccessLateError):
        await tokens.current()

    assert (await desk.stored()).generation == 1


class FrailGrants(Grants):
    """The store is away for so many writes of a new pair, and reads of any, before and after they are done."""

    def __init__(self, state: StateStore) -> None:
        super().__init__(state, Sealer([KEY], PURPOSE))
        self.fails = 0
        self.done_anyway = False
        self.reads_fail = False
        self.tried = asyncio.Event()

    async def get(self, account: str) -> Grant | None:
        if self.reads_fail:
            raise StoreAwayError
        return await super().get(account)

    async def replace(self, old_generation: int, fence: int, grant: Grant, **options: Any) -> bool:
        self.tried.set()
        if not self.fails:
            return await super().replace(old_generation, fence, grant, **options)
        self.fails -= 1
        if self.done_anyway:
            await super().replace(old_generation, fence, grant, **options)
        raise StoreAwayError


@pytest.mark.parametrize("done_anyway", [False, True])
async def test_a_pair_is_offered_to_the_store_until_it_takes_it(desk: Desk, *, done_anyway: bool) -> None:
    grants = FrailGrants(StateStore(desk.store))
    grants.fails, grants.done_anyway = 3, done_anyway
    tokens = await desk.knowing(grants=grants)
    desk.expire()

    token = await tokens.current()

    stored = await desk.stored()
    assert (token.get_secret_value(), stored.generation) == (stored.access_token, 2)
    assert await accepts(desk.calendly, token)
    assert await refreshes(desk.calendly) == [200]


async def test_nobody_uses_a_pair_that_is_not_stored(desk: Desk) -> None:
    grants = FrailGrants(StateStore(desk.store))
    grants.fails = 100_000
    tokens = await desk.knowing(grants=grants, patience=timedelta(milliseconds=300))
    desk.calendly.clock.advance(minutes=115)

    before_its_end = await tokens.current()
    await grants.tried.wait()
    meanwhile = await tokens.current()
    desk.calendly.clock.advance(minutes=5)
    with pytest.raises(AccessLateError):
        await tokens.current()
    grants.fails = 0

    assert await told(tokens) == (await desk.stored()).access_token
    assert (before_its_end, meanwhile) == (desk.token, desk.token)
    assert await refreshes(desk.calendly) == [200]


async def test_a_pair_that_another_gave_up_as_lost_brings_the_grant_back(desk: Desk) -> None:
    grants = FrailGrants(StateStore(desk.store))
    grants.fails = 100_000
    slow = await desk.knowing(grants=grants)
    other = await desk.knowing(look_again=timedelta(0))
    desk.expire()
    renewing = asyncio.create_task(slow.current())
    await grants.tried.wait()
    await desk.let_lease_pass()

    given_up = await told(other)
    dead = (await desk.stored()).dead_reason
    grants.fails = 0
    token = await renewing

    assert (given_up, dead) == ("reply_lost", DeadReason.REPLY_LOST)
    assert await told(other) == token.get_secret_value()
    assert await accepts(desk.calendly, token)


async def test_a_pair_in_hand_is_taken_though_another_has_begun(desk: Desk) -> None:
    """The store was away for longer than the lease, and back for the other process first."""
    grants, renewing = await _held_up(desk)
    other = await desk.process(look_again=timedelta(0))
    await desk.let_lease_pass()
    await plan_fault(desk.calendly, "delay", path=TOKEN, seconds=0.5)
    asking = asyncio.create_task(other.current())
    await _asked(desk, 2)

    grants.fails = 0
    token = await renewing

    assert await accepts(desk.calendly, token)
    assert await asking == token
    assert ((await desk.stored()).dead_reason, (await desk.stored()).generation) == (None, 2)
    assert sorted(filter(None, await refreshes(desk.calendly))) == [200, 400]


async def test_who_is_refused_lets_a_pair_that_another_may_have_come_first(desk: Desk) -> None:
    grants, renewing = await _held_up(desk)
    other = await desk.process(grace=timedelta(seconds=10), patience=timedelta(seconds=10))
    await desk.let_lease_pass()

    with capture_logs() as logged:
        asking = asyncio.create_task(other.current())
        await _asked(desk, 2)
        grants.fails = 0
        tokens = [await renewing, await asking]

    assert tokens == [SecretStr((await desk.stored()).access_token)] * 2
    assert "grants.died" not in {each["event"] for each in logged}


async def _asked(desk: Desk, times: int) -> None:
    """Wait until Calendly has been asked for so many pairs, and has answered."""

    async def is_so() -> bool:
        return len(await refreshes(desk.calendly)) == times

    async with asyncio.timeout(5):
        await until(is_so, every=0.01)


async def _pairs(calendly: Simulation) -> list[Json]:
    """As Calendly has them, oldest first."""
    return list((await calendly.http.get("/_simulator/oauth_grants")).json()["items"])


async def _held_up(desk: Desk) -> tuple[FrailGrants, "asyncio.Task[SecretStr]"]:
    """A renewal whose pair has come, and is not stored yet."""
    grants = FrailGrants(StateStore(desk.store))
    grants.fails = 100_000
    tokens = await desk.knowing(grants=grants)
    desk.expire()
    renewing = asyncio.create_task(tokens.current())
    await grants.tried.wait()
    return grants, renewing


@pytest.mark.parametrize("answer", [200, 503])
async def test_a_pair_whose_account_was_disconnected_meanwhile_is_given_back(desk: Desk, answer: int) -> None:
    grants, renewing = await _held_up(desk)
    await desk.grants.remove(desk.grant.account)
    if answer != 200:
        await plan_fault(desk.calendly, "status", path="^/oauth/revoke$", status=answer)

    with capture_logs() as logged:
        grants.fails = 0
        with pytest.raises(GrantDeadError):
            await renewing

    assert len(await calls_of(desk.calendly, "/oauth/revoke", "POST")) == 1
    newest = (await _pairs(desk.calendly))[-1]
    assert (newest["accessEnded"], newest["refreshEnded"]) == (answer == 200, answer == 200)
    assert ("oauth.not_revoked" in {each["event"] for each in logged}) == (answer != 200)
    assert "simulator-" not in str(logged)


async def test_a_pair_that_comes_after_another_connection_is_left_alone(desk: Desk) -> None:
    """What else Calendly ends with one of an account's tokens is not known: this account has one that lives."""
    grants, renewing = await _held_up(desk)
    again = await desk.grants.put_new(await connected(desk.calendly))

    grants.fails = 0

    assert (await renewing).get_secret_value() == again.access_token
    assert await accepts(desk.calendly, SecretStr(again.access_token))
    assert await calls_of(desk.calendly, "/oauth/revoke", "POST") == []


async def test_while_the_store_is_away_a_token_is_used_for_as_long_as_it_lasts(desk: Desk) -> None:
    grants = FrailGrants(StateStore(desk.store))
    tokens = await desk.knowing(grants=grants)
    grants.reads_fail = True
    desk.calendly.clock.advance(minutes=119)

    lasting = [await tokens.current() for _ in range(5)]
    desk.calendly.clock.advance(minutes=1)
    with pytest.raises(AccessLateError):
        await tokens.current()
    with pytest.raises(AccessLateError):
        await tokens.renewed(desk.token)
    untouched = await refreshes(desk.calendly)
    grants.reads_fail = False

    assert lasting == [desk.token] * 5
    assert untouched == []
    assert await told(tokens) == (await desk.stored()).access_token


async def test_who_was_overtaken_takes_what_the_other_has_stored(desk: Desk) -> None:
    """Its call takes so long that another begins; Calendly, of which this is not known, might serve both."""
    slow, other = await desk.knowing(), await desk.knowing()
    desk.expire()
    await plan_fault(desk.calendly, "delay", path=TOKEN, seconds=0.5)
    renewing = asyncio.create_task(slow.current())
    await sent(desk.calendly, "/oauth/token")
    await desk.let_lease_pass()

    quick = await other.current()

    assert await renewing == quick
    assert (await desk.stored()).dead_reason is None
    assert sorted(filter(None, await refreshes(desk.calendly))) == [200, 400]


async def test_a_renewal_that_was_paused_is_not_sent(desk: Desk) -> None:
    tokens = await desk.knowing(send_within=timedelta(0))
    desk.expire()

    with pytest.raises(AccessLateError):
        await tokens.current()

    assert await refreshes(desk.calendly) == []


async def test_nothing_of_a_renewal_is_logged_but_whose_it_is(desk: Desk) -> None:
    tokens = await desk.knowing()
    await plan_fault(desk.calendly, "commit_then_reset", path=TOKEN)
    desk.expire()

    with capture_logs() as logged:
        await told(tokens)

    assert {"oauth.asked", "oauth.not_renewed", "oauth.refused", "grants.died"} <= {
        each["event"] for each in logged
    }
    assert "simulator-" not in str(logged)
