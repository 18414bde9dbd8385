"""The budget without its store: bookings are closed, everything else goes on with less."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis as Operator
from redis.asyncio import Redis

from app.budgets.budgets import Budgets
from app.budgets.names import keys_of
from app.calendly.quota import Purpose
from app.errors import BookingsClosedError
from app.store.connection import STATE_PATIENCE, open_store
from tests.budgets.examples import (
    BOOK,
    CANCEL,
    LOOKUP,
    READ,
    all_landed,
    budgets,
    busy,
    count_admitted,
    is_admitted,
    standing,
    window,
)
from tests.soak.waiting import until
from tests.support.ports import free_port
from tests.support.redis import STATE, RedisServer, running_redis
from tests.support.stopwatch import Stopwatch

TEN = window("bookings_minute", 10)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of this test's own, to be harmed."""
    with running_redis(tmp_path, appendfsync="always") as running:
        yield running


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[Redis]:
    async with open_store(server.url(STATE), patience=STATE_PATIENCE) as opened:
        yield opened


def _start_again(server: RedisServer) -> None:
    """Listening is not enough: for a moment it answers that it is still loading."""
    server.start()
    deadline = time.monotonic() + 15
    with Operator(port=server.port) as operator:
        while operator.info("persistence")["loading"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def _fill(server: RedisServer) -> None:
    with Operator(port=server.port) as operator:
        operator.config_set("maxmemory", "1mb")


def _make_replica(server: RedisServer) -> None:
    with Operator(port=server.port) as operator:
        operator.replicaof("127.0.0.1", free_port())


HARMS = [
    pytest.param(RedisServer.kill, id="dead", marks=pytest.mark.fault("R02")),
    pytest.param(RedisServer.pause, id="hung", marks=pytest.mark.fault("R04")),
    pytest.param(_fill, id="full", marks=pytest.mark.fault("R05")),
    pytest.param(_make_replica, id="read-only", marks=pytest.mark.fault("R07")),
]


@pytest.mark.parametrize("harm", HARMS)
async def test_bookings_are_closed(
    server: RedisServer, store: Redis, harm: Callable[[RedisServer], None]
) -> None:
    quota = budgets(store, TEN)
    await quota.admit(BOOK)
    harm(server)

    with pytest.raises(BookingsClosedError) as refusal:
        await quota.admit(BOOK)

    assert refusal.value.retry_after == 30


@pytest.mark.parametrize("harm", HARMS)
async def test_other_calls_go_on(
    server: RedisServer, store: Redis, harm: Callable[[RedisServer], None]
) -> None:
    quota = budgets(store, TEN)
    await quota.admit(READ)
    harm(server)

    assert all([await is_admitted(quota, purpose) for purpose in (READ, LOOKUP, CANCEL)])


@pytest.mark.fault("R04")
async def test_a_store_that_hangs_holds_one_read_briefly_and_the_next_not_at_all(
    server: RedisServer, store: Redis
) -> None:
    quota = budgets(store)
    await quota.admit(READ)
    server.pause()

    began = time.monotonic()
    await quota.admit(READ)
    first = time.monotonic() - began
    await count_admitted(quota, READ, 20)
    others = time.monotonic() - began - first

    # Twenty that waited as the first did would take five seconds.
    assert (0.2 < first < 2, others < 2) == (True, True)


async def test_a_process_that_is_busy_does_not_take_its_store_for_away(store: Redis) -> None:
    quota = budgets(store, calls=10)
    await _found_to_be_back(quota)

    # Turns so long that the store, too, may be kept waiting for a core.
    with busy(turn=0.3):
        admitted = await count_admitted(quota, READ, 3)

    # Alone it would have had one.
    assert admitted == 3


@pytest.mark.fault("R04")
async def test_a_store_that_hangs_does_not_hold_a_booking_for_long(server: RedisServer, store: Redis) -> None:
    quota = budgets(store, TEN)
    await quota.admit(BOOK)
    server.pause()

    watch = Stopwatch()
    admitted = await is_admitted(quota, BOOK)

    assert not admitted
    assert watch.stop() < 3


@pytest.mark.fault("R04")
async def test_a_store_that_hangs_does_not_hold_the_question_whether_one_can_book(
    server: RedisServer, store: Redis
) -> None:
    quota = budgets(store, TEN)
    await quota.admit(BOOK)
    server.pause()

    watch = Stopwatch()
    await quota.require(Purpose.BOOK)

    assert watch.stop() < 1


@pytest.mark.fault("R02")
async def test_after_a_failure_reads_leave_the_store_alone_until_it_is_found_to_be_back(
    server: RedisServer, store: Redis
) -> None:
    quota = budgets(store)
    server.kill()
    await quota.admit(READ)
    _start_again(server)

    admitted = await count_admitted(quota, READ, 5)
    meanwhile = await store.dbsize()
    await _found_to_be_back(quota)
    await quota.admit(READ)

    assert (admitted, meanwhile, await store.dbsize()) == (5, 0, 1)


@pytest.mark.fault("R02")
async def test_what_was_sent_while_the_store_was_away_is_counted_when_it_is_back(
    server: RedisServer, store: Redis
) -> None:
    quota = budgets(store)
    server.kill()
    await count_admitted(quota, READ, 3)
    unused = await quota.admit(READ)
    await quota.give_back(READ, unused)
    _start_again(server)
    await _found_to_be_back(quota)

    await quota.admit(READ)
    await quota.admit(READ)

    assert await quota.left() == {"calls_minute": 995}


@pytest.mark.fault("R04")
async def test_whether_a_hung_store_is_back_is_found_out_on_nobodys_time(
    server: RedisServer, store: Redis
) -> None:
    quota = budgets(store)
    await quota.admit(READ)
    server.pause()
    await quota.admit(READ)
    server.resume()

    await _found_to_be_back(quota)

    assert await quota.left() == {"calls_minute": 998}


async def test_a_booking_that_is_counted_shows_that_the_store_is_back(
    server: RedisServer, store: Redis
) -> None:
    quota = budgets(store, TEN)
    server.kill()
    await quota.admit(READ)
    _start_again(server)

    await quota.admit(BOOK)

    assert (await quota.left())["bookings_minute"] == 9


async def _found_to_be_back(quota: Budgets) -> None:
    probing = asyncio.create_task(quota.probe())

    async def says_what_is_left() -> bool:
        return bool(await quota.left())

    async with asyncio.timeout(10):
        await until(says_what_is_left, every=0.02)
    probing.cancel()
    await asyncio.wait({probing})


@pytest.mark.fault("R02")
async def test_bookings_open_when_the_store_is_back(server: RedisServer, store: Redis) -> None:
    quota = budgets(store, TEN)
    await quota.admit(BOOK)
    server.kill()
    await is_admitted(quota, BOOK)

    _start_again(server)

    assert await is_admitted(quota, BOOK)


@pytest.mark.fault("R04")
async def test_bookings_that_a_hung_store_took_unheard_are_given_back(
    server: RedisServer, store: Redis
) -> None:
    quota = budgets(store, TEN)
    await quota.admit(BOOK)
    server.pause()
    await asyncio.gather(*(is_admitted(quota, BOOK) for _ in range(8)))

    server.resume()
    await all_landed()

    assert await count_admitted(quota, BOOK, 20) == 9


async def test_a_permit_that_could_not_be_given_back_is_given_back_later(
    server: RedisServer, store: Redis
) -> None:
    quota = budgets(store, TEN)
    permits = [await quota.admit(BOOK) for _ in range(4)]
    server.kill()
    await quota.give_back(BOOK, permits[0])

    _start_again(server)

    assert await count_admitted(quota, BOOK, 20) == 7


async def test_a_permit_is_given_back_later_only_once(server: RedisServer, store: Redis) -> None:
    quota = budgets(store, TEN)
    permit = await quota.admit(BOOK)
    server.kill()
    await quota.give_back(BOOK, permit)
    _start_again(server)
    await quota.admit(BOOK)
    await store.config_resetstat()

    await quota.admit(BOOK)

    assert (await store.info("commandstats"))["cmdstat_evalsha"]["calls"] == 1


@pytest.mark.fault("U11")
@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        pytest.param(READ, [False, False, True], id="read"),
        pytest.param(CANCEL, [False, False, False], id="cancellation"),
    ],
)
async def test_a_gate_that_was_shut_stays_shut(
    server: RedisServer, store: Redis, refused: Purpose, expected: list[bool]
) -> None:
    quota = budgets(store)
    await quota.observe(refused, standing(refused=True))

    server.kill()

    assert [await is_admitted(quota, purpose) for purpose in (READ, LOOKUP, CANCEL)] == expected


@pytest.mark.fault("U11")
async def test_a_gate_that_another_replica_shut_stays_shut(server: RedisServer, store: Redis) -> None:
    one, other = budgets(store), budgets(store)
    await one.observe(READ, standing(refused=True))
    await is_admitted(other, READ)

    server.kill()

    assert not await is_admitted(other, READ)


async def test_who_leaves_a_slow_store_leaves_its_command_whole(server: RedisServer, store: Redis) -> None:
    quota = budgets(store)
    await quota.admit(READ)
    server.pause()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(quota.admit(READ), timeout=0.05)

    server.resume()

    await all_landed()
    assert await store.zcard(keys_of("0a1b")[1]) == 2
