"""Deliveries that fail: they are tried again, given up, and cost the subscription in the end."""

from collections.abc import AsyncIterator

import pytest

from tests.support.listener import HANG, Listener, listening
from tests.support.ports import free_port
from tests.support.simulation import Json, Simulation, simulation
from tests.support.webhooks import deliveries, delivery_once, settled, subscribe


@pytest.fixture
async def calendly() -> AsyncIterator[Simulation]:
    async with simulation(sends=True) as running:
        yield running


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as running:
        yield running


async def test_a_delivery_is_shown_with_its_outcome(calendly: Simulation, listener: Listener) -> None:
    subscription = await subscribe(calendly, listener.url)
    await calendly.book("intro-call")

    delivery = await settled(calendly, 1)

    (attempt,) = delivery.pop("attempts")
    assert attempt.pop("milliseconds") >= 0
    assert attempt == {"at": "2026-11-23T06:00:00.000000Z", "status": 204, "error": None}
    assert delivery.pop("message") == listener.received[0].message
    assert delivery == {
        "number": 1,
        "subscription": subscription["uri"],
        "url": listener.url,
        "event": "invitee.created",
        "kind": "genuine",
        "forgery": None,
        "outcome": "delivered",
        "createdAt": "2026-11-23T06:00:00.000000Z",
        "dueAt": None,
    }


@pytest.mark.parametrize("status", [301, 404, 503])
async def test_anything_but_success_is_tried_again_later_and_later(
    calendly: Simulation, listener: Listener, status: int
) -> None:
    listener.answers = [status, status]
    await subscribe(calendly, listener.url)
    await calendly.book("intro-call")

    first = await settled(calendly, 1)
    calendly.clock.advance(seconds=60)
    second = await settled(calendly, 1, attempts=2)
    calendly.clock.advance(seconds=120)
    third = await settled(calendly, 1, attempts=3)

    assert (first["dueAt"], second["dueAt"]) == ("2026-11-23T06:01:00.000000Z", "2026-11-23T06:03:00.000000Z")
    assert [attempt["status"] for attempt in third["attempts"]] == [status, status, 204]
    assert third["outcome"] == "delivered"


async def test_the_first_pause_is_a_setting(calendly: Simulation, listener: Listener) -> None:
    await calendly.settings(webhookRetrySeconds=2)
    listener.answers = [500]
    await subscribe(calendly, listener.url)
    await calendly.book("intro-call")

    assert (await settled(calendly, 1))["dueAt"] == "2026-11-23T06:00:02.000000Z"


async def test_a_retry_is_signed_anew(calendly: Simulation, listener: Listener) -> None:
    listener.answers = [500]
    await subscribe(calendly, listener.url)
    await calendly.book("intro-call")
    await settled(calendly, 1)
    calendly.clock.advance(seconds=60)

    first, second = await listener.after(2)

    assert first.body == second.body
    assert str(first.signature).startswith("t=1795413600,")
    assert str(second.signature).startswith("t=1795413660,")


async def test_a_refused_connection_is_a_failure(calendly: Simulation) -> None:
    await subscribe(calendly, f"http://127.0.0.1:{free_port()}/")
    await calendly.book("intro-call")

    (attempt,) = (await settled(calendly, 1))["attempts"]

    assert (attempt["status"], attempt["error"]) == (None, "ConnectError")


async def test_an_answer_that_does_not_come_is_a_failure(calendly: Simulation, listener: Listener) -> None:
    await calendly.settings(webhookReadSeconds=0.05)
    listener.answers = [HANG]
    await subscribe(calendly, listener.url)
    await calendly.book("intro-call")

    (attempt,) = (await settled(calendly, 1))["attempts"]

    assert (attempt["status"], attempt["error"]) == (None, "ReadTimeout")


async def test_other_messages_flow_while_one_hangs(calendly: Simulation, listener: Listener) -> None:
    listener.answers = [HANG]
    await subscribe(calendly, listener.url)
    await calendly.book("intro-call")
    await listener.after(1)

    await calendly.book("call-us")

    assert (await settled(calendly, 2))["outcome"] == "delivered"
    assert (await deliveries(calendly))[0]["outcome"] == "waiting"


async def failing(calendly: Simulation, listener: Listener) -> Json:
    """A subscription whose first message has failed."""
    subscription = await subscribe(calendly, listener.url)
    await calendly.book("intro-call")
    await settled(calendly, 1)
    return subscription


async def test_a_failure_shows_until_something_arrives(calendly: Simulation, listener: Listener) -> None:
    listener.answers = [500]
    subscription = await failing(calendly, listener)

    before = await calendly.read(subscription["uri"])
    calendly.clock.advance(seconds=60)
    await settled(calendly, 1, attempts=2)
    after = await calendly.read(subscription["uri"])

    assert (before["state"], before["retry_started_at"]) == ("active", "2026-11-23T06:00:00.000000Z")
    assert (after["state"], after["retry_started_at"]) == ("active", None)


async def test_a_day_without_any_delivery_disables(calendly: Simulation, listener: Listener) -> None:
    listener.answers = [500]
    subscription = await failing(calendly, listener)

    calendly.clock.advance(hours=24)
    disabled = await calendly.read(subscription["uri"])
    await calendly.book("call-us")

    assert disabled["state"] == "disabled"
    assert [one["outcome"] for one in await deliveries(calendly)] == ["dropped"]
    assert len(listener.received) == 1


async def test_a_day_that_passes_by_a_setting_disables_too(calendly: Simulation, listener: Listener) -> None:
    listener.answers = [500]
    await failing(calendly, listener)

    await calendly.settings(clockOffsetSeconds=86_400)

    dropped = await delivery_once(calendly, 1, lambda one: one["outcome"] != "waiting")
    assert dropped["outcome"] == "dropped"


async def test_one_message_is_given_up_where_others_arrive(calendly: Simulation, listener: Listener) -> None:
    await calendly.settings(webhookRetrySeconds=50_000)
    listener.answers = [500, 204, 500]
    subscription = await failing(calendly, listener)
    await calendly.book("call-us")
    await settled(calendly, 2)

    calendly.clock.advance(seconds=50_000)
    given_up = await settled(calendly, 1, attempts=2)

    assert given_up["outcome"] == "given up"
    assert (await calendly.read(subscription["uri"]))["state"] == "active"


async def test_retries_go_on_until_after_the_event_where_that_is_assumed(
    calendly: Simulation, listener: Listener
) -> None:
    await calendly.settings(webhookRetrySeconds=50_000, assumptions={"retriesLastUntilAfterTheEvent": True})
    listener.answers = [500, 204, 500]
    await subscribe(calendly, listener.url)
    starts = await calendly.starts("intro-call")
    await calendly.book("intro-call", start_time=starts[-1])
    await settled(calendly, 1)
    await calendly.book("call-us")
    await settled(calendly, 2)

    calendly.clock.advance(seconds=50_000)

    assert (await settled(calendly, 1, attempts=2))["outcome"] == "waiting"


async def test_a_removed_subscription_drops_what_waits(calendly: Simulation, listener: Listener) -> None:
    listener.answers = [500]
    subscription = await failing(calendly, listener)

    await calendly.call("DELETE", subscription["uri"])

    assert [one["outcome"] for one in await deliveries(calendly)] == ["dropped"]


async def test_a_message_in_flight_does_not_outlive_its_subscription(
    calendly: Simulation, listener: Listener
) -> None:
    await calendly.settings(webhookReadSeconds=0.05)
    listener.answers = [HANG]
    subscription = await subscribe(calendly, listener.url)
    await calendly.book("intro-call")
    await listener.after(1)

    await calendly.call("DELETE", subscription["uri"])

    assert (await settled(calendly, 1))["outcome"] == "dropped"


async def test_the_list_can_be_emptied_of_what_is_done(calendly: Simulation, listener: Listener) -> None:
    listener.answers = [500]
    await failing(calendly, listener)
    await calendly.book("call-us")
    await settled(calendly, 2)

    response = await calendly.http.delete("/_simulator/deliveries")

    assert (response.status_code, response.content) == (204, b"")
    assert [one["number"] for one in await deliveries(calendly)] == [1]


async def test_after_a_reset_nothing_is_sent_any_more(calendly: Simulation, listener: Listener) -> None:
    listener.answers = [500]
    await failing(calendly, listener)

    await calendly.http.post("/_simulator/reset")
    await calendly.book("intro-call")
    await subscribe(calendly, listener.url)
    await calendly.book("call-us")

    received = await listener.after(2)
    assert received[1].message["payload"]["scheduled_event"]["name"] == "Call us"
    assert len(received) == 2


@pytest.mark.parametrize("host", ["app.example.test", "192.0.2.1"])
async def test_no_other_machine_is_spoken_to(calendly: Simulation, host: str) -> None:
    await subscribe(calendly, f"https://{host}/webhooks")
    await calendly.book("intro-call")

    (attempt,) = (await settled(calendly, 1))["attempts"]

    assert attempt["error"] == "not a loopback address: webhookTargets does not allow it"


async def test_localhost_is_this_machine(calendly: Simulation, listener: Listener) -> None:
    await subscribe(calendly, listener.url.replace("127.0.0.1", "localhost"))
    await calendly.book("intro-call")

    assert (await settled(calendly, 1))["outcome"] == "delivered"


async def test_any_target_is_a_setting(calendly: Simulation, listener: Listener) -> None:
    await calendly.settings(webhookTargets="any")
    await subscribe(calendly, listener.url)
    await calendly.book("intro-call")

    assert await listener.events(1) == ["invitee.created"]
