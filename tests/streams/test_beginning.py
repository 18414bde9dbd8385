"""A browser is told that a stream has opened when it is known from where on it hears."""

import asyncio
from functools import partial

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from starlette.types import Message

from app.cache.reach import Reach
from app.cache.steps import Steps
from app.features.availability_events.stream import EventStream, Subject
from tests.soak.waiting import until
from tests.streams.ears import HEARD_WITHIN, Slow, deaf_replica, log_on, taken


async def test_what_is_told_between_the_opening_and_the_look_at_the_log_is_heard(store: Redis) -> None:
    """Whoever reads when the stream has opened reads nothing older than where it begins."""
    slow, said = Slow(partial(Steps, store, Reach(store.ping, CollectorRegistry()))), list[Message]()
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        said.append(message)

    async def find() -> Subject:
        return Subject("ada", "intro")

    async def is_open() -> bool:
        return len(said) > 1

    with deaf_replica(slow) as one:
        slow.hold()
        stream = asyncio.create_task(EventStream(one.hub, find, None)({"type": "http"}, receive, send))
        await slow.until_it_holds()
        before = list(said)
        slow.let_go()
        async with asyncio.timeout(HEARD_WITHIN):
            await until(is_open, every=0.01)
        await log_on(store).tell("ada", taken(1), "taken:1")
        one.hub.begin()

        async def has_heard() -> bool:
            return b"slot.taken" in said[-1].get("body", b"")

        async with asyncio.timeout(HEARD_WITHIN):
            await until(has_heard, every=0.01)
        gone.set()
        await stream

    assert before == []
    assert [message["type"] for message in said[:2]] == ["http.response.start", "http.response.body"]
