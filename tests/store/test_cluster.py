"""A Redis Cluster of three masters: state and cache work on it, and mind a node that is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NodeAwayError
from redis.exceptions import ResponseError

from app.cache import keys
from app.cache.cache import Cache, Entry
from app.cache.reach import Reach
from app.cache.shared_flight import SharedFlight
from app.store.cluster import MAX_CONNECTIONS
from app.store.connection import STATE_PATIENCE, is_reachable, open_store
from app.store.policy import StatePolicy
from app.store.script import Script
from app.store.state import StateStore, StoreAwayError
from tests.support.ports import free_port
from tests.support.redis import RedisServer
from tests.support.redis_groups import SLOTS, RedisCluster, running
from tests.support.stopwatch import Stopwatch
from tests.support.way import way_to

DAY = timedelta(days=1)
MANY = [f"name-{number}" for number in range(100)]
"""So many that every master has some."""

ENTRY = Entry(datetime(2026, 11, 23, 12, tzinfo=UTC), 42)
PATIENCE = 0.5
MOVE = Script("redis.call('RPUSH', KEYS[2], ARGV[1]) return redis.call('INCR', KEYS[1])")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """Not to be harmed: for that, start another."""
    cluster = RedisCluster(tmp_path_factory.mktemp("cluster"))
    with running(cluster):
        yield cluster


@pytest.fixture
async def store(shared: RedisCluster) -> AsyncIterator[Redis]:
    for master in shared.masters:
        master.flush()
    async with open_store(shared.url, patience=STATE_PATIENCE) as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisCluster]:
    """One that may be harmed, with replicas."""
    cluster = RedisCluster(tmp_path, replicas=True)
    with running(cluster):
        yield cluster


def _reach(store: Redis) -> Reach:
    return Reach(store.ping, CollectorRegistry())


def _cache(store: Redis, reach: Reach | None = None) -> Cache:
    return Cache(store, reach or _reach(store), lifetime=timedelta(hours=1))


async def test_records_live_on_all_masters(shared: RedisCluster, store: Redis) -> None:
    state = StateStore(store)

    for name in MANY:
        await state.put(name, name.encode(), DAY)

    assert [await state.get(name) for name in MANY] == [name.encode() for name in MANY]
    assert all(master.told("DBSIZE") for master in shared.masters)


async def test_only_the_first_who_adds_is_told_so(store: Redis) -> None:
    state = StateStore(store)

    assert [await state.add("name", value, DAY) for value in (b"first", b"second")] == [True, False]


async def test_what_was_removed_is_gone(store: Redis) -> None:
    state = StateStore(store)
    await state.put("name", b"value", DAY)
    await state.remove("name")

    assert await state.get("name") is None


async def test_scripts_run_where_their_keys_are(store: Redis) -> None:
    state = StateStore(store)

    counts = [await state.run(MOVE, [f"{{{name}}}:count", f"{{{name}}}:list"], [name]) for name in MANY]

    assert counts == [1] * len(MANY)


@pytest.mark.fault("R14")
async def test_a_script_that_all_masters_have_forgotten_is_told_again(
    shared: RedisCluster, store: Redis
) -> None:
    state = StateStore(store)
    await state.run(MOVE, ["{a}:count", "{a}:list"], ["a"])
    for master in shared.masters:
        master.told("SCRIPT FLUSH")

    assert await state.run(MOVE, ["{a}:count", "{a}:list"], ["a"]) == 2


async def test_a_script_whose_keys_share_no_tag_is_an_error(store: Redis) -> None:
    with pytest.raises(StoreAwayError):
        await StateStore(store).run(MOVE, ["a", "b"], ["a"])


async def test_fields_are_read(store: Redis) -> None:
    await store.hset("record", mapping={"state": "open"})

    assert await StateStore(store).fields("record") == {"state": b"open"}


async def test_the_cache_reads_what_it_wrote_on_all_masters(store: Redis) -> None:
    cache = _cache(store)
    await cache.write(dict.fromkeys(MANY, ENTRY))

    assert await cache.read([*MANY, "other"], int) == dict.fromkeys(MANY, ENTRY)


async def test_one_loads_for_all_wherever_the_account_lives(store: Redis) -> None:
    async def look() -> None:
        return None

    async def load() -> str:
        return "loaded"

    reach = _reach(store)
    flights = [
        SharedFlight(store, reach, account=account, name="things", patience=DAY) for account in MANY[:10]
    ]

    assert [await each.run(look, load) for each in flights] == ["loaded"] * 10
    marks = [await store.get(f"{keys.days(account)}flight:things") for account in MANY[:10]]
    assert [str(mark).count("done") for mark in marks] == [1] * 10


@pytest.mark.fault("R10")
async def test_a_value_of_another_type_spoils_no_other(store: Redis) -> None:
    cache = _cache(store)
    await store.rpush("a", "1")
    await cache.write({"b": ENTRY})

    assert (await cache.read(["a", "b"], int)).keys() == {"b"}


async def test_a_batch_that_may_raise_raises(store: Redis) -> None:
    await store.rpush("a", "1")

    batch = store.pipeline(transaction=False)
    for name in ("a", "b"):
        batch.get(name)

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await batch.execute()


async def test_what_needs_a_connection_of_its_own_is_refused(store: Redis) -> None:
    async with store.pubsub() as listener:
        with pytest.raises(NodeAwayError, match="no connection that serves all keys"):
            await listener.subscribe("news")


@pytest.mark.parametrize("warm", [False, True])
async def test_a_crowd_is_served_in_turn(store: Redis, *, warm: bool) -> None:
    state = StateStore(store)
    if warm:
        await state.get("name")

    answers = await asyncio.gather(*(state.get(f"name-{number}") for number in range(8 * MAX_CONNECTIONS)))

    assert answers == [None] * (8 * MAX_CONNECTIONS)


async def test_a_healthy_cluster_is_reachable_and_fit(store: Redis) -> None:
    assert await is_reachable(store)
    assert await StatePolicy(store, embedded=False).fault() is None


@pytest.mark.fault("R06")
async def test_one_master_that_evicts_makes_the_cluster_unfit(shared: RedisCluster, store: Redis) -> None:
    shared.masters[1].told("CONFIG SET", "maxmemory-policy", "allkeys-lru")

    fault = await StatePolicy(store, embedded=False).fault()

    shared.masters[1].told("CONFIG SET", "maxmemory-policy", "noeviction")
    assert "`maxmemory-policy noeviction`" in (fault or "")


async def test_a_slot_that_moves_is_followed(shared: RedisCluster, store: Redis) -> None:
    state = StateStore(store)
    slot = shared.masters[0].told("CLUSTER KEYSLOT", "name")
    source = shared.masters[slot * len(shared.masters) // SLOTS]
    target = next(master for master in shared.masters if master is not source)
    ids = {master: master.told("CLUSTER MYID").decode() for master in shared.masters}
    await state.get("name")

    target.told("CLUSTER SETSLOT", slot, "IMPORTING", ids[source])
    source.told("CLUSTER SETSLOT", slot, "MIGRATING", ids[target])
    await state.put("name", b"on its way", DAY)
    on_its_way = await state.get("name")
    for master in (target, *shared.masters):
        master.told("CLUSTER SETSLOT", slot, "NODE", ids[target])
    await state.put("name", b"moved", DAY)

    assert (on_its_way, await state.get("name")) == (b"on its way", b"moved")
    assert target.told("CLUSTER COUNTKEYSINSLOT", slot) == 1


async def test_a_cluster_that_is_away_is_found_out_at_once() -> None:
    watch = Stopwatch()
    async with open_store(f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{free_port()}") as store:
        assert not await is_reachable(store)
        with pytest.raises(StoreAwayError):
            await StateStore(store).get("name")

    assert watch.stop() < 1


async def test_a_redis_that_is_no_cluster_is_no_store(redis: RedisServer) -> None:
    async with open_store(f"redis+cluster://127.0.0.1:{redis.port}") as store:
        assert not await is_reachable(store)


@pytest.mark.fault("R04")
async def test_a_node_that_hangs_holds_nobody_for_long(tmp_path: Path) -> None:
    cluster = RedisCluster(tmp_path)
    with running(cluster):
        for master in cluster.masters:
            master.told("CONFIG SET", "cluster-node-timeout", 60_000)
        async with open_store(cluster.url, patience=PATIENCE) as store:
            state = StateStore(store)
            await asyncio.gather(*(state.put(name, b"value", DAY) for name in MANY))
            cluster.masters[0].pause()

            waits = [await _waited(state, name) for name in MANY[:20]]
            crowd = await asyncio.gather(*(_waited(state, name) for name in MANY))
            cluster.masters[0].resume()

    assert max(watch.passed for watch in (*waits, *crowd)) > PATIENCE / 2
    assert max(watch.awake for watch in (*waits, *crowd)) < 2 * PATIENCE + 0.3


@pytest.mark.fault("R03")
async def test_a_node_that_is_slow_at_every_step_holds_nobody_for_long(shared: RedisCluster) -> None:
    async with (
        way_to(shared.masters[0].port, lag=PATIENCE * 0.8) as way,
        open_store(f"redis+cluster://127.0.0.1:{way.port}", patience=PATIENCE) as store,
    ):
        watch = await _waited(StateStore(store), "name")

    assert watch.passed > PATIENCE
    assert watch.awake < 2 * PATIENCE + 0.3


@pytest.mark.fault("R02")
async def test_a_replica_takes_the_place_of_a_dead_master(own: RedisCluster) -> None:
    async with open_store(own.url, patience=PATIENCE) as store:
        reach = _reach(store)
        cache = _cache(store, reach)
        await cache.write(dict.fromkeys(MANY, ENTRY))
        own.masters[0].kill()
        own.await_failover(0)

        await _heal(StateStore(store))
        await reach.ask()
        await cache.write(dict.fromkeys(MANY, ENTRY))

        assert (await cache.read(MANY, int)).keys() == {*MANY}
        assert await is_reachable(store)


@pytest.mark.fault("R02")
async def test_the_cache_alone_finds_the_new_master(own: RedisCluster) -> None:
    async with open_store(own.url) as store:
        reach = _reach(store)
        cache = _cache(store, reach)
        await cache.write(dict.fromkeys(MANY, ENTRY))
        own.masters[0].kill()
        own.await_failover(0)

        await cache.read(MANY, int)
        assert reach.is_away
        assert await reach.ask()
        await cache.write(dict.fromkeys(MANY, ENTRY))

        assert (await cache.read(MANY, int)).keys() == {*MANY}


async def _waited(state: StateStore, name: str) -> Stopwatch:
    watch = Stopwatch()
    with suppress(StoreAwayError):
        await state.get(name)
    watch.stop()
    return watch


async def _heal(state: StateStore) -> None:
    """Until every record can be written."""
    deadline = time.monotonic() + 10
    for name in MANY:
        while not await _written(state, name):
            assert time.monotonic() < deadline


async def _written(state: StateStore, name: str) -> bool:
    try:
        await state.put(name, b"value", DAY)
    except StoreAwayError:
        return False
    return True
