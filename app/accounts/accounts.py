"""The accounts that this process serves, and whose an event type is."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from app.accounts.account import Account, Offered
from app.accounts.concern import Publishing, those_concerned
from app.calendly.failures import GrantLostError
from app.catalogue.catalogue import unread
from app.catalogue.model import EventType, Offer
from app.concurrency import together
from app.errors import NotFoundError, UpstreamError

log = structlog.get_logger()


class Accounts:
    """They come and go while it runs. None fails because another does."""

    def __init__(self) -> None:
        self._open: dict[str, Account] = {}
        self.dead: Collection[str] = frozenset()
        """The `access` of those that only their owners can open again, as last heard."""

    def add(self, account: Account) -> None:
        self._open[account.access] = account

    def remove(self, access: str) -> None:
        self._open.pop(access, None)

    def all(self) -> Sequence[Account]:
        return tuple(self._open.values())

    def named(self, access: str) -> Account | None:
        return self._open.get(access)

    def only(self) -> Account | None:
        """The one there is; None where there are none, or several."""
        return next(iter(self._open.values())) if len(self._open) == 1 else None

    async def of_user(self, uri: str) -> Account | None:
        """Raises `UpstreamError` where it may be one of which nobody has said yet whose it is."""
        return await self._whose(lambda _, user: user == uri)

    async def with_id(self, id_: str) -> Account | None:
        """By the last segment of its user's URI. Raises as `of_user`."""
        return await self._whose(lambda account, user: account.client.id_from(user) == id_)

    async def ids(self) -> list[str]:
        """Of those whose users are known. Where none is, whoever asks finds one out: raises as `of_user`."""
        accounts = self.all()
        known = [account for account in accounts if account.known_user()]
        return [await account.id() for account in known or accounts]

    async def _whose(self, is_meant: Callable[[Account, str], bool]) -> Account | None:
        """Whose user is known is looked at first: nobody needs another's to be known."""
        unknown = []
        for account in self.all():
            known = account.known_user()
            if known is None:
                unknown.append(account)
            elif is_meant(account, known):
                return account
        for account in unknown:
            if is_meant(account, await account.user()):
                return account
        return None

    async def find(self, event_type: str) -> Offered:
        """By id, or by a slug that only one of all has.

        Raises `NotFoundError`, alike for unknown, hidden and foreign ones, `GrantLostError` for what is known of an
        account that is dead, and `UpstreamError` where it may be of a living one that could not be read: with its page
        where that is known.
        """
        only = self.only()
        if only is not None:
            return Offered(only, await only.catalogue.find(event_type))
        return found_in(await self.offers(), event_type)

    async def find_all(self, event_types: Sequence[str]) -> list[Offered]:
        """As `find`, all from one reading."""
        only = self.only()
        if only is not None:
            return [Offered(only, each) for each in await only.catalogue.find_all(event_types)]
        offers = await self.offers()
        return [found_in(offers, each) for each in event_types]

    async def offers(self) -> "Offers":
        """What each of them publishes."""
        accounts = self.all()
        read = await together(*(_read(account) for account in accounts))
        return Offers(list(zip(accounts, read, strict=True)), self.dead)

    async def sharing(self, event_type: str) -> Sequence[Account]:
        """Those who publish this event type (an id) of a team, as far as they can be read."""
        accounts = self.all()
        read = await together(*(_read(account) for account in accounts))
        return [
            account
            for account, offer in zip(accounts, read, strict=True)
            if not isinstance(offer, UpstreamError)
            and any(each.shared and each.id == event_type for each in offer.event_types)
        ]

    async def forget_days(
        self, account: Account, event_type: str, start: datetime, end: datetime
    ) -> Sequence[Account]:
        """Those that a booking of this account has changed. Answers whose they are: see `concerned`."""
        concerned = await self.concerned(account, event_type)
        await together(*(each.forget_days(start, end) for each in concerned))
        return concerned

    async def concerned(self, account: Account, event_type: str | None = None) -> Sequence[Account]:
        """Whose free times may be others when something changes in the calendar of this account, itself first.

        `event_type`: the id of the one that was booked. Asks memory and cache, never Calendly: see `those_concerned`.
        """
        if self.only() is account:
            return [account]
        everyone = list(dict.fromkeys((account, *self.all())))
        recalled = await together(*(each.catalogue.recalled() for each in everyone))
        known = [Publishing(each, found) for each, found in zip(everyone, recalled, strict=True)]
        known.sort(key=lambda each: _rank(each.account, each.account.known_user() or "", self.dead))
        return those_concerned(account, event_type, known)

    def known(self) -> Iterable[EventType]:
        """What the latest readings of this process had, however old: costs nothing and cannot fail."""
        return _known(self.all())


class Offers:
    """What accounts publish, by id, and those that could not be read. `read`: the slugs of the others. `failures` are
    of living accounts: what one of them has is not known. `lost` are dead.

    An event type of a team is published by each of its members: it is offered once, in every replica by the same
    account as long as the same can be read.
    """

    def __init__(self, found: Sequence[tuple[Account, Offer | UpstreamError]], dead: Collection[str]) -> None:
        self._accounts = [account for account, _ in found]
        read: list[tuple[Account, Offer]] = []
        self.failures: list[UpstreamError] = []
        self.lost: list[Account] = []
        for account, offer in found:
            if not isinstance(offer, UpstreamError):
                read.append((account, offer))
            elif isinstance(offer, GrantLostError) or account.access in dead:
                self.lost.append(account)
            else:
                self.failures.append(offer)
        self._read = [offer for _, offer in read]
        self.read = {offer.account.slug for offer in self._read}
        self.offered: dict[str, Offered] = {}
        for account, offer in sorted(read, key=lambda each: _rank(each[0], each[1].account.uri, dead)):
            for each in offer.event_types:
                self.offered.setdefault(each.id, Offered(account, each))

    @property
    def incomplete(self) -> bool:
        return bool(self.failures or self.lost)

    def unread(self, event_type: str) -> UpstreamError:
        """Where there are `failures`: what there is to say of one (by id or slug) that was not found."""
        known = {each.id: each for each in _known(self._accounts)}
        return unread(self.failures[0], known.values(), event_type)

    def listed(self, account: str | None) -> Sequence[EventType]:
        """All; or those of the account with this slug, in its own order, among them those of its teams that are offered
        through another. Nothing where it could not be read: see `require`.
        """
        if account is None:
            return [each.event_type for each in self.offered.values()]
        own = [each for offer in self._read if offer.account.slug == account for each in offer.event_types]
        return [self.offered[each.id].event_type for each in own]

    def require(self, account: str | None) -> None:
        """Raises `GrantLostError` where the account with this slug is dead, and `UpstreamError` where it may be a
        living one that could not be read. Without a slug, one of them where none could be read.
        """
        if account in self.read or (account is None and self.read):
            return
        if any(_is_called(each, account) for each in self.lost):
            raise GrantLostError
        if self.failures:
            raise self.failures[0]
        if self.lost and account is None:
            raise GrantLostError


def _known(accounts: Iterable[Account]) -> Iterator[EventType]:
    return (each for account in accounts for each in account.catalogue.known())


def _rank(account: Account, user: str, dead: Collection[str]) -> tuple[bool, bool, str]:
    """The account that has a token of its own comes first, and last what nobody can be booked through."""
    return account.access in dead, account.owner is not None, user


def _is_called(account: Account, slug: str | None) -> bool:
    """As far as is known without asking."""
    known = account.catalogue.known_account()
    return known is not None and known.slug == slug


def found_in(offers: Offers, wanted: str) -> Offered:
    """Raises as `Accounts.find`. A slug is known to be the only one where all that live have been read."""
    by_id = offers.offered.get(wanted)
    if by_id is not None:
        return by_id
    if offers.failures:
        raise offers.unread(wanted)
    by_slug = [each for each in offers.offered.values() if each.event_type.slug == wanted]
    if len(by_slug) == 1:
        return by_slug[0]
    for account in [] if by_slug else offers.lost:
        with suppress(NotFoundError):
            raise account.catalogue.lost(wanted)
    raise NotFoundError


async def _read(account: Account) -> Offer | UpstreamError:
    try:
        return await account.catalogue.offer()
    except UpstreamError as error:
        log.warning("accounts.unread", error=error.code)
        return error
