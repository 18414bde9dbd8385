"""Ada's subscription, as an operator and the service see to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import SecretStr
from redis.asyncio import Redis

from app.calendly.client import CalendlyClient
from app.calendly.transport import Transport
from app.store.state import StateStore
from app.webhooks.looks import State
from app.webhooks.subscriptions import Subscriber, Subscription, Wishes
from tests.soak.waiting import until
from tests.support.service import calls_of, plan_fault
from tests.support.simulation import ADA, Json, Simulation

URL = "http://127.0.0.1:9/webhooks/calendly"
KEY = "a-signing-key-of-the-tests"


@dataclass
class Office:
    """Ada's subscription, and how often everything was forgotten."""

    calendly: Simulation
    client: CalendlyClient
    subscription: Subscription
    forgotten: list[None] = field(default_factory=list)

    async def there(self) -> list[Json]:
        organization = (await self.calendly.read("/users/me"))["current_organization"]
        answer = await self.calendly.get(
            "/webhook_subscriptions", organization=organization, user=await self.calendly.me(), scope="user"
        )
        return list(answer.json()["collection"])

    async def made(self) -> int:
        return len(await calls_of(self.calendly, "/webhook_subscriptions", "POST"))

    async def disabled(self) -> None:
        """Nothing listens at the address: after a day of that, Calendly gives it up."""
        await self.calendly.book("intro-call")
        async with asyncio.timeout(10):
            await until(self._fails, every=0.02)
        self.calendly.clock.advance(days=1, minutes=1)
        [found] = await self.there()
        assert found["state"] == "disabled"

    async def account(self) -> str:
        """Ada's id."""
        return (await self.calendly.me()).rsplit("/", 1)[1]

    def by_itself(self) -> Subscription:
        """The same, wanted without anybody having registered it."""
        return replace(self.subscription, wishes=replace(self.subscription.wishes, by_itself=True))

    async def refuse_one(self, kind: str = "status") -> None:
        """The next that is to be made."""
        await plan_fault(self.calendly, kind, path="^/webhook_subscriptions$", method="POST", status=503)

    async def noted(self) -> tuple[State, datetime]:
        """How it is, by what processes tell each other, and since when."""
        found = await self.subscription.known()
        assert found is not None
        return found.state, found.since

    async def _fails(self) -> bool:
        return (await self.there())[0]["retry_started_at"] is not None


@asynccontextmanager
async def open_office(calendly: Simulation, store: Redis) -> AsyncIterator[Office]:
    await calendly.settings(tier="enterprise")
    transport = Transport(
        origin=str(calendly.http.base_url).rstrip("/"), token=SecretStr(ADA), clock=calendly.clock
    )
    client = CalendlyClient(transport)
    forgotten: list[None] = []

    async def forget_all() -> None:
        forgotten.append(None)

    async def subscriber() -> Subscriber:
        user = await client.get_current_user()
        return Subscriber(user=user.uri, organization=user.current_organization, slug=user.slug)

    subscription = Subscription(
        calls=client.webhook_subscriptions,
        subscriber=subscriber,
        wishes=Wishes(url=URL, key=SecretStr(KEY)),
        forget_all=forget_all,
        state=StateStore(store),
        clock=calendly.clock,
    )
    yield Office(calendly, client, subscription, forgotten)
    await client.aclose()
