"""Somebody who wants a booking and does not give up: one key, one body, any number of tries."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from app import API
from tests.soak.caller import HOST, Answer, NoAnswerError, Request, call
from tests.soak.waiting import until

AGAIN = 0.25
"""Seconds until the next try: far less than any answer asks for, so that it falls into every state."""

PATIENCE = 150.0
"""Seconds after which an attempt counts as never settled."""

MEANS_AGAIN = {
    (409, "booking_in_flight"),
    (502, "upstream_failed"),
    (503, "bookings_closed"),
    (503, "upstream_busy"),
    (504, "upstream_timeout"),
}
"""Answers after which the same key is to be tried again."""

PickPort = Callable[[], int]


class UnexpectedAnswerError(Exception):
    """Nothing that a front end was told to reckon with."""


@dataclass(slots=True)
class Visitor:
    """`bodies` are what was answered 201, `fresh` of them not as a replay; `verdicts` what was said after a 202."""

    email: str
    event_type: str
    start: str
    source: str = HOST
    key: str = field(default_factory=lambda: str(uuid4()))
    bodies: list[bytes] = field(default_factory=list)
    fresh: int = 0
    verdicts: list[str] = field(default_factory=list)
    turned_away: Counter[str] = field(default_factory=Counter)
    """Tries that were to be repeated, by status and code."""

    @property
    def acknowledged(self) -> bool:
        return bool(self.bodies) or "confirmed" in self.verdicts

    async def submit(self, port: int) -> Answer:
        """One try. Raises `NoAnswerError`."""
        request = Request("POST", f"{API}/bookings", self._body, {"Idempotency-Key": self.key})
        answer = await call(port, request, source=self.source)
        if answer.status == 201:
            self.bodies.append(answer.body)
            self.fresh += "idempotency-replayed" not in answer.headers
        return answer

    async def preflight(self, port: int) -> Answer:
        return await call(port, Request("POST", f"{API}/bookings/preflight", self._body), source=self.source)

    @property
    def _body(self) -> Any:
        return {
            "eventTypeId": self.event_type,
            "start": self.start,
            "timeZone": "Europe/Berlin",
            "invitee": {"name": "Grace Example", "email": self.email},
        }

    async def book(self, port: PickPort) -> None:
        """Try until it is booked. Raises `TimeoutError` where it never is, `UnexpectedAnswerError`."""
        async with asyncio.timeout(PATIENCE):
            await until(partial(self._tried, port), every=AGAIN)

    async def settle(self, port: PickPort) -> str:
        """`confirmed` or `failed`: what the first try that was not turned away came to."""
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._answer(port)
                if answer is not None and answer.status == 201:
                    return "confirmed"
                if answer is not None and answer.status == 202:
                    return await self.verdict(answer.json, port)
                await asyncio.sleep(AGAIN)

    async def verdict(self, booking: Any, port: PickPort) -> str:
        """What becomes of a booking that is `confirming`."""
        path, token = f"{API}/bookings/{booking['id']}", booking["manage"]["token"]
        request = Request("GET", path, headers={"Authorization": f"Bearer {token}"})
        while True:
            answer = await self._read(request, port)
            if answer is not None and answer.json["status"] != "confirming":
                self.verdicts.append(answer.json["status"])
                return self.verdicts[-1]
            await asyncio.sleep(AGAIN)

    async def _tried(self, port: PickPort) -> bool:
        answer = await self._answer(port)
        if answer is None:
            return False
        if answer.status == 202:
            await self.verdict(answer.json, port)
        return answer.status == 201

    async def _answer(self, port: PickPort) -> Answer | None:
        try:
            answer = await self.submit(port())
        except NoAnswerError:
            return None
        if answer.status in {201, 202}:
            return answer
        if (answer.status, answer.code) not in MEANS_AGAIN:
            raise UnexpectedAnswerError(answer.status, answer.code)
        self.turned_away[f"{answer.status} {answer.code}"] += 1
        return None

    async def _read(self, request: Request, port: PickPort) -> Answer | None:
        try:
            answer = await call(port(), request, source=self.source)
        except NoAnswerError:
            return None
        if answer.status >= 500:
            return None
        if answer.status != 200:
            raise UnexpectedAnswerError(answer.status, answer.code)
        return answer
