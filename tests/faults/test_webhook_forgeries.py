"""Deliveries that nobody at Calendly has signed, or that are about another's account."""

import json
import statistics
from time import perf_counter

import pytest

from app.features.webhooks.router import MAX_BODY
from app.webhooks.signatures import HEADER
from app.webhooks.subscriptions import PATH
from tests.faults.forgeries import forgeries, signature_with
from tests.faults.received import has, stored
from tests.support.hooks import counted, deliver, delivery, eventually, own, signature
from tests.support.redis import RedisServer
from tests.support.service import Service
from tests.support.simulation import GRACE, Simulation

ROUNDS = 60
"""Of each forgery, to tell how long it takes."""


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


@pytest.mark.fault("W01")
async def test_one_forgery_takes_as_long_as_another(calendly: Simulation, receiver: Service) -> None:
    """Visited in turn, so that what else the machine does touches all of them alike."""
    body = json.dumps(await own(calendly)).encode().ljust(MAX_BODY // 4)
    header = signature(body, calendly.clock())
    time, _, digest = header.partition(",")
    headers = {
        "unsigned": {},
        "words": {HEADER: "genuine"},
        "first digit": {HEADER: f"{time},v1={'1' if digest[3] == '0' else '0'}{digest[4:]}"},
        "last digit": {HEADER: header[:-1] + ("1" if header[-1] == "0" else "0")},
        "another's key": {HEADER: signature_with("simulator-forgers-key", body, int(time[2:]))},
    }
    taken: dict[str, list[float]] = {name: [] for name in headers}

    for _ in range(ROUNDS):
        for name, given in headers.items():
            started = perf_counter()
            answer = await receiver.http.post(PATH, content=body, headers=given)
            taken[name].append(perf_counter() - started)
            assert answer.status_code == 401

    medians = {name: statistics.median(times) for name, times in taken.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()), medians


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
