"""Processes that hold the tokens of one account, on one store and one simulator."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from redis.asyncio import Redis

from app.oauth import names
from app.oauth.authorization import Authorization
from app.oauth.grant import Grant
from app.oauth.grants import Grants
from app.oauth.options import RenewalOptions
from app.oauth.renewer import Renewer
from app.oauth.tokens import AccessTokens
from tests.oauth.examples import authorization_on, connected, grants_on, leases_on
from tests.support.simulation import Simulation

BRISK: dict[str, Any] = {
    "poll": timedelta(milliseconds=5),
    "look_again": timedelta(milliseconds=20),
    "first_pause": timedelta(milliseconds=10),
    "grace": timedelta(milliseconds=100),
}
"""Waits that a test can sit through."""


@dataclass(slots=True)
class Desk:
    calendly: Simulation
    store: Redis
    stack: AsyncExitStack
    grant: Grant
    processes: list[AccessTokens] = field(default_factory=list)

    @property
    def grants(self) -> Grants:
        return grants_on(self.store)

    @property
    def token(self) -> SecretStr:
        """The one it was connected with."""
        return SecretStr(self.grant.access_token)

    async def process(
        self, *, deadline: float = 10.0, grants: Grants | None = None, **options: Any
    ) -> AccessTokens:
        """Another one. `deadline` in seconds, `options` of its renewals."""
        asked = authorization_on(self.calendly, deadline=deadline)
        authorization: Authorization = await self.stack.enter_async_context(asked)
        kept = grants or self.grants
        renewer = Renewer(kept, leases_on(self.store), authorization, RenewalOptions(**(BRISK | options)))
        tokens = AccessTokens(self.grant.account, kept, renewer, self.calendly.clock)
        self.processes.append(tokens)
        return tokens

    async def knowing(self, **options: Any) -> AccessTokens:
        """One that has the token in memory."""
        tokens = await self.process(**options)
        await tokens.current()
        return tokens

    async def stored(self) -> Grant:
        grant = await self.grants.get(self.grant.account)
        assert grant is not None
        return grant

    def expire(self) -> None:
        self.calendly.clock.advance(hours=2)

    async def let_rest_pass(self) -> None:
        await self._forget("rest")

    async def let_lease_pass(self) -> None:
        await self._forget("lease")

    async def _forget(self, part: str) -> None:
        await self.store.hdel(names.keys_of(self.grant.account)[2], part)


@asynccontextmanager
async def open_desk(calendly: Simulation, store: Redis) -> AsyncIterator[Desk]:
    """Ada is connected."""
    grant = await grants_on(store).put_new(await connected(calendly))
    await calendly.http.delete("/_simulator/calls")
    async with AsyncExitStack() as stack:
        desk = Desk(calendly, store, stack, grant)
        yield desk
        for process in desk.processes:
            await process.aclose()
