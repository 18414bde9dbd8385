"""Several Redis servers that stand in for each other: a cluster, and a master that sentinels watch."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.support.ports import await_listener, free_port
from tests.support.redis import PROGRAM, RedisServer

SLOTS = 16_384
MASTERS = 3
PATIENCE = 30.0
"""Seconds for a group to agree on something."""

INSISTING = 2.0
"""Seconds between two tries to bring that about: longer than the servers themselves try."""


class RedisCluster:
    """Three masters, each with a replica of its own where replicas are wanted."""

    def __init__(self, folder: Path, *, replicas: bool = False) -> None:
        self._nodes: list[tuple[RedisServer, int]] = []
        for number in range(2 * MASTERS if replicas else MASTERS):
            home, bus = folder / str(number), free_port()
            home.mkdir()
            server = RedisServer(
                home,
                cluster_enabled="yes",
                cluster_port=str(bus),
                cluster_node_timeout="1000",
                repl_diskless_sync_delay="0",
            )
            self._nodes.append((server, bus))
        self.servers = [server for server, _ in self._nodes]
        self.masters = self.servers[:MASTERS]

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(f'127.0.0.1:{server.port}' for server in self.servers)}"

    def start(self) -> None:
        for server in self.servers:
            server.start()
        for number, master in enumerate(self.masters):
            master.told("CLUSTER SET-CONFIG-EPOCH", number + 1)
            first, end = (SLOTS * part // MASTERS for part in (number, number + 1))
            master.told("CLUSTER ADDSLOTSRANGE", first, end - 1)
        for server in self.servers:
            _until(partial(_knows, server, len(self.servers)), insist=self._introduce)
        for master, replica in zip(self.masters, self.servers[MASTERS:], strict=False):
            _until(partial(_follows, replica, master.told("CLUSTER MYID").decode()))
            _until(partial(_is_in_step, replica))
        self.await_health()

    def _introduce(self) -> None:
        for server, bus in self._nodes[1:]:
            self.masters[0].told("CLUSTER MEET", "127.0.0.1", server.port, bus)

    def await_failover(self, number: int) -> None:
        """Until the replica of that master is the master, and everybody who runs knows it."""
        _until(partial(_is_master, self.servers[MASTERS + number]))
        self.await_health()

    def await_health(self) -> None:
        """Of every server that runs."""
        for server in self.servers:
            if server.runs:
                _until(partial(_is_served, server))

    def kill(self) -> None:
        for server in self.servers:
            server.kill()


class WatchedRedis:
    """A master named `main` and its replica, with a sentinel that puts one in the place of the other."""

    def __init__(self, folder: Path) -> None:
        homes = [folder / name for name in ("one", "two", "sentinel")]
        for home in homes:
            home.mkdir()
        self.master, self.replica = (RedisServer(home, repl_diskless_sync_delay="0") for home in homes[:2])
        self._sentinel_home = homes[2]
        self.sentinel_port = free_port()
        self._sentinel: subprocess.Popen[bytes] | None = None

    def url(self, database: int = 0) -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel_port}/main/{database}"

    def start(self) -> None:
        self.master.start()
        self.replica.start()
        self.replica.told("REPLICAOF", "127.0.0.1", self.master.port)
        _until(partial(_is_in_step, self.replica))
        configuration = self._sentinel_home / "sentinel.conf"
        configuration.write_text(
            f"port {self.sentinel_port}\nbind 127.0.0.1\ndir {self._sentinel_home}\n"
            f"sentinel monitor main 127.0.0.1 {self.master.port} 1\n"
            "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n"
        )
        self._sentinel = subprocess.Popen(
            [PROGRAM, str(configuration), "--sentinel"], stdout=subprocess.DEVNULL
        )
        await_listener(self.sentinel_port)

    def part(self) -> None:
        """What the master writes from now on never gets to the replica, which stands still.

        A replica that merely stands still is sent it all the same, and reads it when it goes on.
        """
        self.replica.pause()
        self.master.told("CLIENT KILL", "TYPE", "replica")

    def await_copy(self, name: str) -> None:
        """Until the replica has it."""
        _until(partial(self._has_copy, name))

    def _has_copy(self, name: str) -> bool:
        return bool(self.replica.told("EXISTS", name))

    def pause_sentinel(self) -> None:
        """It accepts connections and answers nothing."""
        if self._sentinel is None:
            raise RuntimeError("this sentinel does not run")
        self._sentinel.send_signal(signal.SIGSTOP)

    def swap(self) -> None:
        """Master and replica, with nobody hurt, as an operator does it."""
        _until(partial(self._told_sentinel, "SENTINEL FAILOVER", "main"))
        self.await_failover()
        _until(partial(_is_in_step, self.master))

    def _told_sentinel(self, *words: str) -> bool:
        with Redis(port=self.sentinel_port) as client:
            return bool(client.execute_command(*words))

    def await_failover(self) -> None:
        """Until the replica is the master."""
        _until(partial(_is_master, self.replica))

    def kill(self) -> None:
        if self._sentinel is not None:
            self._sentinel.kill()
            self._sentinel.wait()
        self.master.kill()
        self.replica.kill()


@contextmanager
def running(group: RedisCluster | WatchedRedis) -> Iterator[None]:
    try:
        group.start()
        yield
    finally:
        group.kill()


def _knows(server: RedisServer, count: int) -> bool:
    return len(server.told("CLUSTER NODES")) == count


def _follows(server: RedisServer, master: str) -> bool:
    """A server may hear of its master later than we do."""
    return bool(server.told("CLUSTER REPLICATE", master))


def _is_master(server: RedisServer) -> bool:
    return bool(server.told("INFO", "replication")["role"] == "master")


def _is_in_step(server: RedisServer) -> bool:
    return bool(server.told("INFO", "replication")["master_link_status"] == "up")


def _is_served(server: RedisServer) -> bool:
    return bool(server.told("CLUSTER INFO")["cluster_state"] == "ok")


def _until(agreed: Callable[[], object], *, insist: Callable[[], object] = lambda: None) -> None:
    """Raises `TimeoutError` where they never agree; a server that is not ready has not agreed.

    `insist`: what is done about it, again and again, for a server that is busy forgets whom it was to meet.
    """
    deadline = time.monotonic() + PATIENCE
    again = 0.0
    while not _attempted(agreed):
        now = time.monotonic()
        if now > deadline:
            raise TimeoutError("the servers do not agree")
        if now > again:
            again = now + INSISTING
            _attempted(insist)
        time.sleep(0.02)


def _attempted(agreed: Callable[[], object]) -> bool:
    try:
        return bool(agreed())
    except (RedisError, KeyError):
        return False
