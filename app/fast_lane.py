"""Answers what is ready to be sent before the framework is asked.

Why: a route of the framework costs several times what it takes to send an answer that is
there already, and nearly every read of free times is such a one. What is here is looked up by the path and
the query as they were sent; a query that is spelt differently is another question, and is answered by its route.

What it may never do: answer anything that its route would not answer at that moment, bit by bit, headers
included; hold an answer longer than what it was made of is true; leave out what is true of every request:
who may read it from a browser, its id, its line in the log, its place in the figures. Personal answers and
problems are never ready.

`Lane` knows what is ready, and `FastLane` sends it through ASGI; under uvicorn, `app.protocol` has sent most of it by
then. Where nothing is ready, another process may have answered the same, and Redis has it. Otherwise whoever asks
first is answered by the route, as soon as it is its turn, and who asks the same meanwhile waits for that.
"""

import asyncio
import itertools
import re
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, perf_counter
from typing import Protocol, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import API
from app.connections import Connections
from app.negotiation import Encodings, is_unchanged
from app.observability import REQUEST_ID
from app.read_queue import ReadQueue
from app.ready import Lines, Place, Ready, ReadyAnswers, header_list, is_sensible, place_of
from app.refusals import Refusals
from app.tally import Tally

Given: TypeAlias = dict[bytes, bytes]

WAITS_SINCE = "bff.waits_since"
"""In the scope of a request that has waited in vain for somebody else's answer: since when (`time.monotonic()`)."""

SOUGHT = "bff.sought"
"""In the scope of a request of which no other process has the answer."""

HAS_GONE = "bff.has_gone"
"""In the scope of a request: whether whoever asked has gone since."""

LANE = "bff.lane"
"""In the state that the lifespan gives to the server."""

READS = (f"{API}/event-types".encode(), f"{API}/availability".encode())
"""With what the places begin whose answers are worked out in turn. All else has the right of way."""

FREE_TIMES = re.compile(rf"{API}/(event-types/[^/?]+/)?availability(/next)?(\?.*)?".encode())
"""The places whose answers may be ready."""

VARY = b"vary: Accept-Encoding, Origin\r\n"

Reply: TypeAlias = tuple[int, Lines, bytes]
"""Status, headers and body."""

MANY_BLOCKS = 2048
LONGEST_BLOCK = 2048
"""Bytes of the headers of one request, and how many such blocks are remembered in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What is true of every request, whichever way it is answered. `exposed`: headers that front ends may read."""

    origins: Collection[str]
    exposed: Collection[str]
    tally: Tally


class Answers(Protocol):
    @property
    def memory(self) -> ReadyAnswers: ...

    def is_to_be_asked(self) -> bool:
        """Whether something may have become untrue that is not known in memory."""
        ...

    async def bring(self, place: Place) -> Ready | None:
        """What another process has made ready, and may be sent now."""
        ...

    def offer(self, place: Place, ready: Ready) -> None:
        """To the other processes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a request says of how it is to be answered. `tags`: those of answers that whoever asks has. `cors`: the
    headers that let a browser read the answer.
    """

    encoding: str
    tags: bytes | None
    request_id: bytes | None
    cors: Lines


class KnownBlocks:
    """What headers of plain requests say, by their bytes: from the line end before them to the empty line behind."""

    def __init__(self) -> None:
        self._wishes: dict[bytes, Wish] = {}
        self.find = self._wishes.get

    def keep(self, block: bytes, wish: Wish) -> None:
        # An id or a tag is hardly ever said twice.
        if len(block) > LONGEST_BLOCK or wish.request_id is not None or wish.tags is not None:
            return
        if len(self._wishes) >= MANY_BLOCKS:
            del self._wishes[next(iter(self._wishes))]
        self._wishes[block] = wish


class Lane:
    """Ready answers, and how each of them is sent to whoever asks."""

    def __init__(self, *, answers: Answers, clock: Callable[[], datetime], manners: Manners) -> None:
        self._find = answers.memory.find
        self._bring = answers.bring
        self._offer = answers.offer
        self._is_to_be_asked = answers.is_to_be_asked
        self._clock = clock
        self._origins = frozenset(origin.encode() for origin in manners.origins)
        self._exposed = b"access-control-expose-headers: %b\r\n" % ", ".join(manners.exposed).encode()
        self.tally = manners.tally
        self._best = Encodings().best
        self._ids = _request_ids()
        self._refusals = Refusals()
        self.asked: dict[Place, asyncio.Event] = {}
        """What is being found out for somebody, until that is answered."""
        self._sought = Counter[Place]()
        self.queue = ReadQueue()
        self.connections = Connections()
        self.known = KnownBlocks()

    def found(self, place: Place) -> Ready | None:
        """What may be sent now. What is asked for again, is worth telling other processes."""
        ready = self._find(place)
        if ready is None or self._clock() >= ready.until or self._is_to_be_asked():
            return None
        if ready.generation is not None:
            self._offer(place, ready)
        return ready

    def may_be_brought(self, place: Place) -> bool:
        """Whether another process may have it ready."""
        return FREE_TIMES.fullmatch(place) is not None and is_sensible(place)

    async def bring(self, place: Place) -> Ready | None:
        """What another process has made ready. To be told to the queue before (`expect`)."""
        try:
            return await self._bring(place)
        finally:
            self.queue.be_sure()

    async def seek(self, place: Place) -> tuple[Ready | None, bool]:
        """What another process has made ready, or this one for whoever asked first; and whether that was waited for."""
        asked = self.asked.get(place)
        if asked is None:
            is_first = self._sought[place] == 0
            self._sought[place] += 1
            try:
                ready = await self.bring(place)
            finally:
                self._sought[place] -= 1
                if not self._sought[place]:
                    del self._sought[place]
            if ready is not None or is_first:
                return ready, False
            await asyncio.sleep(0)  # until the first has asked
            asked = self.asked.get(place)
        else:
            self.queue.be_sure()
        if asked is not None:
            await asked.wait()
        return self.found(place), True

    def turns_away(self, place: Place) -> bool:
        """Whether it is a read, and more of them than can be worked out have come."""
        return place.startswith(READS) and self.queue.turns_away()

    def announce(self, place: Place) -> None:
        """That it has not been turned away."""
        if place.startswith(READS):
            self.queue.announce()

    def wish(self, given: Given) -> Wish:
        """`given`: the headers of a request, each once."""
        asked_as = given.get(b"x-request-id")
        origin = given.get(b"origin")
        allowed = b"access-control-allow-origin: %b\r\n" % origin if origin in self._origins else b""
        return Wish(
            encoding=self._best(given.get(b"accept-encoding")),
            tags=given.get(b"if-none-match"),
            request_id=asked_as if asked_as and REQUEST_ID.fullmatch(asked_as) else None,
            cors=b"" if origin is None else self._exposed + allowed,
        )

    def reply(self, ready: Ready, wish: Wish) -> Reply:
        started = perf_counter()
        form = ready.form(wish.encoding)
        request_id = wish.request_id or next(self._ids)
        if wish.tags is not None and is_unchanged(wish.tags, form.etag):
            status, lines, body = 304, form.unchanged, b""
        else:
            status, lines, body = 200, form.headers, form.body
        lines = b"%b%bx-request-id: %b\r\n%b" % (lines, VARY, request_id, wish.cors)
        self.tally.note(ready.route, status, perf_counter() - started, request_id)
        return status, lines, body

    def refusal(self, wish: Wish) -> Reply:
        """That this cannot be answered now."""
        started = perf_counter()
        request_id = wish.request_id or next(self._ids)
        status, lines, body = self._refusals.next(request_id)
        lines = b"%bx-request-id: %b\r\n%b" % (lines, request_id, wish.cors)
        self.tally.note("", status, perf_counter() - started, request_id)
        return status, lines, body


class FastLane:
    def __init__(self, app: ASGIApp, lane: Lane) -> None:
        self._app = app
        self._lane = lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            place = place_of(scope)
            is_plain = _says_nothing_twice(scope)
            ready = self._lane.found(place) if is_plain else None
            if ready is not None:
                await self._send(self._lane.reply(ready, _wish(self._lane, scope)), send)
                return
            if is_plain and self._lane.may_be_brought(place) and WAITS_SINCE not in scope:
                await self._share(place, scope, receive, send)
                return
            if place.startswith(READS):
                await self._in_turn(scope, receive, send)
                return
        # Whoever asks for the figures sees all that came before.
        self._lane.tally.settle()
        await self._app(scope, receive, send)

    async def _share(self, place: Place, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._lane.asked.get(place)
        if asked is None:
            await self._ask(place, scope, receive, send)
            return
        since = monotonic()
        await asked.wait()
        ready = self._lane.found(place)
        if ready is not None:
            await self._send(self._lane.reply(ready, _wish(self._lane, scope)), send)
        else:
            await self._in_turn({**scope, WAITS_SINCE: since}, receive, send)

    async def _ask(self, place: Place, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._lane.asked[place] = asyncio.Event()

        async def answer(message: Message) -> None:
            # Nobody waits until it has been sent: whoever asked first may be slow to take it.
            asked.set()
            await send(message)

        try:
            ready = None if SOUGHT in scope else await self._brought(place)
            if ready is not None:
                asked.set()
                await self._send(self._lane.reply(ready, _wish(self._lane, scope)), send)
            else:
                await self._in_turn(scope, receive, answer)
        finally:
            asked.set()
            del self._lane.asked[place]

    async def _brought(self, place: Place) -> Ready | None:
        self._lane.queue.expect()
        return await self._lane.bring(place)

    async def _in_turn(self, scope: Scope, receive: Receive, send: Send) -> None:
        since = monotonic()
        if await self._lane.queue.enter(scope.get(HAS_GONE, _stays)):
            self._lane.tally.settle()
            await self._app({WAITS_SINCE: since, **scope}, receive, send)
        else:
            await self._send(self._lane.refusal(_wish(self._lane, scope)), send)

    async def _send(self, reply: Reply, send: Send) -> None:
        status, lines, body = reply
        await send({"type": "http.response.start", "status": status, "headers": header_list(lines)})
        await send({"type": "http.response.body", "body": body})


def _wish(lane: Lane, scope: Scope) -> Wish:
    return lane.wish(dict(scope["headers"]))


def _stays() -> bool:
    """Where nobody can tell whether whoever asked has gone."""
    return False


def _says_nothing_twice(scope: Scope) -> bool:
    return len(dict(scope["headers"])) == len(scope["headers"])


def _request_ids() -> Iterator[bytes]:
    """As many as anybody needs, none of which another process gives; no secrets."""
    mine = secrets.token_hex(5).encode()
    return (b"%b%06x" % (mine, number) for number in itertools.count())
