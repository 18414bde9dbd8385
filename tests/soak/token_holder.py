"""`python -m tests.soak.token_holder OPTIONS`: processes that need the token of one account, loaded once.

A line of JSON on standard input, `Task`, forks one; a line of JSON on standard output, `Word`, says that it has begun,
and another, unless it is killed, what its callers were told. `bury PID` waits for one that is killed, and is
answered with a word of nothing. At the end of the input all are killed. OPTIONS are `Options` as JSON.
"""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import anyio
import anyio.lowlevel
import msgspec
from pydantic import SecretStr

from app.calendly.access import AccessLateError, GrantDeadError
from app.oauth.authorization import OPTIONS, Application, Authorization
from app.oauth.grants import PURPOSE, Grants
from app.oauth.leases import Leases
from app.oauth.options import RenewalOptions
from app.oauth.renewer import Renewer
from app.oauth.tokens import AccessTokens
from app.observability import configure_logging
from app.sealing import Sealer
from app.store.connection import STATE_PATIENCE, open_store
from app.store.state import StateStore

AGAIN = 0.02
"""Seconds between two tries of a caller who insists."""

LATE = "late"
DEAD = "dead: "
"""Before the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where the neighbours are, and what all processes are told. `deadline`: seconds for Calendly's answer."""

    calendly: str
    state: str
    key: bytes
    account: str
    deadline: float
    renewal: RenewalOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """So many `callers` at once, each of whom insists for so many seconds; the clock is `ahead` by as many.

    `dies`: by `kill -9`, with the new pair in its hands.
    """

    callers: int
    insists: float
    ahead: float
    dies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`told`: how many callers got which token, or what else; None when it has only begun."""

    pid: int
    told: dict[str, int] | None = None
    slowest: float = field(default=0.0)
    """Seconds that a caller waited."""


class DyingGrants(Grants):
    """Of a process that is killed between Calendly's answer and the store."""

    async def replace(self, *_: Any, **__: Any) -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@asynccontextmanager
async def holding(options: Options, task: Task) -> AsyncIterator[AccessTokens]:
    application = Application(
        client_id="simulator-web-client",
        client_secret=SecretStr("simulator-web-client-secret"),
        scopes="users:read",
        origin=options.calendly,
        api_origin=options.calendly,
    )

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=task.ahead)

    async with open_store(options.state, patience=STATE_PATIENCE) as store:
        state = StateStore(store)
        kind = DyingGrants if task.dies else Grants
        grants = kind(state, Sealer([options.key], PURPOSE))
        authorization = Authorization(
            application, clock, replace(OPTIONS, read_deadline=timedelta(seconds=options.deadline))
        )
        renewer = Renewer(grants, Leases(state), authorization, options.renewal)
        tokens = AccessTokens(options.account, grants, renewer, clock)
        try:
            yield tokens
        finally:
            await tokens.aclose()
            await authorization.aclose()


async def called(tokens: AccessTokens, insists: float) -> tuple[str, float]:
    """What one caller was told in the end, and after how long."""
    began = time.monotonic()
    while True:
        try:
            return (await tokens.current()).get_secret_value(), time.monotonic() - began
        except GrantDeadError as error:
            return DEAD + error.reason, time.monotonic() - began
        except AccessLateError:
            if time.monotonic() - began >= insists:
                return LATE, time.monotonic() - began
        await asyncio.sleep(AGAIN)


async def held(options: Options, task: Task) -> Word:
    async with holding(options, task) as tokens:
        answers = await asyncio.gather(*(called(tokens, task.insists) for _ in range(task.callers)))
    return Word(
        pid=os.getpid(),
        told=dict(Counter(told for told, _ in answers)),
        slowest=max(seconds for _, seconds in answers),
    )


def main() -> None:
    configure_logging("info")
    # Loads what each of them would load for its first call, while a lease runs.
    asyncio.run(anyio.lowlevel.checkpoint())
    options = msgspec.json.decode(sys.argv[1], type=Options)
    alive: set[int] = set()
    for line in sys.stdin:
        match line.split():
            case ["bury", pid]:
                os.waitpid(int(pid), 0)
                alive.discard(int(pid))
                _say(Word(pid=int(pid), told={}))
            case _:
                alive.add(_started(options, msgspec.json.decode(line, type=Task)))
    for pid in alive:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _started(options: Options, task: Task) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _say(asyncio.run(held(options, task)))
        finally:
            os._exit(0)
    _say(Word(pid=pid))
    return pid


def _say(word: Word) -> None:
    """In one piece: several processes speak on one pipe."""
    os.write(sys.stdout.fileno(), msgspec.json.encode(word) + b"\n")


if __name__ == "__main__":
    main()
