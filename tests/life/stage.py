"""What tests of a booking's life share: what Calendly has of it, what it was asked to do, and how it goes wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from app.intents.options import ProtocolOptions
from app.settings import Settings
from tests.support.keys import SECRET_KEY
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import SOON, Json, Service, plan_fault, running_service, settings_for
from tests.support.simulation import ADA, Simulation

BRISK = replace(SOON, answer_within=timedelta(seconds=1))
"""So that what a process left undone is taken up soon, too."""

LEAVING = replace(BRISK, poll=timedelta(minutes=1))
"""As of a process that stops before it could look after anything."""

BOOKING = "^/invitees$"
CANCELLATION = "/cancellation$"
LOOK = "^/scheduled_events$"
STAYS = 1000
"""Times, which is for as long as the fault is not taken away."""

LOST = "commit_then_reset"
"""It is done, and the answer is lost on its way."""

Write = tuple[str, Any]
"""What Calendly was asked to do: `book` at a start, or `cancel` the event with an id."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a service can be started: on which Calendly, and which Redis."""

    calendly: Simulation
    redis: RedisServer

    def settings(self, *keys: str, token: str = ADA, tier: str = "enterprise") -> Settings:
        """The first of the keys seals, all open."""
        url = str(self.calendly.http.base_url)
        usual = settings_for(
            url,
            redis_url=self.redis.url(CACHE),
            state_url=self.redis.url(STATE),
            secret_keys=tuple(map(SecretStr, keys or (SECRET_KEY,))),
        )
        account = usual.calendly.model_copy(update={"token": SecretStr(token), "tier": tier})
        return usual.model_copy(update={"calendly": account})

    def service(
        self, *keys: str, protocol: ProtocolOptions = BRISK, **account: str
    ) -> AbstractAsyncContextManager[Service]:
        """One more, that soon knows what became of a booking."""
        return running_service(self.settings(*keys, **account), self.calendly.clock, protocol)


async def events(calendly: Simulation) -> list[Json]:
    """Every event that was booked or canceled, in the order of booking, with its invitees."""
    items: list[Json] = (await calendly.http.get("/_simulator/bookings")).json()["items"]
    return items


async def active(calendly: Simulation) -> list[str]:
    """The starts of what is booked and not canceled, as Calendly spells them."""
    return [event["start_time"] for event in await events(calendly) if event["status"] == "active"]


async def seats_of(calendly: Simulation, email: str) -> list[Json]:
    """Every seat that somebody with this address has, in any case."""
    invitees = [invitee for event in await events(calendly) for invitee in event["invitees"]]
    theirs = [each for each in invitees if each["email"].casefold() == email.casefold()]
    return [each for each in theirs if each["status"] == "active"]


async def until_active(calendly: Simulation, expected: list[str]) -> None:
    """Fails the test where Calendly does not come to have exactly these."""
    for _ in range(100):
        if await active(calendly) == expected:
            return
        await asyncio.sleep(0.05)
    assert await active(calendly) == expected


async def writes(calendly: Simulation) -> list[Write]:
    """All that Calendly was asked to do, in order; whether it did is another matter."""
    items: list[Json] = (await calendly.http.get("/_simulator/calls")).json()["items"]
    return [_write(call) for call in items if call["method"] == "POST"]


def _write(call: Json) -> Write:
    if call["path"] == "/invitees":
        return "book", call["body"]["start_time"]
    return "cancel", call["path"].split("/")[2]


async def bookings_sent(calendly: Simulation) -> list[Json]:
    """The bodies of all bookings that Calendly was sent."""
    items: list[Json] = (await calendly.http.get("/_simulator/calls")).json()["items"]
    return [dict(call["body"]) for call in items if (call["method"], call["path"]) == ("POST", "/invitees")]


async def sent(calendly: Simulation, count: int) -> None:
    """Wait until Calendly was sent so many bookings. Fails the test where that does not come to pass."""
    for _ in range(200):
        if len(await bookings_sent(calendly)) == count:
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


async def healed(calendly: Simulation) -> None:
    """Nothing goes wrong from now on."""
    await calendly.http.delete("/_simulator/faults")


async def lose_answer(calendly: Simulation, path: str) -> None:
    """The next call is carried out, and nobody hears of it."""
    await plan_fault(calendly, LOST, path=path, method="POST")


async def break_down(calendly: Simulation, path: str, times: int = 1) -> None:
    """The next calls are not carried out, and what comes back leaves that open."""
    await plan_fault(calendly, "status", status=502, path=path, method="POST", times=times)


async def refuse_cancellation(calendly: Simulation, message: str) -> None:
    body = {"title": "Permission Denied", "message": message}
    await plan_fault(calendly, "status", status=403, body=body, path=CANCELLATION, method="POST")


async def canceled_by_host(calendly: Simulation) -> None:
    """The host cancels what was booked last."""
    uri = (await events(calendly))[-1]["uri"]
    answer = await calendly.call("POST", f"{uri}/cancellation", json={"reason": "Ada is ill."})
    assert answer.status_code == 201, answer.text


async def made(bff: Service, slug: str = "intro-call", **changes: Any) -> Json:
    """A booking that stands."""
    answer = await bff.book(await bff.booking(slug, **changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def patiently(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """What a visitor gets who repeats a request that is under way, as the answer says."""
    for _ in range(100):
        answer = await ask()
        if answer.json().get("code") != "booking_in_flight":
            return answer
        await asyncio.sleep(0.1)
    raise TimeoutError


async def moved(bff: Service, booking: Json, start: str) -> Json:
    """The booking at its new time."""
    answer = await patiently(lambda: bff.manage(booking, "/reschedule", {"start": start}))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def canceled(bff: Service, booking: Json) -> Json:
    answer = await bff.manage(booking, "/cancel", {})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def status_of(bff: Service, booking: Json) -> str:
    answer = await bff.manage(booking)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


def said(answer: Any) -> tuple[int, str]:
    """Status and problem code."""
    return answer.status_code, answer.json()["code"]
