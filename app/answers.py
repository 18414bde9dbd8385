"""Ready answers of this process, and of all: in memory, and in Redis for who has not made them."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

import structlog

from app.cache.answer_shelf import AnswerShelf
from app.ready import Place, Ready, ReadyAnswers
from app.slots.buckets import DayBuckets

LOOKED_EVERY = 2.0
"""Seconds between two looks whether what is old can be read again, however many are given it."""

log = structlog.get_logger()


class SharedAnswers:
    """None of them outlives what it was made of: `buckets` know when that became untrue."""

    def __init__(
        self,
        memory: ReadyAnswers,
        shelf: AnswerShelf,
        buckets: DayBuckets,
        is_to_be_asked: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self.memory = memory
        self._shelf = shelf
        self._buckets = buckets
        self.is_to_be_asked = is_to_be_asked
        self._clock = clock
        self._next_look = 0.0

    def begin(self) -> Callable[[Place, Ready], None]:
        """To be called before days are read; what it gives, keeps the answer that was made of them.

        Where they have become untrue meanwhile, it keeps nothing.
        """
        version, generation = self._buckets.version, self._buckets.generation

        def keep(place: Place, ready: Ready) -> None:
            if version != self._buckets.version:
                return
            if not ready.is_marked:
                ready.generation = generation
            self.memory.keep(place, ready)

        return keep

    def look_again(self, ready: Ready) -> None:
        """Somebody is given an answer that is old in part."""
        now = monotonic()
        if ready.look_again is not None and now >= self._next_look:
            self._next_look = now + LOOKED_EVERY
            ready.look_again()

    def offer(self, place: Place, ready: Ready) -> None:
        """To the other processes: it has been asked for again, and may be asked of them."""
        if ready.generation is not None and self._shelf.put(place, ready.stored(), ready.generation):
            ready.generation = None

    async def bring(self, place: Place) -> Ready | None:
        """What another process has made ready, and may be sent now; it is in memory from then on."""
        version = self._buckets.version
        stored = await self._shelf.take(place)
        if not stored or version != self._buckets.version:
            return None
        try:
            ready = Ready.restored(stored)
        except ValueError:
            log.warning("cache.entry_unreadable")
            return None
        if self._clock() >= ready.until:
            # Not to be kept either: it would take the place of what was made here meanwhile.
            return None
        self.memory.keep(place, ready)
        return ready
