"""Whose an event type is may change while its stream is being opened: then it is looked up again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from starlette.types import Message, Scope

from app import API
from app.accounts.account import Account
from app.oauth.grant import DeadReason
from tests.soak.waiting import until
from tests.support.accounts import account_of, connecting_of, owned
from tests.support.service import Service, plan_fault, sent
from tests.support.simulation import GRACE, Simulation

SOON = 5.0
"""Seconds, on a busy machine."""


@dataclass
class Browser:
    """It asks for the stream of one event type, and listens until it is `gone`."""

    said: list[Message] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    has_asked: bool = False

    async def ask(self, bff: Service, slug: str) -> None:
        path = f"{API}/event-types/{slug}/availability/events"
        scope: Scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "http_version": "1.1",
            "headers": [(b"host", b"bff.example.test")],
        }
        await bff.app(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        if not self.has_asked:
            self.has_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.said.append(message)

    @property
    def status(self) -> int | None:
        return next((each["status"] for each in self.said if each["type"] == "http.response.start"), None)

    async def until_answered(self) -> None:
        async def is_so() -> bool:
            return self.status is not None

        await _soon(is_so)

    async def until_heard(self, event: bytes) -> None:
        async def is_so() -> bool:
            return event in b"".join(each.get("body", b"") for each in self.said)

        await _soon(is_so)


async def _soon(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SOON):
        await until(is_so, every=0.01)


async def _opening(
    bff: Service, calendly: Simulation, slug: str, home: Account
) -> tuple[Browser, "asyncio.Task[None]"]:
    """A stream whose event type is looked for: its own account has been read, and another takes its time."""
    await bff.get("/event-types")
    calendly.clock.advance(seconds=61)
    await home.catalogue.reread()
    await calendly.http.delete("/_simulator/calls")
    await plan_fault(calendly, "delay", path="^/users/me$", seconds=0.7)
    browser = Browser()
    asking = asyncio.create_task(browser.ask(bff, slug))
    await sent(calendly, "/users/me", "GET")
    return browser, asking


async def _disconnected(bff: Service, id_: str) -> None:
    assert await connecting_of(bff).disconnect(id_)


async def _died(bff: Service, id_: str) -> None:
    assert await connecting_of(bff).grants.kill(id_, 1, DeadReason.REVOKED)
    await connecting_of(bff).roster.look()


async def test_a_stream_that_opens_while_its_account_is_disconnected_is_told_that_there_is_none(
    bff: Service, calendly: Simulation
) -> None:
    grace = await account_of(bff, calendly, GRACE)
    browser, asking = await _opening(bff, calendly, "office-hours", grace)

    await _disconnected(bff, await grace.id())
    await browser.until_answered()

    assert (browser.status, len(owned(bff).hub)) == (404, 0)
    await asking


@pytest.mark.parametrize("leaves", [_disconnected, _died])
async def test_a_stream_of_a_team_that_opens_while_another_takes_over_hears_what_that_one_is_told(
    bff: Service, calendly: Simulation, leaves: Callable[[Service, str], Awaitable[None]]
) -> None:
    home = (await owned(bff).accounts.find("panel")).account
    browser, asking = await _opening(bff, calendly, "panel", home)

    await leaves(bff, await home.id())
    await browser.until_answered()
    owned(bff).announcer.changed_all((await owned(bff).accounts.find("panel")).account.access)

    await browser.until_heard(b"event: availability.changed")
    browser.gone.set()
    await asking
