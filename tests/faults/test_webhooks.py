"""Deliveries on their bad days: forged, repeated, shuffled, huge, another's; and a subscription that is given up."""

import asyncio
import json
import statistics
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from itertools import permutations
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import pytest
from msgspec.structs import astuple
from redis import Redis

from app.features.webhooks.router import MAX_BODY, WITHIN
from app.webhooks.signatures import HEADER
from app.webhooks.subscriptions import EVENTS, PATH
from tests.faults.forgeries import forgeries, signature_with
from tests.soak.answer_times import TOO_SLOW
from tests.soak.findings import table
from tests.soak.signing_keys import run_signing_keys
from tests.soak.town import running_town
from tests.soak.webhooks import run_deliveries
from tests.support.contents import contents
from tests.support.hooks import (
    KEY,
    OTHER_KEY,
    START,
    counted,
    deliver,
    delivery,
    event_type_delivery,
    eventually,
    own,
    running_receiver,
    served_receiver,
    signature,
    uri_of,
)
from tests.support.hosted_pages import HostedPages
from tests.support.redis import STATE, RedisServer, running_redis
from tests.support.service import Service, plan_fault
from tests.support.simulation import GRACE, Json, Simulation
from tests.support.webhooks import deliveries, organization, subscribe
from tests.support.wire import wire_to

NOWHERE = "http://127.0.0.1:9"

ROUNDS = 60
"""Of each forgery, to tell how long it takes."""


@pytest.fixture
async def receiver(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    async with running_receiver(calendly, redis, (KEY, OTHER_KEY)) as service:
        yield service


def stored(redis: RedisServer) -> dict[str, str]:
    """All that the state store has of webhooks."""
    with Redis(port=redis.port, db=STATE) as store:
        return {name: value for name, value in contents(store).items() if "{webhooks}" in name}


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
    await eventually(lambda: _has(receiver, done=1))
    before = stored(redis)
    calendly.clock.advance(minutes=10)
    for _ in range(50):
        statuses[(await receiver.http.post(PATH, content=body, headers=header)).status_code] += 1

    assert statuses == {204: 150}
    assert await _has(receiver, new=1, duplicate=99, replayed=50, done=1)
    assert stored(redis) == before


LONG_AGO = timedelta(seconds=181)


@pytest.mark.fault("W02")
async def test_what_was_signed_long_ago_is_no_more_than_a_hint_where_to_look(
    calendly: Simulation, redis: RedisServer, receiver: Service
) -> None:
    """Nothing of it is kept but its name; what is booked at Calendly is seen there."""
    start = START.isoformat()
    assert start in await receiver.free("intro-call", timeZone="UTC")
    invitee = await HostedPages(calendly.http).book("intro-call", start)

    answer = await deliver(receiver.http, await own(calendly, invitee=invitee), calendly.clock() - LONG_AGO)
    await eventually(lambda: _has(receiver, stale=1, hinted=1, done=0))

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

    await eventually(lambda: _has(receiver, stale=1, replayed=1, new=1, hinted=1, done=1))
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
            assert await _has(receiver, not_kept=1, stale=0, replayed=0)


async def _has(receiver: Service, **outcomes: int) -> bool:
    return {name: await counted(receiver, name) for name in outcomes} == outcomes


async def _pair(calendly: Simulation) -> list[Json]:
    """A booking that is moved, and canceled in the end."""
    return [
        await own(calendly, invitee="A"),
        await own(calendly, event="invitee.canceled", invitee="A", new_invitee=uri_of("B"), rescheduled=True),
        await own(calendly, invitee="B", old_invitee=uri_of("A")),
        await own(calendly, event="invitee.canceled", invitee="B"),
    ]


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
            await eventually(partial(_has, receiver, done=4 * number))
            records = (await inbox.read(account, ["A", "B"])).records
            ends.add(tuple((id_, astuple(each)[:3]) for id_, each in sorted(records.items())))

    assert ends == {(("A", (True, True, True)), ("B", (True, True, False)))}


@pytest.mark.fault("W04")
async def test_what_cannot_be_written_down_is_to_come_again(calendly: Simulation, tmp_path: Path) -> None:
    with running_redis(tmp_path) as fragile:
        async with running_receiver(calendly, fragile) as receiver:
            message = await own(calendly)
            await deliver(receiver.http, await own(calendly, invitee="IN0"), calendly.clock())
            await eventually(lambda: _has(receiver, done=1))
            fragile.kill()
            away = await deliver(receiver.http, message, calendly.clock())
            fragile.start()

            async def is_taken() -> bool:
                return (await deliver(receiver.http, message, calendly.clock())).status_code == 204

            await eventually(is_taken)
            await deliver(receiver.http, message, calendly.clock())
            await eventually(lambda: _has(receiver, done=2))

            assert (away.status_code, away.json()["code"]) == (503, "delivery_not_kept")
            assert await counted(receiver, "duplicate") == 1


@pytest.mark.fault("W04")
async def test_what_was_written_down_survives_the_death_of_store_and_process(
    calendly: Simulation, tmp_path: Path
) -> None:
    """Calendly does not answer, so that it could not be carried out before."""
    message = event_type_delivery() | {"created_by": await calendly.me()}
    with running_redis(tmp_path) as fragile:
        async with running_receiver(calendly, fragile) as receiver:
            await receiver.get("/event-types")
            await plan_fault(calendly, "status", path="^/users/me$", times=1000, status=500)
            answer = await deliver(receiver.http, message, calendly.clock())
            await eventually(lambda: _has_failed(fragile))
            done_before = await counted(receiver, "done")
            fragile.kill()
        fragile.start()
        await calendly.http.delete("/_simulator/faults")
        async with running_receiver(calendly, fragile) as another:
            await eventually(lambda: _has(another, done=1))

    assert (answer.status_code, done_before) == (204, 0)


async def _has_failed(redis: RedisServer) -> bool:
    return any("tries:" in name for name in stored(redis))


@pytest.mark.fault("W05")
async def test_a_subscription_that_was_given_up_is_shown_and_made_anew(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Nobody listens at the address: after a day Calendly gives it up, and the next look finds that."""
    async with running_receiver(calendly, redis, public_url=NOWHERE) as receiver:
        [subscription] = receiver.app.state.resources.webhooks.subscriptions
        await subscription.register()
        before = await _shown(receiver)
        await _given_up(calendly)
        since = calendly.clock()
        await subscription.look()
        shown = await _shown(receiver)
        gauges = (await receiver.http.get("/metrics")).text
    calendly.clock.advance(hours=1)
    async with running_receiver(calendly, redis, public_url=NOWHERE) as another:
        await eventually(lambda: _is_shown(another, "active"))

    assert (before[0], shown) == ("active", ("disabled", since))
    assert 'bff_webhook_subscription{state="disabled"} 1.0' in gauges
    assert 'bff_webhook_subscription{state="active"} 0.0' in gauges
    assert await _states(calendly) == ["active"]


@pytest.mark.fault("W05")
async def test_while_the_store_is_away_nobody_knows_of_the_subscription(
    calendly: Simulation, tmp_path: Path
) -> None:
    with running_redis(tmp_path) as fragile:
        async with running_receiver(calendly, fragile, public_url=NOWHERE) as receiver:
            await receiver.get("/event-types")
            fragile.kill()

            assert (await _shown(receiver))[0] == "unknown"


async def _shown(receiver: Service) -> tuple[str, datetime]:
    ready = (await receiver.http.get("/readyz")).json()
    return ready["webhooks"], datetime.fromisoformat(ready["webhooksSince"])


async def _is_shown(receiver: Service, state: str) -> bool:
    return (await _shown(receiver))[0] == state


async def _subscriptions(calendly: Simulation) -> list[Json]:
    whose = {"organization": await organization(calendly), "user": await calendly.me(), "scope": "user"}
    return list((await calendly.get("/webhook_subscriptions", **whose)).json()["collection"])


async def _states(calendly: Simulation) -> list[str]:
    return [each["state"] for each in await _subscriptions(calendly)]


async def _given_up(calendly: Simulation) -> None:
    await calendly.book("intro-call")

    async def fails() -> bool:
        return (await _subscriptions(calendly))[0]["retry_started_at"] is not None

    await eventually(fails)
    calendly.clock.advance(days=1, minutes=1)
    assert await _states(calendly) == ["disabled"]


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


@pytest.mark.fault("W07")
async def test_a_byte_too_many_is_refused_before_it_is_read(calendly: Simulation, receiver: Service) -> None:
    body = b" " * (MAX_BODY + 1)

    declared = await deliver(receiver.http, body, calendly.clock())
    streamed = await receiver.http.post(PATH, content=_pieces(body))

    assert [declared.status_code, streamed.status_code] == [413, 413]
    assert await counted(receiver, "forged") == 0


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for first in range(0, len(body), 16_384):
        yield body[first : first + 16_384]


@pytest.mark.fault("W07")
async def test_a_body_without_end_costs_no_more_than_the_largest(receiver: Service) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 16_384
            yield b" " * 16_384

    answer = await receiver.http.post(PATH, content=endless())

    assert answer.status_code == 413
    assert sent <= MAX_BODY + 5 * 16_384


@pytest.mark.fault("W07")
async def test_a_body_that_drips_is_given_up(calendly: Simulation, redis: RedisServer) -> None:
    with served_receiver(calendly, redis) as url:
        async with wire_to(int(url.rpartition(":")[2])) as wire:
            started = perf_counter()
            wire.writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode())
            drip = asyncio.create_task(_drip(wire.writer))
            async with asyncio.timeout(WITHIN + 5):
                head = await wire.reader.readuntil(b"\r\n\r\n")
            drip.cancel()

    assert head.startswith(b"HTTP/1.1 408")
    assert WITHIN - 1 < perf_counter() - started < WITHIN + 3


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b" ")
        await asyncio.sleep(0.2)


@pytest.mark.fault("W07")
async def test_depth_is_no_way_to_harm(calendly: Simulation, receiver: Service) -> None:
    body = b'{"event":"invitee.created","created_at":"","payload":' + b"[" * 100_000

    answer = await deliver(receiver.http, body, calendly.clock())

    assert answer.status_code == 204
    assert await counted(receiver, "unreadable") == 1


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
    await eventually(lambda: _has(receiver, foreign=2))

    assert statuses == {204}
    assert await counted(receiver, "done") == 0
    assert [name for name in stored(redis) if "invitee:" in name] == []


@pytest.mark.fault("W03")
@pytest.mark.fault("W04")
async def test_what_is_kept_is_what_was_delivered_though_redis_was_dead(tmp_path: Path) -> None:
    """`make soak-webhooks` does it with thousands, and for longer, and judges the time as well: that takes a machine
    on which no other test runs.
    """
    async with running_town(tmp_path) as town:
        findings = await run_deliveries(town, 100, away=2.0)

    wrong = {name for name, count in findings.wrong.items() if count}
    assert wrong <= {TOO_SLOW}, table([findings])


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
