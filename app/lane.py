"""Ready answers, and what is true of each request that is answered with one. `app.fast_lane` says why."""

import asyncio
import itertools
import re
import secrets
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from time import perf_counter
from typing import Protocol, TypeAlias

from app import API
from app.concurrency import told
from app.connections import Connections
from app.negotiation import Encodings, is_unchanged
from app.observability import REQUEST_ID
from app.read_queue import ReadQueue
from app.ready import Lines, Place, Ready, ReadyAnswers, is_sensible
from app.refusals import Refusals
from app.tally import Tally
from app.wishes import Given, KnownBlocks, Wish

LANE = "bff.lane"
"""In the state that the lifespan gives to the server."""

READS = (f"{API}/event-types".encode(), f"{API}/availability".encode())
"""With what the places begin whose answers are worked out in turn. All else has the right of way."""

FREE_TIMES = re.compile(rf"{API}/(event-types/[^/?\s]+/)?availability(/next)?(\?\S*)?".encode())
"""The places whose answers may be ready. White space, which no parser lets pass, parts them where many are sought."""

VARY = b"vary: Accept-Encoding, Origin\r\n"

Reply: TypeAlias = tuple[int, Lines, bytes]
"""Status, headers and body."""


class InVain(Enum):
    """Why nothing was found."""

    NOT_READY = "no other process has it ready"
    NOT_SHARED = (
        "whoever asked first was waited for, and was answered with nothing that may be sent to others"
    )


Tell: TypeAlias = Callable[[Ready | InVain], None]


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

    def bring(self, place: Place, tell: Callable[[Ready | None], None]) -> None:
        """`tell` is called later, with what another process has made ready, and may be sent now."""
        ...

    def offer(self, place: Place, ready: Ready) -> None:
        """To the other processes."""
        ...

    def look_again(self, ready: Ready) -> None:
        """Whether what is old of it can be read again."""
        ...


class Lane:
    """Ready answers, and how each of them is sent to whoever asks."""

    def __init__(
        self,
        *,
        answers: Answers,
        clock: Callable[[], datetime],
        manners: Manners,
        end_streams: Callable[[], None],
    ) -> None:
        """`end_streams`: those answers that would not end by themselves."""
        self._find = answers.memory.find
        self._bring = answers.bring
        self._offer = answers.offer
        self._look_again = answers.look_again
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
        self._sought: set[Place] = set()
        self._joining: set[asyncio.Task[None]] = set()
        self.queue = ReadQueue()
        self.connections = Connections()
        self.known = KnownBlocks()
        self.end_streams = end_streams

    def found(self, place: Place) -> Ready | None:
        """What may be sent now. What is asked for again, is worth telling other processes."""
        ready = self._find(place)
        if ready is None or not ready.holds_at(self._clock()) or self._is_to_be_asked():
            return None
        if ready.generation is not None:
            self._offer(place, ready)
        elif ready.is_marked:
            self._look_again(ready)
        return ready

    def may_be_brought(self, place: Place) -> bool:
        """Whether another process may have it ready."""
        return FREE_TIMES.fullmatch(place) is not None and is_sensible(place)

    async def bring(self, place: Place) -> Ready | None:
        """What another process has made ready."""
        self.queue.expect()
        try:
            return await told(partial(self._bring, place))
        finally:
            self.queue.be_sure()

    def seek(self, place: Place, tell: Tell) -> None:
        """`tell` is called later, with what another process has made ready, or this one for whoever asked first."""
        if place in self.asked:
            self._join(place, tell)
            return
        is_first = place not in self._sought
        self._sought.add(place)
        self.queue.expect()

        def brought(ready: Ready | None) -> None:
            self.queue.be_sure()
            if is_first:
                self._sought.discard(place)
            if ready is not None or is_first:
                tell(ready or InVain.NOT_READY)
            else:
                self._join(place, tell)

        self._bring(place, brought)

    def _join(self, place: Place, tell: Tell) -> None:
        """Whoever asked first for it."""

        async def join() -> None:
            # Until the first has asked.
            await asyncio.sleep(0)
            asked = self.asked.get(place)
            if asked is not None:
                await asked.wait()
            tell(self.found(place) or InVain.NOT_SHARED)

        task = asyncio.create_task(join())
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

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


def _request_ids() -> Iterator[bytes]:
    """As many as anybody needs, none of which another process gives; no secrets."""
    mine = secrets.token_hex(5).encode()
    return (b"%b%06x" % (mine, number) for number in itertools.count())
