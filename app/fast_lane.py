"""Answers what is ready to be sent before the framework is asked.

Why: a route of the framework costs several times what it takes to send an answer that is
there already, and nearly every read of free times is such a one. What is here is looked up by the path and
the query as they were sent; a query that is spelt differently is another question, and is answered by its route.

What it may never do: answer anything that its route would not answer at that moment, bit by bit, headers
included; hold an answer longer than what it was made of is true; leave out what is true of every request:
who may read it from a browser, its id, its line in the log, its place in the figures. Personal answers and
problems are never ready.

`app.lane` knows what is ready, and `FastLane` sends it through ASGI; under uvicorn, `app.protocol` has sent most of it
by then. Where nothing is ready, another process may have answered the same, and Redis has it. Otherwise whoever asks
first is answered by the route, as soon as it is its turn, and who asks the same meanwhile waits for that.
"""

import asyncio
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.lane import READS, Lane, Reply
from app.ready import Place, header_list, place_of
from app.wishes import Wish

WAITS_SINCE = "bff.waits_since"
"""In the scope of a request that has waited in vain for somebody else's answer: since when (`time.monotonic()`)."""

SOUGHT = "bff.sought"
"""In the scope of a request of which no other process has the answer."""

HAS_GONE = "bff.has_gone"
"""In the scope of a request: whether whoever asked has gone since."""

CUT = "bff.cut"
"""In the scope of a request: ends its connection at once, whatever has not been taken of the answer."""


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
            ready = None if SOUGHT in scope else await self._lane.bring(place)
            if ready is not None:
                asked.set()
                await self._send(self._lane.reply(ready, _wish(self._lane, scope)), send)
            else:
                await self._in_turn(scope, receive, answer)
        finally:
            asked.set()
            del self._lane.asked[place]

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
