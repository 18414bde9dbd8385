"""Messages that come twice, late, in another order, or from somebody else."""

import hmac
from collections.abc import AsyncIterator
from datetime import datetime

import msgspec
import pytest

from simulator.webhooks.mischief import FORGERIES, befalls, forged_body, forgery_of
from tests.support.listener import Listener, Received, listening
from tests.support.simulation import Simulation, simulation
from tests.support.webhooks import deliveries, settled, subscribe

KEY = "simulator-signing-key"
THREE_MINUTES = 180


@pytest.fixture
async def calendly() -> AsyncIterator[Simulation]:
    async with simulation(sends=True) as running:
        yield running


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as running:
        yield running


async def plan(calendly: Simulation, listener: Listener, **mischief: float) -> None:
    await calendly.settings(webhookMischief=mischief)
    await subscribe(calendly, listener.url)


def believable(received: Received, now: datetime) -> bool:
    """What a careful receiver accepts."""
    time, _, digest = (received.signature or "t=0,v1=").partition(",v1=")
    seconds = int(time.removeprefix("t="))
    expected = hmac.new(KEY.encode(), f"{seconds}.".encode() + received.body, "sha256").hexdigest()
    return digest == expected and abs(now.timestamp() - seconds) <= THREE_MINUTES


async def test_a_duplicate_is_the_same_message_again(calendly: Simulation, listener: Listener) -> None:
    await plan(calendly, listener, duplicate=1)

    await calendly.book("intro-call")

    first, second = await listener.after(2)
    assert first.body == second.body
    assert [one["kind"] for one in await deliveries(calendly)] == ["genuine", "duplicate"]


async def test_a_message_is_overtaken_by_the_next(calendly: Simulation, listener: Listener) -> None:
    await plan(calendly, listener, reorder=1, duplicate=1)
    event = (await calendly.book("intro-call"))["event"]
    await calendly.settings(webhookMischief={})

    await calendly.call("POST", f"{event}/cancellation")

    assert await listener.events(3) == ["invitee.canceled", "invitee.created", "invitee.created"]


async def test_the_last_message_is_held_back_for_a_second(calendly: Simulation, listener: Listener) -> None:
    await plan(calendly, listener, reorder=1)
    await calendly.book("intro-call")
    (held,) = await deliveries(calendly)

    calendly.clock.advance(seconds=1)

    assert (held["attempts"], held["dueAt"]) == ([], "2026-11-23T06:00:01.000000Z")
    assert await listener.events(1) == ["invitee.created"]


async def test_messages_are_delayed_by_the_simulators_clock(calendly: Simulation, listener: Listener) -> None:
    await plan(calendly, listener, delaySeconds=30)
    await calendly.book("intro-call")
    (waiting,) = await deliveries(calendly)

    calendly.clock.advance(seconds=30)

    assert waiting["dueAt"] == "2026-11-23T06:00:30.000000Z"
    assert await listener.events(1) == ["invitee.created"]


async def test_nothing_forged_is_believable(calendly: Simulation, listener: Listener) -> None:
    await calendly.settings(tier="enterprise")
    await plan(calendly, listener, forge=1)

    for start in (await calendly.starts("intro-call"))[:10]:
        await calendly.book("intro-call", start_time=start)
    received = await listener.after(20)

    made = [one for one in await deliveries(calendly) if one["kind"] == "forged"]
    assert {one["forgery"] for one in made} == set(FORGERIES)
    assert sum(believable(one, calendly.clock()) for one in received) == 10


async def test_a_forged_message_is_tried_once_and_costs_nothing(
    calendly: Simulation, listener: Listener
) -> None:
    await calendly.settings(webhookMischief={"forge": 1})
    subscription = await subscribe(calendly, listener.url)
    listener.answers = [401, 401]

    await calendly.book("intro-call")
    genuine, forged = await settled(calendly, 1), await settled(calendly, 2)

    assert (genuine["outcome"], forged["outcome"]) == ("waiting", "refused")
    calendly.clock.advance(seconds=60)
    await settled(calendly, 1, attempts=2)
    assert (await calendly.read(subscription["uri"]))["retry_started_at"] is None


async def test_a_forged_message_that_is_believed_shows(calendly: Simulation, listener: Listener) -> None:
    await plan(calendly, listener, forge=1)

    await calendly.book("intro-call")

    assert (await settled(calendly, 2))["outcome"] == "delivered"


@pytest.mark.parametrize(
    ("event", "opposite", "status"),
    [
        ("invitee.created", "invitee.canceled", "canceled"),
        ("invitee.canceled", "invitee.created", "active"),
        ("event_type.updated", "event_type.deleted", None),
    ],
)
def test_what_is_forged_is_the_opposite(event: str, opposite: str, status: str | None) -> None:
    body = msgspec.json.encode({"event": event, "payload": {"uri": "x"}})

    forged = msgspec.json.decode(forged_body(body, "wrong key"))

    assert (forged["event"], forged["payload"].get("status")) == (opposite, status)


def test_a_replay_says_what_was_said() -> None:
    assert forged_body(b"{}", "replayed") == b"{}"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 1.0])
def test_a_share_is_kept_and_falls_on_the_same_messages(share: float) -> None:
    befallen = [number for number in range(10_000) if befalls("forge", number, share)]

    assert abs(len(befallen) / 10_000 - share) < 0.01
    assert befallen == [number for number in range(10_000) if befalls("forge", number, share)]


def test_every_forgery_has_its_turn() -> None:
    assert {forgery_of(number) for number in range(100)} == set(FORGERIES)


@pytest.mark.parametrize("mischief", [{"forge": 2}, {"delaySeconds": -1}, {"swap": 1}])
async def test_impossible_mischief_is_refused(calendly: Simulation, mischief: dict[str, float]) -> None:
    response = await calendly.http.patch("/_simulator/settings", json={"webhookMischief": mischief})

    assert response.status_code == 400
