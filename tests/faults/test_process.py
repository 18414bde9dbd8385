"""Services that die or are stopped in the middle of their work: in processes of their own, as in production.

None lost or doubled in 40 trials shows, at 95 %, that fewer than one in 13 is; `make soak-bookings` tries thousands.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.oauth.grant import DeadReason
from app.oauth.leases import Begun
from tests.oauth.examples import leases_on
from tests.soak import renewals
from tests.soak.findings import table
from tests.soak.holders import Holders
from tests.soak.kills import QUICK, run_kills
from tests.soak.programs import run_stop
from tests.soak.world import running_world

TRIALS = 40
RENEWALS = 4
"""`make soak-accounts` makes hundreds."""


@pytest.mark.fault("B09")
async def test_killed_at_any_step_a_booking_is_neither_lost_nor_doubled(tmp_path: Path) -> None:
    async with running_world(tmp_path, QUICK, CALENDLY_BOOKING_TIMEOUT="2") as world:
        findings = await run_kills(world, TRIALS)

    assert findings.kept, table([findings])


@pytest.mark.fault("B09")
async def test_the_trials_see_doubles_where_nobody_can_look_for_a_booking(tmp_path: Path) -> None:
    blind = replace(QUICK, look_first=False)
    async with running_world(tmp_path, blind, CALENDLY_BOOKING_TIMEOUT="2") as world:
        await world.calendly.blind()
        findings = await run_kills(world, TRIALS // 2)

    assert findings.wrong["doubled"] > 0, table([findings])


@pytest.mark.fault("B10")
async def test_told_to_stop_while_it_books_the_service_answers_all_and_leaves_nothing_unclear(
    tmp_path: Path,
) -> None:
    findings = await run_stop(tmp_path, 10)

    assert findings.kept, table([findings])


@pytest.mark.fault("U22")
async def test_killed_with_the_new_tokens_in_its_hands_the_account_is_reported_once_and_can_be_mended(
    holders: Holders,
) -> None:
    await holders.expire()
    await holders.bury(await holders.start(dies=True, insists=10))

    words = await holders.said([await holders.start(callers=5, insists=10) for _ in range(3)])
    later = await holders.said([await holders.start(callers=5, insists=1) for _ in range(2)])

    assert {answer for word in (*words, *later) for answer in word.told or ()} == {"dead: reply_lost"}
    assert (await holders.stored()).dead_reason is DeadReason.REPLY_LOST
    assert await holders.refreshes() == [200, 400]
    again = await holders.connect()
    [word] = await holders.said([await holders.start()])
    assert word.told == {again.access_token: 1}


@pytest.mark.fault("U22")
async def test_killed_before_calendly_heard_of_it_the_old_refresh_token_does(holders: Holders) -> None:
    await holders.expire()
    step = await leases_on(holders.store).begin(holders.grant.account, 1, timedelta(seconds=1))
    assert isinstance(step, Begun)

    [word] = await holders.said([await holders.start(callers=5, insists=10)])

    stored = await holders.stored()
    assert (word.told, stored.dead_reason) == ({stored.access_token: 5}, None)
    assert await holders.refreshes() == [200]


@pytest.mark.fault("U22")
async def test_killed_at_any_moment_of_a_renewal_nothing_is_lost_that_was_not(tmp_path: Path) -> None:
    findings = await renewals.run_kills(tmp_path, RENEWALS)

    ruled = {name: wrong for name, wrong in findings.wrong.items() if not name.startswith("never")}
    assert not any(ruled.values()), table([findings])


@pytest.mark.fault("U22")
async def test_without_leases_the_trials_see_more_than_one_call_and_still_no_account_lost(
    tmp_path: Path,
) -> None:
    findings = await renewals.run_without_leases(tmp_path, 5)

    assert findings.kept, table([findings])
