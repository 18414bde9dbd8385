"""Ready answers of this process, and of all: in memory, and in Redis for who has not made them."""

from collections.abc import Callable

import structlog

from app.cache.answer_shelf import AnswerShelf
from app.ready import Place, Ready, ReadyAnswers, is_sensible
from app.slots.buckets import DayBuckets

log = structlog.get_logger()


class SharedAnswers:
    """None of them outlives what it was made of: `buckets` know when that became untrue."""

    def __init__(
        self,
        memory: ReadyAnswers,
        shelf: AnswerShelf,
        buckets: DayBuckets,
        is_trusted: Callable[[], bool],
    ) -> None:
        self.memory = memory
        self._shelf = shelf
        self._buckets = buckets
        self.is_trusted = is_trusted

    def begin(self) -> Callable[[Place, Ready], None]:
        """To be called before days are read; what it gives, keeps the answer that was made of them.

        Where they have become untrue meanwhile, it keeps nothing.
        """
        version, generation = self._buckets.version, self._buckets.generation

        def keep(place: Place, ready: Ready) -> None:
            if version != self._buckets.version:
                return
            self.memory.keep(place, ready)
            if is_sensible(place) and not ready.is_marked:
                self._shelf.put(_name(place), ready.stored(), generation)

        return keep

    async def bring(self, place: Place) -> Ready | None:
        """What another process has made ready; it is in memory from then on."""
        version = self._buckets.version
        stored = await self._shelf.take(_name(place))
        if not stored or version != self._buckets.version:
            return None
        try:
            ready = Ready.restored(stored)
        except ValueError:
            log.warning("cache.entry_unreadable")
            return None
        self.memory.keep(place, ready)
        return ready


def _name(place: Place) -> bytes:
    return place[0].encode() + b"?" + place[1]
