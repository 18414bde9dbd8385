"""A connected account, and processes that need its token and may be killed at any moment."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
from redis.asyncio import Redis

from app.oauth import names
from app.oauth.grant import Grant
from app.oauth.grants import Grants
from app.oauth.options import RenewalOptions
from app.store.connection import STATE_PATIENCE, open_store
from tests.oauth.examples import KEY, connected, grants_on, refreshes
from tests.soak.fleet import NOT_INHERITED
from tests.soak.token_holder import Options, Task, Word
from tests.soak.waiting import until
from tests.support.redis import STATE, RedisServer, running_redis
from tests.support.simulation import Simulation, StandingClock, running_simulator

PATIENCE = 30.0
"""Seconds for a process to say something."""

DEADLINE = 1.2
"""Seconds for Calendly's answer."""

QUICK = RenewalOptions(
    send_within=timedelta(seconds=1.2),
    lease=timedelta(seconds=2.5),
    grace=timedelta(seconds=0.3),
    rest=timedelta(0),
    poll=timedelta(milliseconds=10),
    look_again=timedelta(milliseconds=20),
    first_pause=timedelta(milliseconds=50),
)
"""Renewals in a hurry: whoever died is replaced after two and a half seconds, which still is longer than a renewal."""

LOOKED_EVERY = 0.002
"""Seconds, to see that a renewal is begun."""


@dataclass(slots=True)
class Holders:
    calendly: Simulation
    store: Redis
    parent: Process
    grant: Grant
    words: dict[int, "asyncio.Future[Word]"] = field(default_factory=dict)
    """By process: what it said at its end."""
    fence: bytes | str | None = None
    """Of the last renewal before the token expired."""

    @property
    def grants(self) -> Grants:
        return grants_on(self.store)

    async def stored(self) -> Grant:
        grant = await self.grants.get(self.grant.account)
        assert grant is not None
        return grant

    async def expire(self) -> None:
        """The access token has ended, and nobody remembers the calls that there were."""
        self.calendly.clock.advance(hours=3)
        self.fence = await self._fence()
        await self.store.delete(names.keys_of(self.grant.account)[3])
        await self.calendly.http.delete("/_simulator/calls")

    async def connect(self) -> Grant:
        """Its owner grants access, again."""
        return await self.grants.put_new(await connected(self.calendly))

    async def start(self, *, callers: int = 1, insists: float = 0.0, dies: bool = False) -> int:
        ahead = (self.calendly.clock() - datetime.now(UTC)).total_seconds()
        task = Task(callers=callers, insists=insists, ahead=ahead, dies=dies)
        self._tell(msgspec.json.encode(task))
        while (word := await self._word()).told is not None:
            pass
        pid = word.pid
        self.words[pid] = asyncio.get_running_loop().create_future()
        return pid

    async def said(self, pids: Sequence[int]) -> list[Word]:
        """At their ends. Raises `TimeoutError` where one of them hangs."""
        async with asyncio.timeout(PATIENCE):
            while not all(self.words[pid].done() for pid in pids):
                await self._word()
        return [self.words.pop(pid).result() for pid in pids]

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    async def bury(self, pid: int) -> None:
        """Wait for one that is killed. Nobody else begins meanwhile."""
        self._tell(f"bury {pid}".encode())
        await self.said([pid])

    async def begun(self) -> None:
        """Wait until somebody has written down that the refresh token is about to be spent, since the other expired."""

        async def is_begun() -> bool:
            return await self._fence() != self.fence

        async with asyncio.timeout(PATIENCE):
            await until(is_begun, every=LOOKED_EVERY)

    async def past(self, generation: int) -> None:
        """Wait until the store has another generation."""

        async def is_past() -> bool:
            return (await self.stored()).generation != generation

        async with asyncio.timeout(PATIENCE):
            await until(is_past, every=LOOKED_EVERY)

    async def refreshes(self) -> list[int | None]:
        return await refreshes(self.calendly)

    async def pairs(self) -> int:
        """That Calendly has ever issued."""
        return len((await self.calendly.http.get("/_simulator/oauth_grants")).json()["items"])

    async def _fence(self) -> bytes | str | None:
        return await self.store.hget(names.keys_of(self.grant.account)[2], "fence")

    async def _word(self) -> Word:
        assert self.parent.stdout is not None
        line = await asyncio.wait_for(self.parent.stdout.readline(), PATIENCE)
        word = msgspec.json.decode(line, type=Word)
        awaited = self.words.get(word.pid)
        # One that ended before it was killed is heard of twice.
        if word.told is not None and awaited is not None and not awaited.done():
            awaited.set_result(word)
        return word

    def _tell(self, line: bytes) -> None:
        assert self.parent.stdin is not None
        self.parent.stdin.write(line + b"\n")


@asynccontextmanager
async def running_holders(
    folder: Path, calendly: Simulation, redis: RedisServer, renewal: RenewalOptions = QUICK
) -> AsyncIterator[Holders]:
    """Ada's account is connected. What processes log goes to `holders.log`; at the end all are killed."""
    async with open_store(redis.url(STATE), patience=STATE_PATIENCE) as store:
        grant = await grants_on(store).put_new(await connected(calendly))
        options = Options(
            calendly=str(calendly.http.base_url).rstrip("/"),
            state=redis.url(STATE),
            key=KEY,
            account=grant.account,
            deadline=DEADLINE,
            renewal=renewal,
        )
        own = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        with (folder / "holders.log").open("ab") as log:
            parent = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.soak.token_holder",
                msgspec.json.encode(options).decode(),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                env=own,
            )
        try:
            yield Holders(calendly, store, parent, grant)
        finally:
            assert parent.stdin is not None
            parent.stdin.close()
            await parent.wait()


@asynccontextmanager
async def running_office(folder: Path, renewal: RenewalOptions = QUICK) -> AsyncIterator[Holders]:
    """With neighbours of its own."""
    clock = StandingClock()
    with running_redis(folder) as redis, running_simulator(clock) as address:
        async with httpx.AsyncClient(base_url=address) as http:
            calendly = Simulation(http, clock)
            async with running_holders(folder, calendly, redis, renewal) as holders:
                yield holders
