"""The relay at work: real notices in a real store, to real listeners, by one process or two."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from app.background import running
from app.relay import names
from app.relay.notices import body_of
from app.relay.outbox import Outbox
from app.relay.schedule import WAITS
from app.relay.sender import Sender, SenderOptions
from app.relay.targets import Target
from app.relay.worker import AT_ONCE, Relay, RelayOptions
from app.sealing import Sealer
from app.store.state import StateStore
from tests.relay.examples import KEY, SECRET, notice, passed, secret_key, target
from tests.relay.receiver import HANG, Receiver, answer, receiving
from tests.soak.waiting import until
from tests.support.ports import free_port
from tests.support.redis import STATE, running_redis

BRISK = RelayOptions(
    poll=timedelta(milliseconds=20), lease=timedelta(seconds=5), grace=timedelta(seconds=0.5)
)


class Counted(Counter[str]):
    def __call__(self, outcome: str, count: int) -> None:
        self[outcome] += count

    async def comes_to(self, total: int) -> None:
        """Waits until so many have ended, in whatever way."""

        async def is_so() -> bool:
            return self.total() == total

        async with asyncio.timeout(20):
            await until(is_so, every=0.02)


@asynccontextmanager
async def relaying(
    outbox: Outbox,
    targets: Sequence[Target],
    counted: Callable[[str, int], None] | None = None,
    **sending: Any,
) -> AsyncIterator[Relay]:
    """As a process does it, until the block ends."""
    usual: dict[str, Any] = {"private": True, "deadline": timedelta(seconds=2)}
    sender = Sender([secret_key(SECRET)], SenderOptions(**(usual | sending)))
    relay = Relay(outbox, sender, targets, Counted() if counted is None else counted, BRISK)
    async with running(relay.run()):
        yield relay
    await relay.aclose()


async def emptied(outbox: Outbox) -> None:
    """Fails the test where something goes on waiting."""

    async def is_empty() -> bool:
        return (await outbox.counts())[0] == 0

    async with asyncio.timeout(20):
        await until(is_empty, every=0.02)


async def attempted(outbox: Outbox, outcome: str) -> None:
    """Waits until the last attempt of the oldest that waits has ended so."""

    async def has_ended() -> bool:
        return [each.outcome for each in await outbox.listed("waiting", 1)] == [outcome]

    async with asyncio.timeout(20):
        await until(has_ended, every=0.02)


async def test_each_target_gets_each_notice_once(outbox: Outbox, receiver: Receiver) -> None:
    counted = Counted()
    async with receiving() as other:
        targets = [target(receiver.port), target(other.port)]
        async with relaying(outbox, targets, counted) as relay:
            for number in range(20):
                assert await relay.put(notice(number))
            await emptied(outbox)

        expected = {notice(number).id for number in range(20)}
        for each in (receiver, other):
            assert len(each.received) == 20
            assert {received.id for received in each.received} == expected
    assert counted == {"delivered": 40}
    assert all(received.is_signed_with(SECRET) for received in receiver.received)


async def test_two_that_share_a_store_deliver_each_notice_once(outbox: Outbox, receiver: Receiver) -> None:
    targets = [target(receiver.port)]
    async with relaying(outbox, targets) as one, relaying(outbox, targets) as other:
        await asyncio.gather(*(relay.put(notice(number)) for number in range(40) for relay in (one, other)))
        await emptied(outbox)

    assert sorted(each.id for each in receiver.received) == sorted(notice(number).id for number in range(40))


async def test_one_target_that_hangs_holds_up_no_other(outbox: Outbox, receiver: Receiver) -> None:
    async with receiving() as hanging:
        hanging.usual = HANG
        targets, long = [target(hanging.port), target(receiver.port)], timedelta(minutes=1)
        async with relaying(outbox, targets, deadline=long) as relay:
            for number in range(3 * AT_ONCE):
                await relay.put(notice(number))

            await receiver.after(3 * AT_ONCE)

        assert len(hanging.received) == AT_ONCE // 2


async def test_what_is_not_taken_is_sent_again_with_the_same_id_and_body(
    outbox: Outbox, store: Redis, receiver: Receiver
) -> None:
    counted = Counted()
    receiver.answers = [answer(500), answer(404)]
    to = target(receiver.port)
    async with relaying(outbox, [to], counted) as relay:
        await relay.put(notice())
        for said in ("500", "404"):
            await attempted(outbox, said)
            await passed(store, f"{names.PREFIX}due:{to.name}", WAITS[1] * 2)
        await emptied(outbox)

    assert {(each.id, each.body) for each in receiver.received} == {(notice().id, body_of(notice()))}
    assert len(receiver.received) == 3
    assert counted == {"failed": 2, "delivered": 1}


async def test_after_the_last_attempt_it_is_a_dead_letter(
    outbox: Outbox, store: Redis, receiver: Receiver
) -> None:
    counted = Counted()
    receiver.usual = answer(500)
    to = target(receiver.port)
    async with relaying(outbox, [to], counted) as relay:
        await relay.put(notice())
        for count in range(1, len(WAITS) + 2):
            await counted.comes_to(count)
            await passed(store, f"{names.PREFIX}due:{to.name}", timedelta(days=2))

    assert await outbox.counts() == (0, 1)
    assert counted == {"failed": 9, "dead": 1}


async def test_who_is_gone_gets_no_second_attempt(outbox: Outbox, receiver: Receiver) -> None:
    receiver.answers = [answer(410)]
    async with relaying(outbox, [target(receiver.port)]) as relay:
        await relay.put(notice(1))
        await emptied(outbox)
        assert await outbox.counts() == (0, 1)

        await relay.put(notice(2))
        await emptied(outbox)

    assert [each.id for each in receiver.received] == [notice(1).id, notice(2).id]


async def test_who_asks_for_time_is_given_it(outbox: Outbox, store: Redis, receiver: Receiver) -> None:
    receiver.answers = [answer(503, "Retry-After: 1800")]
    to = target(receiver.port)
    async with relaying(outbox, [to]) as relay:
        await relay.put(notice())
        await attempted(outbox, "503")
        due = await store.zscore(f"{names.PREFIX}due:{to.name}", notice().id)
        now, _ = await store.time()

    assert 1790 < (due or 0) / 1000 - now <= 1801


async def test_a_dead_letter_that_is_replayed_arrives_with_the_id_it_had(
    outbox: Outbox, receiver: Receiver
) -> None:
    receiver.answers = [answer(410)]
    async with relaying(outbox, [target(receiver.port)]) as relay:
        await relay.put(notice())
        await emptied(outbox)

        assert await outbox.replay() == 1
        await receiver.after(2)
        await emptied(outbox)

    assert [each.id for each in receiver.received] == [notice().id] * 2
    assert await outbox.counts() == (0, 0)


async def test_what_is_on_its_way_at_the_end_is_finished(outbox: Outbox, receiver: Receiver) -> None:
    receiver.pause = 0.3
    async with relaying(outbox, [target(receiver.port)]) as relay:
        await relay.put(notice())
        await receiver.after(1)
        assert await outbox.counts() == (1, 0)

    assert await outbox.counts() == (0, 0)


async def test_the_end_waits_no_longer_than_it_should(outbox: Outbox) -> None:
    async with receiving() as hanging:
        hanging.usual = HANG
        async with (
            asyncio.timeout(5),
            relaying(outbox, [target(hanging.port)], deadline=timedelta(minutes=1)) as relay,
        ):
            await relay.put(notice())
            await hanging.after(1)

    assert await outbox.counts() == (1, 0)


async def test_a_notice_that_no_key_opens_waits_for_who_has_it(
    outbox: Outbox, store: Redis, receiver: Receiver
) -> None:
    stranger = Outbox(StateStore(store), Sealer((KEY[::-1],), "relay"))
    to = target(receiver.port)
    await outbox.put(notice(), body_of(notice()), [to])
    async with relaying(stranger, [to]):
        await attempted(outbox, "unreadable")
    await passed(store, f"{names.PREFIX}due:{to.name}", WAITS[0] * 2)

    async with relaying(outbox, [to]):
        await receiver.after(1)
        await emptied(outbox)


async def test_a_store_that_goes_away_and_comes_back_has_kept_what_was_put(
    tmp_path_factory: pytest.TempPathFactory, sealer: Sealer, receiver: Receiver
) -> None:
    with running_redis(tmp_path_factory.mktemp("redis"), appendfsync="always") as server:
        async with Redis(port=server.port, db=STATE) as client:
            outbox = Outbox(StateStore(client), sealer)
            to = target(receiver.port)
            await outbox.put(notice(), body_of(notice()), [to])
            server.kill()
            async with relaying(outbox, [to]):
                await asyncio.sleep(0.2)
                server.start()

                await receiver.after(1)
                await emptied(outbox)


async def test_the_log_names_notice_host_and_outcome_and_nobody(outbox: Outbox, receiver: Receiver) -> None:
    receiver.answers = [answer(410)]
    with capture_logs() as logged:
        async with relaying(outbox, [target(receiver.port, "/bookings?key=secret")]) as relay:
            await relay.put(notice(1))
            await relay.put(notice(2))
            await emptied(outbox)

    events = {each["event"]: each for each in logged}
    assert events.keys() == {"relay.dead", "relay.delivered"}
    assert (events["relay.dead"]["host"], events["relay.dead"]["said"]) == ("127.0.0.1", "410")
    assert "grace" not in repr(logged)
    assert "secret" not in repr(logged)


async def test_a_target_that_is_nowhere_costs_nothing_but_attempts(outbox: Outbox) -> None:
    async with relaying(outbox, [target(free_port())]) as relay:
        await relay.put(notice())
        await attempted(outbox, "unreachable")

    assert await outbox.counts() == (1, 0)


async def test_an_attempt_that_crashes_has_failed(outbox: Outbox, receiver: Receiver) -> None:
    def broken() -> datetime:
        raise ZeroDivisionError

    async with relaying(outbox, [target(receiver.port)], clock=broken) as relay:
        await relay.put(notice())
        await attempted(outbox, "crashed")

    assert receiver.received == []


async def test_dead_letters_that_had_to_go_are_counted(store: Redis, sealer: Sealer) -> None:
    counted = Counted()
    outbox = Outbox(StateStore(store), sealer, most=1, most_dead=1)
    relay = Relay(outbox, Sender([secret_key(SECRET)], SenderOptions()), [target()], counted, BRISK)

    for number in range(4):
        await relay.put(notice(number))

    assert counted == {"crowded_out": 3, "dropped": 2}
