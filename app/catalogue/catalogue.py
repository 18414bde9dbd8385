"""Finds published event types: from memory, from the cache, or from Calendly."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from app.cache import keys
from app.cache.cache import Cache, Entry, later_of
from app.cache.shared_flight import SharedFlight
from app.calendly.client import CalendlyClient
from app.calendly.failures import GrantLostError
from app.catalogue.mapping import account_from, published_from
from app.catalogue.model import Account, EventType, Offer
from app.concurrency import SingleFlight
from app.errors import NotFoundError, UpstreamError, UpstreamFailedError

CALLS = 2
"""That one reading takes, one after the other."""

RECENT = timedelta(seconds=5)
"""A reading this young is as good as one made now, for whoever merely claims that something has changed."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""When something was read of which nobody knows when: only what does not age is still to be had from it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueOptions:
    """`allowed`: ids and slugs to show, all where it is empty. `access` names the account in the cache."""

    fresh: timedelta
    stale: timedelta
    allowed: frozenset[str]
    access: str


@dataclass(frozen=True, slots=True)
class Recalled:
    """A reading, however old. `is_fresh`: so young that no process needs another."""

    event_types: Sequence[EventType]
    is_fresh: bool


class Catalogue:
    """What the account publishes, at most `fresh` old; while Calendly fails, at most `stale`.

    One reading costs two calls and answers for all event types, their forms
    included, so that unknown ids cost nothing. Of all processes one makes it.
    """

    def __init__(
        self,
        *,
        client: CalendlyClient,
        cache: Cache,
        shared: SharedFlight,
        options: CatalogueOptions,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._cache = cache
        self._shared = shared
        self._options = options
        self._key = keys.catalogue(options.access)
        self._clock = clock
        self._flight = SingleFlight()
        self._renewals = SingleFlight()
        self._memory: Entry[Offer] | None = None
        self._doubts = 0
        """How often the age of all readings came into doubt."""
        self._dropped = 0
        """For how many of these doubts the cache is known to have nothing from before."""

    async def offer(self) -> Offer:
        """Raises `UpstreamError` where nothing is known and Calendly does not answer.

        While it is known not to, nobody waits for it who can have an older reading.
        """
        kept = await self._latest()
        if kept is not None and self._is_fresh(kept):
            return self._shown(kept.value)
        older = kept if kept is not None and kept.is_within(self._options.stale, self._clock()) else None
        if older is not None and self._client.breaker.is_failing:
            self._flight.start(self._key, self._load)
            return self._shown(older.value)
        try:
            return await self._renewed()
        except UpstreamError as error:
            if older is None:
                raise
            log.warning("catalogue.served_stale", error=error.code)
            return self._shown(older.value)

    async def account(self) -> Account:
        """However old the reading: a token never comes to speak for another account."""
        kept = self._memory or await self._refreshed()
        return kept.value.account if kept else (await self._renewed()).account

    @property
    def fresh_until(self) -> datetime:
        """When what was found is to be read again; in the past while it cannot be."""
        return self._memory.as_of + self._options.fresh if self._memory else self._clock()

    def known_account(self) -> Account | None:
        """None before the first reading of this process."""
        return self._memory.value.account if self._memory else None

    def known(self) -> Sequence[EventType]:
        """What the latest reading of this process had, however old: costs nothing and cannot fail."""
        return self._shown(self._memory.value).event_types if self._memory else ()

    def lost(self, event_type: str) -> GrantLostError:
        """What there is to say of one (by id or slug) now that nobody may read it any more.

        Raises `NotFoundError` for what the latest reading of this process did not have.
        """
        return GrantLostError(hosted_url=_found(self.known(), event_type).hosted_url)

    async def recalled(self) -> Recalled | None:
        """What some process has read; None where nobody knows of anything. Asks the cache, if that."""
        kept = await self._latest()
        return Recalled(self._shown(kept.value).event_types, self._is_fresh(kept)) if kept else None

    def doubt(self) -> None:
        """Nobody knows any more how old anything is that has been read, here or elsewhere."""
        self._doubts += 1
        if self._memory is not None:
            self._memory = Entry(LONG_AGO, self._memory.value)
        self._flight.start("doubt", self._drop)

    async def reread(self) -> Offer:
        """Ask Calendly, whatever is known and whoever else is at it."""
        return self._shown(await self._loaded())

    async def find(self, event_type: str) -> EventType:
        """By id, or by a slug that only one has.

        Raises `NotFoundError`, alike for unknown, hidden and foreign ones, and as `offer`: with the page of what the
        latest reading of this process had.
        """
        [found] = await self.find_all([event_type])
        return found

    async def find_all(self, event_types: Sequence[str]) -> list[EventType]:
        """As `find`, all from one reading: what fails for all, fails for the first."""
        with self._page_named(event_types[0]):
            offered = (await self.offer()).event_types
        return [_found(offered, each) for each in event_types]

    async def find_now(self, event_type: str) -> EventType:
        """As `find`, from a reading made now."""
        with self._page_named(event_type):
            offered = (await self.reread()).event_types
        return _found(offered, event_type)

    async def find_recent(self, event_type: str) -> EventType:
        """As `find_now`, but for a reading that is only just over."""
        if self._memory is not None and self._memory.is_within(RECENT, self._clock()):
            return await self.find(event_type)
        return await self.find_now(event_type)

    @contextmanager
    def _page_named(self, event_type: str) -> Iterator[None]:
        try:
            yield
        except UpstreamError as failure:
            if isinstance(failure, GrantLostError) and self._memory is not None:
                raise self.lost(event_type) from failure
            raise unread(failure, self.known(), event_type) from failure

    def _shown(self, offer: Offer) -> Offer:
        """What the setting lets through; applied to each reading, so that it holds for what others have cached."""
        allowed = self._options.allowed
        if not allowed:
            return offer
        shown = [each for each in offer.event_types if allowed & {each.id, each.slug}]
        return Offer(account=offer.account, event_types=shown)

    def _is_fresh(self, entry: Entry[Offer]) -> bool:
        return entry.is_within(self._options.fresh, self._clock())

    async def _latest(self) -> Entry[Offer] | None:
        """The latest reading that can be had without asking Calendly."""
        # First of all the time: a look at it may be what brings the doubt.
        now, kept = self._clock(), self._memory
        if kept is not None and kept.is_within(self._options.fresh, now):
            return kept
        return await self._refreshed()

    async def _refreshed(self) -> Entry[Offer] | None:
        """What this process remembers, now that it has looked at what others have read."""
        found, now = await self._shelved(), self._clock()
        kept = later_of(self._memory, found, now)
        # What lies ahead would look young when that hour comes.
        self._memory = kept if kept is None or kept.is_believed(now) else Entry(LONG_AGO, kept.value)
        return self._memory

    async def _shelved(self) -> Entry[Offer] | None:
        """What the cache has; nothing while it may be from before a doubt."""
        if self._dropped < self._doubts:
            await self._flight.run("doubt", self._drop)
        doubts = self._doubts
        if self._dropped < doubts:
            return None
        found = (await self._cache.read([self._key], Offer)).get(self._key)
        return None if self._has_doubted(doubts) else found

    def _has_doubted(self, doubts: int) -> bool:
        """More often than so many times: were it only now, by looking at the time."""
        self._clock()
        return self._doubts > doubts

    async def _drop(self) -> None:
        """What the cache has from before the latest doubt; where Redis is away, before it is looked at again."""
        while (doubts := self._doubts) > self._dropped and await self._shared.drop(self._key):
            self._dropped = doubts

    async def _renewed(self) -> Offer:
        """A fresh reading, by whichever process makes it for all of them.

        One that Calendly does not answer asks for itself: so it learns when that is over, and waits no longer than
        its breaker lets it.
        """
        if self._client.breaker.is_failing:
            return await self.reread()
        look = partial(self._fresh_at, self._clock())
        return self._shown(await self._renewals.run(self._key, partial(self._shared.run, look, self._loaded)))

    async def _fresh_at(self, asked: datetime) -> Offer | None:
        """What some process has read by now that would have been fresh when it was asked for."""
        found, now = await self._refreshed(), self._clock()
        is_fresh = found is not None and found.is_within(self._options.fresh + (now - asked), now)
        return found.value if found is not None and is_fresh else None

    async def _loaded(self) -> Offer:
        return await self._flight.run(self._key, self._load)

    async def _load(self) -> Offer:
        as_of = self._clock()
        doubts = self._doubts
        try:
            account = account_from(await self._client.get_current_user())
            event_types = await self._client.list_event_types(user=account.uri)
        except NotFoundError as error:
            # It is the account that is not there: nothing a visitor asked for.
            raise UpstreamFailedError from error
        offer = Offer(account=account, event_types=published_from(event_types, account, self._client.id_from))
        if self._has_doubted(doubts):
            # It was read just now, but by which clock?
            self._memory = Entry(LONG_AGO, offer)
            return offer
        self._memory = Entry(as_of, offer)
        await self._cache.write({self._key: self._memory})
        if self._has_doubted(doubts):
            # It may have come there after that was dropped.
            self.doubt()
        return offer


def unread(failure: UpstreamError, known: Collection[EventType], event_type: str) -> UpstreamError:
    """What there is to say of one (by id or slug) that cannot be read: its page, where it is among the `known`.

    It is no other's failure, for whoever waits for the same reading may have asked for something else.
    """
    try:
        page = _found(known, event_type).hosted_url
    except NotFoundError:
        page = None
    return replace(failure, hosted_url=page)


def _found(event_types: Collection[EventType], wanted: str) -> EventType:
    by_id = [each for each in event_types if each.id == wanted]
    by_slug = [each for each in event_types if each.slug == wanted]
    for matches in (by_id, by_slug):
        if len(matches) == 1:
            return matches[0]
    raise NotFoundError
