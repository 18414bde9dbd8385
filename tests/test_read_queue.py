"""Reads in line: in order, a few at a time, and for no longer than is of use."""

import asyncio
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from app.read_queue import AT_ONCE, CALM, ENOUGH, PATIENCE, ReadQueue


def _stays() -> bool:
    return False


class HandClock:
    def __init__(self) -> None:
        self.moment = 100.0

    def __call__(self) -> float:
        return self.moment


class Crowd:
    """Many who enter at once, and the turns of the event loop in which each was let in or refused."""

    def __init__(self, queue: ReadQueue, clock: HandClock, *, turn: float = 0.0) -> None:
        self.let_in: list[tuple[int, int]] = []
        """Who, and in which turn."""
        self.refused: list[int] = []
        self._queue = queue
        self._clock = clock
        self._turn = turn
        self._turns = 0

    async def come(self, count: int) -> None:
        counting = asyncio.create_task(self._count())
        await asyncio.gather(*(self._enter(who) for who in range(count)))
        counting.cancel()

    async def _enter(self, who: int) -> None:
        if await self._queue.enter(_stays):
            self.let_in.append((self._turns, who))
        else:
            self.refused.append(who)

    async def _count(self) -> None:
        while True:
            self._turns += 1
            self._clock.moment += self._turn
            await asyncio.sleep(0)

    def each_turn(self) -> Iterator[int]:
        for turn in dict(self.let_in):
            yield sum(each == turn for each, _ in self.let_in)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def queue(clock: HandClock) -> ReadQueue:
    return ReadQueue(clock)


async def test_a_few_begin_in_each_turn_and_in_the_order_in_which_they_came(
    queue: ReadQueue, clock: HandClock
) -> None:
    crowd = Crowd(queue, clock)
    await crowd.come(100)

    assert [who for _, who in crowd.let_in] == list(range(100))
    assert max(crowd.each_turn()) <= AT_ONCE
    assert not queue.is_overloaded


async def test_who_comes_while_nobody_waits_is_let_in_at_once(queue: ReadQueue) -> None:
    for _ in range(20):
        entering = queue.enter(_stays)
        with pytest.raises(StopIteration):  # it has not waited for anything
            entering.send(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_a_burst_is_served_whole(queue: ReadQueue, clock: HandClock) -> None:
    """Of a thousand that are all worked out just in time."""
    turns = 1000 / AT_ONCE
    crowd = Crowd(queue, clock, turn=0.9 * PATIENCE / turns)
    await crowd.come(1000)

    assert len(crowd.let_in) == 1000
    assert clock.moment > 100 + 0.8 * PATIENCE


@pytest.mark.fault("P09")
async def test_who_has_waited_too_long_is_refused(queue: ReadQueue, clock: HandClock) -> None:
    crowd = Crowd(queue, clock, turn=2 * PATIENCE / (1000 / AT_ONCE))
    with capture_logs() as said:
        await crowd.come(1000)

    assert 400 < len(crowd.let_in) < 600
    assert sorted(crowd.refused) == list(range(len(crowd.let_in), 1000))
    assert [line["event"] for line in said] == ["reads.overloaded"]
    assert queue.is_overloaded


async def _overloaded(queue: ReadQueue, clock: HandClock) -> None:
    late = [asyncio.create_task(queue.enter(_stays)) for _ in range(AT_ONCE + 1)]
    await asyncio.sleep(0)
    clock.moment += PATIENCE + 0.01
    assert await asyncio.gather(*late) == [True] * AT_ONCE + [False]
    assert queue.is_overloaded


@pytest.mark.fault("P09")
async def test_while_overloaded_no_more_are_announced_than_are_to_stand_in_line(
    queue: ReadQueue, clock: HandClock
) -> None:
    await _overloaded(queue, clock)

    seen, tasks = [], []
    for _ in range(4):
        seen.append(0)
        for _ in range(50):
            if not queue.turns_away():
                queue.announce()
                tasks.append(asyncio.create_task(queue.enter(_stays)))
                seen[-1] += 1
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)

    assert seen == [ENOUGH, *[AT_ONCE] * 3]


@pytest.mark.fault("P09")
async def test_while_overloaded_no_long_line_forms_where_nobody_announces(
    queue: ReadQueue, clock: HandClock
) -> None:
    await _overloaded(queue, clock)
    crowd = Crowd(queue, clock)

    await crowd.come(100)

    assert len(crowd.let_in) == AT_ONCE + ENOUGH
    assert len(crowd.refused) == 100 - AT_ONCE - ENOUGH


@pytest.mark.fault("P09")
async def test_it_is_over_when_there_has_been_no_line_for_a_moment(
    queue: ReadQueue, clock: HandClock
) -> None:
    await _overloaded(queue, clock)
    clock.moment += CALM - 0.01
    still = queue.is_overloaded
    clock.moment += 0.02

    assert still
    assert not queue.is_overloaded
    assert await _turned_away(queue, 4 * ENOUGH) == 0


@pytest.mark.fault("P09")
async def test_it_is_not_over_while_there_is_a_line_however_slowly_it_moves(
    queue: ReadQueue, clock: HandClock
) -> None:
    await _overloaded(queue, clock)
    tasks = [asyncio.create_task(queue.enter(_stays)) for _ in range(ENOUGH)]
    await asyncio.sleep(0)
    seen = []
    while not all(task.done() for task in tasks):
        seen.append(queue.is_overloaded)
        clock.moment += 2 * CALM
        await asyncio.sleep(0)

    assert len(seen) > ENOUGH // AT_ONCE
    assert all(seen[: ENOUGH // AT_ONCE])


@pytest.mark.fault("P09")
async def test_after_it_bursts_are_served_whole_again(queue: ReadQueue, clock: HandClock) -> None:
    """However often they come: what counts is whether there is a line all the time."""
    await _overloaded(queue, clock)
    refused = []
    for _ in range(10):
        clock.moment += 0.9
        refused.append(await _turned_away(queue, 100))

    assert refused == [0] * 10


async def _paced(queue: ReadQueue, clock: HandClock, seconds: float, *, turns: int = 200) -> None:
    """Reads that each took so long have been worked out."""
    await Crowd(queue, clock, turn=seconds * AT_ONCE).come(turns * AT_ONCE)


async def _turned_away(queue: ReadQueue, count: int) -> int:
    """Of so many who come in one turn."""
    refused, tasks = 0, []
    for _ in range(count):
        if queue.turns_away():
            refused += 1
        else:
            queue.announce()
            tasks.append(asyncio.create_task(queue.enter(_stays)))
    await asyncio.gather(*tasks)
    return refused


@pytest.mark.fault("P09")
async def test_nobody_enters_a_line_that_takes_too_long(queue: ReadQueue, clock: HandClock) -> None:
    await _paced(queue, clock, 0.002, turns=100)
    refused = await _turned_away(queue, 1200)

    assert refused == pytest.approx(1200 - PATIENCE / 0.002, abs=60)
    assert queue.is_overloaded


async def test_a_machine_that_stood_still_refuses_nobody(queue: ReadQueue, clock: HandClock) -> None:
    await _paced(queue, clock, 0.001)
    crowd = Crowd(queue, clock)
    coming = asyncio.create_task(crowd.come(10 * AT_ONCE))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.moment += PATIENCE - 0.1
    await coming

    assert crowd.refused == []
    assert await _turned_away(queue, 1000) == 0


async def test_for_who_has_hung_up_nothing_begins(queue: ReadQueue) -> None:
    gone = [asyncio.create_task(queue.enter(lambda: True)) for _ in range(AT_ONCE + 50)]
    await asyncio.sleep(0)
    last = asyncio.create_task(queue.enter(_stays))
    begun = await asyncio.gather(*gone)

    assert begun == [True] * AT_ONCE + [False] * 50  # the first did not wait, and could not know
    assert await last
    assert not queue.is_overloaded


async def test_those_who_may_be_helped_elsewhere_count_only_in_an_overload(
    queue: ReadQueue, clock: HandClock
) -> None:
    for _ in range(5000):
        queue.expect()
    before = queue.turns_away()
    await _overloaded(queue, clock)
    during = queue.turns_away()
    for _ in range(5000):
        queue.be_sure()

    assert (before, during, queue.turns_away()) == (False, True, False)


async def test_who_is_cancelled_meanwhile_takes_nobody_s_turn(queue: ReadQueue) -> None:
    tasks = [asyncio.create_task(queue.enter(_stays)) for _ in range(3 * AT_ONCE)]
    await asyncio.sleep(0)
    for gone in tasks[AT_ONCE : 2 * AT_ONCE]:
        gone.cancel()
    for _ in range(3):
        await asyncio.sleep(0)

    assert [task.done() for task in tasks] == [True] * (3 * AT_ONCE)
    assert [task.result() for task in tasks[2 * AT_ONCE :]] == [True] * AT_ONCE
