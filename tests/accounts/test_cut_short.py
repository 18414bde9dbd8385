"""`calendly-bff accounts disconnect`, killed on its way: nothing of it stays as if an operator had wished it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from redis.asyncio import Redis

from app.webhooks import names
from app.webhooks.looks import LEAVING
from tests.soak.waiting import until
from tests.support.redis import STATE, RedisServer
from tests.support.service import Service, plan_fault
from tests.support.simulation import Simulation
from tests.test_account_commands import PROGRAM, _registered, bff, settings

__all__ = ["bff", "settings"]


CutShort: TypeAlias = Callable[[str, str, str], Awaitable[None]]


@pytest.fixture
def cut_short(calendly: Simulation, settings: dict[str, str], tmp_path: Path) -> CutShort:
    """Disconnects this account, killed while Calendly works on this call: method and path."""

    async def disconnect(account: str, method: str, path: str) -> None:
        await calendly.http.delete("/_simulator/calls")
        await plan_fault(calendly, "delay", path=f"^{path}", method=method, seconds=2)

        async def is_asked() -> bool:
            calls = (await calendly.http.get("/_simulator/calls")).json()["items"]
            return any(each["method"] == method and each["path"].startswith(path) for each in calls)

        told = {"PATH": "/usr/bin:/bin", **settings}
        program = await asyncio.create_subprocess_exec(
            PROGRAM, "accounts", "disconnect", account, env=told, cwd=tmp_path
        )
        async with asyncio.timeout(30):
            await until(is_asked, every=0.01)
        program.kill()
        await program.wait()

    return disconnect


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(("DELETE", "/webhook_subscriptions/"), id="while the subscription is removed"),
        pytest.param(("POST", "/oauth/revoke"), id="while the grant is given back"),
    ],
)
async def test_that_it_is_to_stay_away_is_forgotten_in_minutes(
    bff: Service, calendly: Simulation, redis: RedisServer, cut_short: CutShort, call: tuple[str, str]
) -> None:
    account = await _registered(bff, calendly)

    await cut_short(account, *call)

    async with Redis(port=redis.port, db=STATE) as state:
        assert 0 < await state.ttl(names.look(account)) <= LEAVING.total_seconds()
