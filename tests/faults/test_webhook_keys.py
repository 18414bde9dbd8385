"""Other keys to sign with, while Calendly delivers."""

from collections import Counter
from pathlib import Path

import pytest

from tests.soak.findings import table
from tests.soak.signing_keys import run_signing_keys
from tests.support.hooks import KEY, OTHER_KEY, deliver, own, running_receiver
from tests.support.redis import RedisServer
from tests.support.simulation import Simulation


@pytest.mark.fault("W06")
async def test_no_delivery_is_refused_while_keys_are_changed(
    calendly: Simulation, redis: RedisServer
) -> None:
    """New second, then new first, then old removed; each step reaches one replica after the other."""
    at = calendly.clock()
    steps = [(KEY,), (KEY, OTHER_KEY), (OTHER_KEY, KEY), (OTHER_KEY,)]
    signing = [KEY, KEY, OTHER_KEY]
    statuses = Counter[int]()
    for old, new, key in zip(steps, steps[1:], signing, strict=False):
        async with (
            running_receiver(calendly, redis, old) as behind,
            running_receiver(calendly, redis, new) as ahead,
        ):
            for number in range(20):
                message = await own(calendly, invitee=f"{key[:3]}{number}")
                answer = await deliver((behind, ahead)[number % 2].http, message, at, key)
                statuses[answer.status_code] += 1

    assert statuses == {204: 60}


@pytest.mark.fault("W06")
async def test_a_key_that_was_removed_is_believed_no_longer(calendly: Simulation, redis: RedisServer) -> None:
    async with running_receiver(calendly, redis, (OTHER_KEY,)) as receiver:
        answer = await deliver(receiver.http, await own(calendly), calendly.clock(), KEY)

    assert answer.status_code == 401


@pytest.mark.fault("W06")
async def test_keys_are_changed_while_calendly_delivers_and_nothing_is_refused(tmp_path: Path) -> None:
    """`make soak-webhooks` does it again and again."""
    findings = await run_signing_keys(tmp_path, 1)

    assert findings.kept, table([findings])
