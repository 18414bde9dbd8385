"""Processes that share a store: each notice is delivered once, and again only where one of them died over it."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from app.relay.notices import body_of
from app.relay.outbox import Outbox
from app.relay.targets import Target
from app.sealing import Sealer
from app.store.connection import STATE_PATIENCE, open_store
from app.store.state import StateStore
from tests.relay.examples import KEY, notice
from tests.relay.receiver import HANG, Receiver
from tests.relay.test_worker import emptied
from tests.support.redis import STATE, RedisServer, running_redis

ROOT = Path(__file__).parents[2]
NOTICES = 60


@contextmanager
def relaying(
    redis: RedisServer, receiver: Receiver, *, lease: float = 30
) -> Iterator["subprocess.Popen[bytes]"]:
    arguments = [redis.url(STATE), receiver.url, str(lease)]
    process = subprocess.Popen([sys.executable, "-m", "tests.relay.program", *arguments], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def stored(redis: RedisServer) -> AsyncIterator[Outbox]:
    async with open_store(redis.url(STATE), patience=STATE_PATIENCE) as store:
        yield Outbox(StateStore(store), Sealer((KEY,), "relay"))


async def test_two_processes_deliver_each_notice_once(redis: RedisServer, receiver: Receiver) -> None:
    receiver.pause = 0.01
    async with stored(redis) as outbox:
        with relaying(redis, receiver), relaying(redis, receiver):
            for number in range(NOTICES):
                each = notice(number)
                await outbox.put(each, body_of(each), [Target.of(receiver.url)])
            await receiver.after(NOTICES)
            await emptied(outbox)

    assert len(receiver.received) == NOTICES
    assert {each.id for each in receiver.received} == {notice(number).id for number in range(NOTICES)}


async def test_what_a_process_was_sending_when_it_was_killed_is_sent_again_with_the_same_id(
    redis: RedisServer, receiver: Receiver
) -> None:
    receiver.answers = [HANG]
    async with stored(redis) as outbox:
        await outbox.put(notice(), body_of(notice()), [Target.of(receiver.url)])
        with relaying(redis, receiver, lease=3) as killed:
            await receiver.after(1)
            killed.kill()
        with relaying(redis, receiver, lease=3):
            await receiver.after(2)
            await emptied(outbox)

    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)


async def test_what_was_taken_and_not_noted_is_sent_again(
    tmp_path_factory: pytest.TempPathFactory, receiver: Receiver
) -> None:
    """The store is gone when the receiver answers, and so is the process when the store is back."""
    receiver.pause = 0.5
    with running_redis(tmp_path_factory.mktemp("redis"), appendfsync="always") as own:
        async with stored(own) as outbox:
            await outbox.put(notice(), body_of(notice()), [Target.of(receiver.url)])
        with relaying(own, receiver, lease=3):
            await receiver.after(1)
            own.kill()
            await receiver.answered.wait()
        own.start()
        with relaying(own, receiver, lease=3):
            await receiver.after(2)
            async with stored(own) as outbox:
                await emptied(outbox)

    assert [each.id for each in receiver.received] == [notice().id] * 2
