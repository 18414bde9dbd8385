"""What this process knows of free times, what it is about to know, and whether that is still true."""

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta

from app.cache.clocks import AHEAD
from app.cache.day_store import Untrue
from app.cache.heard import Heard
from app.errors import NotFoundError
from app.slots.loads import Loads
from app.slots.memory import DayMemory

GONE_FOR = timedelta(seconds=30)
"""For which Calendly is not asked again for an event type that it does not know."""


class Knowledge:
    """`changed` is told whenever something has become untrue."""

    def __init__(self, heard: Heard, changed: Callable[[], None], clock: Callable[[], datetime]) -> None:
        self.memory = DayMemory()
        self.loads = Loads()
        self.version = 0
        """Counts up whenever something becomes untrue: what was made under another version is not to be kept."""
        self._heard = heard
        self._changed = changed
        self._clock = clock
        self.rereadings = 0
        """That are under way, and are none of the loads."""
        self._gone: dict[str, datetime] = {}
        """When somebody was told so."""

    @property
    def generation(self) -> int:
        """The latest news of what has become untrue that this process has heard."""
        return self._heard.generation

    def hear(self, untrue: Untrue) -> bool:
        """Some replica, perhaps this one, has found days to be no longer true. Whether Redis has lost some of what is
        known here, for it knows of nothing between the one before and this.
        """
        known = self._heard.generation
        if untrue.generation <= known:
            return False
        self._heard.generation = untrue.generation
        if known < untrue.before:
            self.miss()
        if untrue.gone:
            self.lose(untrue.gone)
        elif known >= untrue.before:
            self.spoil(untrue.days)
        return known > untrue.before

    def note(self, generation: int) -> None:
        """A lost message heals here: a later generation means that there was one, but for the first of which anybody
        hears who knows of nothing yet.
        """
        if generation <= self._heard.generation:
            return
        is_first = not self._heard.generation and self.memory.is_empty and self.loads.are_over
        is_first = is_first and not self.rereadings
        self._heard.generation = generation
        if not is_first:
            self.miss()

    def miss(self) -> None:
        """Anything may have become untrue."""
        self.loads.spoil_all()
        self.memory.clear()
        self._gone.clear()
        self._change()

    def spoil(self, days: Collection[date]) -> None:
        """Of all event types."""
        self.loads.spoil(days)
        self.memory.forget(days)
        self._change()

    def lose(self, event_type: str) -> None:
        """Calendly does not know it, and is to be believed for a while."""
        self._gone[event_type] = self._clock()
        self.memory.forget_event_type(event_type)
        self._change()

    def require_there(self, event_type: str) -> None:
        """Raises `NotFoundError` for an event type that Calendly did not know a moment ago."""
        told_at = self._gone.get(event_type)
        if told_at is None:
            return
        if -AHEAD <= self._clock() - told_at < GONE_FOR:
            raise NotFoundError
        del self._gone[event_type]

    def _change(self) -> None:
        self.version += 1
        self._changed()
