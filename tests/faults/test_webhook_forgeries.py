"""Deliveries that nobody at Calendly has signed, or that are about another's account."""

import hmac
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import FrameType

import pytest

from app.webhooks.signatures import HEADER, MOST, Verdict, verdict
from app.webhooks.subscriptions import PATH
from tests.faults.forgeries import forgeries
from tests.faults.received import has, stored
from tests.support.hooks import KEY, OTHER_KEY, counted, deliver, delivery, eventually, own, signature
from tests.support.redis import RedisServer
from tests.support.service import Service
from tests.support.simulation import GRACE, Simulation


async def _corpus(calendly: Simulation) -> list[tuple[str, bytes, str | None]]:
    body = json.dumps(await own(calendly)).encode()
    return list(forgeries(body, signature(body, calendly.clock())))


@pytest.mark.fault("W01")
async def test_a_forgery_changes_nothing(
    calendly: Simulation, redis: RedisServer, receiver: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    corpus = await _corpus(calendly)

    seen = {
        name: (
            await receiver.http.post(
                PATH, content=body, headers={HEADER: header} if header is not None else {}
            )
        )
        for name, body, header in corpus
    }

    assert len(corpus) >= 50
    assert {name: answer.status_code for name, answer in seen.items() if answer.status_code != 401} == {}
    assert {answer.json()["code"] for answer in seen.values()} == {"signature_refused"}
    assert stored(redis) == {}
    assert await counted(receiver, "forged") == len(corpus)
    logged = "".join(capfd.readouterr())
    assert "grace@example.test" not in logged
    assert "IN1" not in logged


@dataclass
class _Steps:
    """What Python is seen to do meanwhile: over which messages a digest is made, with which keys, and how many digests
    are compared in a time that does not depend on them.
    """

    digests: list[tuple[bytes, bytes]] = field(default_factory=list)
    comparisons: int = 0

    def see(self, frame: FrameType, event: str, called: object) -> None:
        if event == "call" and frame.f_code is hmac.new.__code__:
            self.digests.append((frame.f_locals["key"], frame.f_locals["msg"]))
        elif event == "c_call" and called is hmac.compare_digest:
            self.comparisons += 1


def _steps(header: str | None, body: bytes, keys: Sequence[bytes], now: datetime) -> tuple[Verdict, _Steps]:
    steps, before = _Steps(), sys.getprofile()
    sys.setprofile(steps.see)
    try:
        judged = verdict(header, body, keys, now)
    finally:
        sys.setprofile(before)
    return judged, steps


@pytest.mark.fault("W01")
@pytest.mark.parametrize("keys", [(KEY,), (OTHER_KEY, KEY)], ids=["one key", "two keys"])
async def test_one_forgery_takes_the_steps_of_another(calendly: Simulation, keys: Sequence[str]) -> None:
    """And of what is genuine. By its clock a forger would otherwise be told which part of it is wrong."""
    now, known = calendly.clock(), [key.encode() for key in keys]
    genuine = json.dumps(await own(calendly)).encode()
    corpus = [("genuine", genuine, signature(genuine, now)), *await _corpus(calendly)]

    taken = {name: (body, *_steps(header, body, known, now)) for name, body, header in corpus}

    assert [name for name, (_, judged, _) in taken.items() if judged is Verdict.GENUINE] == ["genuine"]
    for name, (body, _, steps) in taken.items():
        assert [key for key, _ in steps.digests] == known, name
        assert all(message.endswith(b"." + body) for _, message in steps.digests), name
        assert steps.comparisons == MOST * len(known), name


@pytest.mark.fault("W08")
async def test_a_genuine_delivery_about_another_account_is_ignored(
    calendly: Simulation, redis: RedisServer, receiver: Service
) -> None:
    grace = await calendly.as_(GRACE).me()
    swapped = await own(calendly, scheduled_event={"event_memberships": [{"user": grace}]})
    elsewhere = delivery(invitee="IN2")

    statuses = {
        (await deliver(receiver.http, message, calendly.clock())).status_code
        for message in (swapped, elsewhere)
    }
    await eventually(lambda: has(receiver, foreign=2))

    assert statuses == {204}
    assert await counted(receiver, "done") == 0
    assert [name for name in stored(redis) if "invitee:" in name] == []
