"""Those who book with one account or another while replicas come and go, and manage what they booked by token."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

import msgspec

from app import API
from tests.soak.caller import NoAnswerError, Request, call
from tests.soak.visitor import Visitor
from tests.soak.world import ONE, Json, slot

GRACES = "office-hours"
"""An event type of the account that is connected."""

APART = 4
"""Slots from one visitor to the next."""

PAUSE = 1.0
"""Seconds between two visitors: what all of them cost has to be within the quota of each account."""

KEPT, KEPT_OF = 2, 12
"""Visitors who keep their booking, one of each account, of so many: all that is kept is read at once, and often."""

NO_ANSWER = "no answer"
AGAIN = 0.25
PATIENCE = 60.0
"""Seconds for an answer, whatever replicas do meanwhile."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A booking that stands, by what its visitor was answered."""

    number: int
    email: str
    booking: Json


@dataclass
class Customers:
    """Each books with Ada or with Grace, reads it, and cancels it or keeps it for later."""

    ports: Sequence[int]
    kept: list[Stay] = field(default_factory=list)
    canceled: list[Stay] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    """Of calls with manage tokens."""
    turned_away: Counter[str] = field(default_factory=Counter)
    """Tries to book that were to be repeated."""
    unanswered: int = 0
    """Calls with manage tokens to a replica that was away; they were repeated at the other."""
    begun: int = 0

    async def go_on(self, over: asyncio.Event) -> None:
        at = cycle(self.ports)
        while not over.is_set():
            self.begun += 1
            number = self.begun
            visitor = Visitor(
                f"visitor-{number}@example.test", (ONE, GRACES)[number % 2], slot(APART * number)
            )
            await visitor.book(lambda: next(at))
            self.turned_away += visitor.turned_away
            one = Stay(number, visitor.email, msgspec.json.decode(visitor.bodies[-1]))
            await self.manage(one, next(at))
            if number % KEPT_OF < KEPT:
                self.kept.append(one)
            else:
                await self.manage(one, next(at), "/cancel")
                self.canceled.append(one)
            await asyncio.sleep(PAUSE)

    async def cancel_up_to(self, number: int) -> None:
        """All that was kept of these visitors."""
        for one in [each for each in self.kept if each.number <= number]:
            self.kept.remove(one)
            await self.manage(one, self.ports[0], "/cancel")
            self.canceled.append(one)

    async def read_all(self) -> None:
        """What is kept now, each at both."""
        found = list(self.kept)
        for port in self.ports:
            for one in found:
                await self.manage(one, port)

    async def manage(self, one: Stay, port: int, part: str = "") -> None:
        """With the token that was given out with it; at the other port where nobody is at this one."""
        ports = cycle([port, *(each for each in self.ports if each != port)])
        async with asyncio.timeout(PATIENCE):
            while (told := await managed(one, next(ports), part)) == NO_ANSWER:
                self.unanswered += 1
                await asyncio.sleep(AGAIN)
        self.answers[told] += 1


async def managed(one: Stay, port: int, part: str = "") -> str:
    """Status and code of the answer."""
    headers = {"Authorization": f"Bearer {one.booking['manage']['token']}"}
    path = f"{API}/bookings/{one.booking['id']}{part}"
    request = Request("POST" if part else "GET", path, {} if part else None, headers)
    try:
        answer = await call(port, request)
    except NoAnswerError:
        return NO_ANSWER
    return f"{answer.status} {answer.code or answer.json['status']}"
