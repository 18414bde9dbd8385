"""The task that sends what is due, over real HTTP, for as long as the application lives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address
from time import perf_counter
from urllib.parse import urlsplit

import httpx

from simulator.state import State
from simulator.webhooks.deliveries import Attempt, Delivery
from simulator.webhooks.hooks import Hooks
from simulator.webhooks.signing import signature_headers

LOOK_SECONDS = 0.05
"""Between two looks at the simulator's clock, which may have been moved by anybody, while anything waits."""

AT_ONCE = 64
"""Attempts in flight: one slow receiver does not keep the others waiting."""

NOT_LOOPBACK = "not a loopback address: webhookTargets does not allow it"


@asynccontextmanager
async def sending(state: State) -> AsyncIterator[None]:
    async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=AT_ONCE)) as client:
        task = asyncio.create_task(_Sender(state, client).run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class _Sender:
    def __init__(self, state: State, client: httpx.AsyncClient) -> None:
        self._state = state
        self._client = client
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as attempts:
            while True:
                self._state.outbox_changed.clear()
                hooks = self._state.hooks
                hooks.disable_unreachable(self._state.now())
                for delivery in hooks.outbox.due(self._state.now()):
                    attempts.create_task(self._attempt(hooks, delivery))
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS if hooks.busy else None):
                        await self._state.outbox_changed.wait()

    async def _attempt(self, hooks: Hooks, delivery: Delivery) -> None:
        async with self._slots:
            subscription = hooks.subscriptions.get(delivery.subscription)
            if subscription is None or not delivery.waiting:
                return
            at, started = self._state.now(), perf_counter()
            headers = {"content-type": "application/json", **signature_headers(subscription, delivery, at)}
            status, error = await self._post(delivery, headers)
            attempt = Attempt(
                at=at, milliseconds=round((perf_counter() - started) * 1000), status=status, error=error
            )
        pause = timedelta(seconds=self._state.settings.webhook_retry_seconds)
        hooks.settle(delivery, attempt, pause)
        self._state.outbox_changed.set()

    async def _post(self, delivery: Delivery, headers: dict[str, str]) -> tuple[int | None, str | None]:
        """The status, or why there is none."""
        settings = self._state.settings
        if settings.webhook_targets == "loopback" and not is_loopback(delivery.url):
            return None, NOT_LOOPBACK
        timeout = httpx.Timeout(
            settings.webhook_read_seconds, connect=settings.webhook_connect_seconds, pool=None
        )
        try:
            response = await self._client.post(
                delivery.url, content=delivery.body, headers=headers, timeout=timeout
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, type(error).__name__
        return response.status_code, None


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
