"""Of all replicas one loads, as long as it shows life; what comes of it reaches whoever waits."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.cache.leases import LEASE, LOOK_AGAIN
from app.cache.reach import Reach
from app.cache.shared_flight import SharedFlight
from app.calendly.failures import AccessRefusedError, GrantLostError
from app.errors import (
    AppError,
    UpstreamBusyError,
    UpstreamFailedError,
    UpstreamRefusedUsError,
    UpstreamTimeoutError,
)
from app.store.connection import open_store
from tests.cache.replicas import LONG, OVER, PREFIX, CountedReach, asked, counted_reach_of, reach_of
from tests.soak.waiting import until
from tests.support.ports import free_port
from tests.support.redis import RedisServer

CLAIM = f"{PREFIX}flight:things"
LEASE_MS = LEASE // timedelta(milliseconds=1)


def _flight(store: Redis, reach: Reach | None = None, patience: timedelta = LONG) -> SharedFlight:
    return SharedFlight(store, reach or reach_of(store), account="ada", name="things", patience=patience)


@dataclass
class Shelf:
    """What replicas bring, and where they look for it. `loses`: it keeps nothing."""

    loses: bool = False
    failure: Exception | None = None
    loads: int = 0
    loading: "asyncio.Task[object] | None" = None
    brought: str | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> str | None:
        return self.brought

    async def load(self) -> str:
        self.loads += 1
        self.loading = asyncio.current_task()
        brought = f"load {self.loads}"
        self.asked.set()
        await self.let.wait()
        if self.failure is not None:
            raise self.failure
        self.brought = None if self.loses else brought
        return brought


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Replicas that look at the same shelf."""

    store: Redis
    shelf: Shelf
    reaches: list[CountedReach] = field(default_factory=list)

    def begun(self, count: int = 1) -> list[asyncio.Task[str]]:
        return [self._begun() for _ in range(count)]

    async def have_waited(self) -> None:
        """All but the holder have found its claim; that one has shown life twice."""
        await asked(self.reaches, 3)

    def _begun(self) -> asyncio.Task[str]:
        reach = counted_reach_of(self.store)
        self.reaches.append(reach)
        return asyncio.create_task(_flight(self.store, reach).run(self.shelf.look, self.shelf.load))


@pytest.fixture
def waiting(store: Redis, shelf: Shelf) -> Waiting:
    return Waiting(store, shelf)


async def test_of_replicas_that_ask_at_the_same_time_one_loads(shelf: Shelf, waiting: Waiting) -> None:
    tasks = waiting.begun(4)
    await waiting.have_waited()
    shelf.let.set()

    assert await asyncio.gather(*tasks) == ["load 1"] * 4
    assert shelf.loads == 1


async def test_what_was_brought_meanwhile_is_not_loaded_again(shelf: Shelf, waiting: Waiting) -> None:
    shelf.let.set()
    shelf.brought = "of another"

    assert await asyncio.gather(*waiting.begun()) == ["of another"]
    assert shelf.loads == 0


async def test_whoever_asks_after_a_load_makes_another(shelf: Shelf, waiting: Waiting) -> None:
    shelf.let.set()
    await asyncio.gather(*waiting.begun())
    shelf.brought = None

    assert await asyncio.gather(*waiting.begun()) == ["load 2"]


async def test_a_claim_lasts_as_long_as_its_lease_and_a_dead_one_is_replaced(
    store: Redis, shelf: Shelf, waiting: Waiting
) -> None:
    async def is_replaced() -> bool:
        return shelf.loads == 2

    [dead] = waiting.begun()
    await shelf.asked.wait()
    others = waiting.begun(2)
    await waiting.have_waited()
    left = await store.pttl(CLAIM)
    await store.delete(CLAIM)
    async with asyncio.timeout(10):
        await until(is_replaced, every=0.005)
    shelf.let.set()

    assert 0 < left <= LEASE_MS
    assert await asyncio.gather(*others, dead) == ["load 2", "load 2", "load 1"]
    assert shelf.loads == 2


async def test_a_claim_is_held_while_its_holder_shows_life(
    store: Redis, shelf: Shelf, waiting: Waiting
) -> None:
    async def is_renewed() -> bool:
        return int(await store.pttl(CLAIM)) <= LEASE_MS

    [holder] = waiting.begun()
    await shelf.asked.wait()
    await store.pexpire(CLAIM, 60 * LEASE_MS)
    async with asyncio.timeout(10):
        await until(is_renewed, every=0.01)
    shelf.let.set()

    assert await holder == "load 1"


async def test_whoever_ends_late_ends_nobody_elses(store: Redis, shelf: Shelf, waiting: Waiting) -> None:
    [late] = waiting.begun()
    await shelf.asked.wait()
    await store.set(CLAIM, "0123456789abcdef", px=60 * LEASE_MS)
    shelf.let.set()
    await late

    assert await store.get(CLAIM) == b"0123456789abcdef"


@pytest.mark.parametrize("ends", [1, 2])
async def test_in_place_of_a_holder_that_is_ended_one_of_those_who_wait_loads(
    shelf: Shelf, waiting: Waiting, ends: int
) -> None:
    """As often as that happens."""
    [holder] = waiting.begun()
    await shelf.asked.wait()
    others = {*waiting.begun(4)}
    await waiting.have_waited()
    for number in range(ends):
        shelf.asked.clear()
        holder.cancel()
        async with asyncio.timeout(10):
            await shelf.asked.wait()
        # In which everybody who waits looks several times.
        await asyncio.sleep(20 * LOOK_AGAIN)
        assert shelf.loads == number + 2
        [holder] = [each for each in others if each is shelf.loading]
        others.remove(holder)
    shelf.let.set()

    assert await asyncio.gather(holder, *others) == [f"load {ends + 1}"] * (5 - ends)
    assert shelf.loads == ends + 1


async def test_a_holder_that_is_ended_takes_no_claim_from_another(
    store: Redis, shelf: Shelf, waiting: Waiting
) -> None:
    [late] = waiting.begun()
    await shelf.asked.wait()
    await store.set(CLAIM, "0123456789abcdef", px=60 * LEASE_MS)
    late.cancel()
    await asyncio.wait({late})

    assert await store.get(CLAIM) == b"0123456789abcdef"


@pytest.mark.parametrize(
    "failure",
    [UpstreamFailedError(), UpstreamRefusedUsError(), UpstreamTimeoutError()],
    ids=lambda each: each.code,
)
async def test_a_failure_of_calendlys_fails_whoever_waits_once(
    shelf: Shelf, waiting: Waiting, failure: AppError
) -> None:
    shelf.failure = failure
    tasks = waiting.begun(4)
    await waiting.have_waited()
    shelf.let.set()

    failures = await asyncio.gather(*tasks, return_exceptions=True)
    shelf.failure = None

    assert {type(each) for each in failures} == {type(failure)}
    assert shelf.loads == 1
    assert await asyncio.gather(*waiting.begun()) == ["load 2"]


async def test_what_only_the_holder_was_told_is_no_failure_of_whoever_waits(
    shelf: Shelf, waiting: Waiting
) -> None:
    shelf.failure = AccessRefusedError(upstream_status=403, required_scopes=("event_types:read",))
    tasks = waiting.begun(3)
    await waiting.have_waited()
    shelf.let.set()

    failures = await asyncio.gather(*tasks, return_exceptions=True)

    assert sorted(type(each).__name__ for each in failures) == [
        "AccessRefusedError",
        "UpstreamRefusedUsError",
        "UpstreamRefusedUsError",
    ]
    assert shelf.loads == 1


@pytest.mark.parametrize(
    "failure", [UpstreamBusyError(), GrantLostError(), ValueError()], ids=lambda each: type(each).__name__
)
async def test_after_a_failure_of_one_process_whoever_waits_makes_one_try(
    shelf: Shelf, waiting: Waiting, failure: Exception
) -> None:
    shelf.failure = failure
    tasks = waiting.begun(4)
    await waiting.have_waited()
    shelf.let.set()

    failures = await asyncio.gather(*tasks, return_exceptions=True)

    assert {type(each) for each in failures} == {type(failure)}
    assert shelf.loads == 4


async def test_where_nothing_is_kept_whoever_waits_loads_for_himself(shelf: Shelf, waiting: Waiting) -> None:
    shelf.loses = True
    tasks = waiting.begun(3)
    await waiting.have_waited()
    shelf.let.set()

    assert sorted(await asyncio.gather(*tasks)) == ["load 1", "load 2", "load 3"]


async def test_nobody_waits_longer_than_his_patience(store: Redis, shelf: Shelf, waiting: Waiting) -> None:
    [holder] = waiting.begun()
    await shelf.asked.wait()

    with pytest.raises(UpstreamTimeoutError):
        await _flight(store, patience=OVER).run(shelf.look, shelf.load)

    shelf.let.set()
    assert (await holder, shelf.loads) == ("load 1", 1)


@pytest.mark.fault("R01")
async def test_while_redis_is_away_everybody_loads(shelf: Shelf) -> None:
    shelf.let.set()
    async with open_store(f"redis://127.0.0.1:{free_port()}/0") as away:
        found = [await _flight(away).run(shelf.look, shelf.load) for _ in range(2)]
        shelf.brought = None
        found.append(await _flight(away).run(shelf.look, shelf.load))

    assert found == ["load 1", "load 1", "load 2"]


@pytest.mark.fault("R05")
async def test_while_redis_takes_no_writes_everybody_loads(redis: RedisServer, shelf: Shelf) -> None:
    shelf.let.set()
    shelf.loses = True
    async with open_store(redis.url()) as store:
        await store.config_set("maxmemory", "1")
        found = [await _flight(store).run(shelf.look, shelf.load) for _ in range(2)]
        await store.config_set("maxmemory", "0")

    assert found == ["load 1", "load 2"]


@pytest.mark.fault("R10")
@pytest.mark.parametrize("raw", ["", "odd", "0123456789abcdef", "0123456789abcdef done"])
async def test_what_is_no_claim_of_ours_keeps_nobody(
    store: Redis, shelf: Shelf, waiting: Waiting, raw: str
) -> None:
    """Nor does one of another type; what has no end least of all."""
    shelf.let.set()
    await store.set(CLAIM, raw)
    found = await asyncio.gather(*waiting.begun())
    shelf.brought = None
    await store.delete(CLAIM)
    await store.rpush(CLAIM, raw)

    assert (found, await asyncio.gather(*waiting.begun())) == (["load 1"], ["load 2"])
