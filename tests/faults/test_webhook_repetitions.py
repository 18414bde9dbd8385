"""Deliveries that come again, long after they were signed, or in another order."""

import json
from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import astuple

from app.webhooks.signatures import HEADER
from app.webhooks.subscriptions import EVENTS, PATH
from tests.faults.received import has, stored
from tests.support.hooks import (
    KEY,
    START,
    deliver,
    eventually,
    own,
    running_receiver,
    served_receiver,
    signature,
    uri_of,
)
from tests.support.hosted_pages import HostedPages
from tests.support.redis import RedisServer, running_redis
from tests.support.service import Service
from tests.support.simulation import Json, Simulation
from tests.support.webhooks import deliveries, subscribe

LONG_AGO = timedelta(seconds=181)


@pytest.mark.fault("W02")
async def test_a_genuine_delivery_has_one_effect_however_often_it_is_sent(
    calendly: Simulation, redis: RedisServer, receiver: Service
) -> None:
    body = json.dumps(await own(calendly)).encode()
    header = {HEADER: signature(body, calendly.clock())}

    statuses = Counter[int]()
    for later in (0, 170):
        calendly.clock.advance(seconds=later)
        for _ in range(50):
            statuses[(await receiver.http.post(PATH, content=body, headers=header)).status_code] += 1
    await eventually(lambda: has(receiver, done=1))
    before = stored(redis)
    calendly.clock.advance(minutes=10)
    for _ in range(50):
        statuses[(await receiver.http.post(PATH, content=body, headers=header)).status_code] += 1

    assert statuses == {204: 150}
    assert await has(receiver, new=1, duplicate=99, replayed=50, done=1)
    assert stored(redis) == before


@pytest.mark.fault("W02")
async def test_what_was_signed_long_ago_is_no_more_than_a_hint_where_to_look(
    calendly: Simulation, redis: RedisServer, receiver: Service
) -> None:
    """Nothing of it is kept but its name; what is booked at Calendly is seen there."""
    start = START.isoformat()
    assert start in await receiver.free("intro-call", timeZone="UTC")
    invitee = await HostedPages(calendly.http).book("intro-call", start)

    answer = await deliver(receiver.http, await own(calendly, invitee=invitee), calendly.clock() - LONG_AGO)
    await eventually(lambda: has(receiver, stale=1, hinted=1, done=0))

    assert answer.status_code == 204
    assert start not in await receiver.free("intro-call", timeZone="UTC")
    assert {name.partition("{webhooks}:")[2].partition(":")[0] for name in stored(redis)} == {"seen"}


@pytest.mark.fault("W02")
async def test_a_hint_keeps_nothing_from_being_told_properly(
    calendly: Simulation, redis: RedisServer, receiver: Service
) -> None:
    message = await own(calendly)
    for at in (calendly.clock() - LONG_AGO,) * 2:
        assert (await deliver(receiver.http, message, at)).status_code == 204
    await deliver(receiver.http, message, calendly.clock())

    await eventually(lambda: has(receiver, stale=1, replayed=1, new=1, hinted=1, done=1))
    assert [name for name in stored(redis) if "invitee:" in name]


@pytest.mark.fault("W02")
@pytest.mark.fault("W04")
async def test_what_was_signed_long_ago_is_to_come_again_where_it_cannot_be_kept(
    calendly: Simulation, tmp_path: Path
) -> None:
    with running_redis(tmp_path) as fragile:
        async with running_receiver(calendly, fragile) as receiver:
            await receiver.get("/event-types")
            fragile.kill()

            answer = await deliver(receiver.http, await own(calendly), calendly.clock() - LONG_AGO)

            assert (answer.status_code, answer.json()["code"]) == (503, "delivery_not_kept")
            assert await has(receiver, not_kept=1, stale=0, replayed=0)


@pytest.mark.fault("W03")
async def test_every_order_ends_in_the_same_records(calendly: Simulation, redis: RedisServer) -> None:
    ends = set()
    async with running_receiver(calendly, redis) as receiver:
        inbox = receiver.app.state.resources.webhooks.inbox
        account = (await calendly.me()).rpartition("/")[2]
        for number, order in enumerate(permutations(await _pair(calendly)), 1):
            redis.flush()
            for message in order:
                await deliver(receiver.http, message, calendly.clock())
                await deliver(receiver.http, message, calendly.clock())
            await eventually(partial(has, receiver, done=4 * number))
            records = (await inbox.read(account, ["A", "B"])).records
            ends.add(tuple((id_, astuple(each)[:3]) for id_, each in sorted(records.items())))

    assert ends == {(("A", (True, True, True)), ("B", (True, True, False)))}


async def _pair(calendly: Simulation) -> list[Json]:
    """A booking that is moved, and canceled in the end."""
    return [
        await own(calendly, invitee="A"),
        await own(calendly, event="invitee.canceled", invitee="A", new_invitee=uri_of("B"), rescheduled=True),
        await own(calendly, invitee="B", old_invitee=uri_of("A")),
        await own(calendly, event="invitee.canceled", invitee="B"),
    ]


async def test_whatever_the_simulator_does_to_its_messages_is_borne(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Twice, late, in another order, forged: through its own deliveries."""
    mischief: dict[str, Any] = {"duplicate": 0.4, "reorder": 0.3, "forge": 0.6, "delaySeconds": 0}
    await calendly.settings(webhookMischief=mischief, tier="enterprise")
    with served_receiver(calendly, redis) as url:
        await subscribe(calendly, url + PATH, events=EVENTS, signing_key=KEY)
        booked = [await calendly.book("intro-call") for _ in range(10)]
        for each in booked[::2]:
            await calendly.call("POST", f"{each['event']}/cancellation", json={})

        async def is_quiet() -> bool:
            calendly.clock.advance(seconds=1)
            return "waiting" not in {each["outcome"] for each in await deliveries(calendly)}

        await eventually(is_quiet)
        sent = await deliveries(calendly)
        async with httpx.AsyncClient(base_url=url) as http:

            async def is_done() -> bool:
                return (
                    'bff_webhook_deliveries_total{outcome="done"} 15.0' in (await http.get("/metrics")).text
                )

            await eventually(is_done)

    became = {(each["kind"], each["forgery"] == "replayed", each["outcome"]) for each in sent}
    assert became == {
        ("genuine", False, "delivered"),
        ("duplicate", False, "delivered"),
        ("forged", False, "refused"),
        ("forged", True, "delivered"),
    }
