"""What has happened lately to the slots of an account, in Redis: told once, and kept for those who come back."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.cache import keys
from app.cache.steps import Steps
from app.streams import scripts
from app.streams.news import Entry, News, Position, decoded, encoded

MOST = 2000
"""Entries, about half a megabyte at most; beyond it, the oldest go."""

KEPT_FOR = timedelta(days=1)
"""After the last entry; and for as long it is known what has been told."""

REPLAYED = 500
"""Entries at most for whoever comes back: to read free times again costs less than more of them."""

NOTHING = b""
"""The news of an entry that only begins a log."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seen:
    """`position`: of the last entry there is. `entries`: what was told since; None where that cannot be known."""

    position: Position
    entries: Sequence[Entry] | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What is published. `before`: the position of the entry before it; None where it is the first."""

    account: str
    entry: Entry
    before: Position | None

    @classmethod
    def parsed(cls, message: bytes) -> "Heard":
        """Raises `ValueError` for what is none."""
        account, position, before, news = message.split(b" ", 3)
        entry = Entry(_position(position), decoded(news))
        return cls(account.decode(), entry, Position.parsed(before.decode()))


class EventLog:
    """Of all accounts. While Redis is away nothing is told, and nobody knows what was.

    `steps`: those of an account, by its name in the cache.
    """

    def __init__(self, steps: Callable[[str], Steps]) -> None:
        self._steps = steps

    async def tell(self, account: str, news: News, once: str) -> bool:
        """At most once a day under the name `once`, in every replica. Whether it has been told, now or before."""
        done = await self._steps(account).run(
            scripts.TELL,
            *_of(account),
            keys.told_once(account, once),
            keys.happenings(),
            account,
            encoded(news),
        )
        return done is not None

    async def since(self, account: str, last: Position | None) -> Seen | None:
        """What came after `last`; nothing where that is None. None where Redis is away."""
        epoch, id_ = ("", "") if last is None else (last.epoch, f"{last.milliseconds}-{last.number}")
        answer = await self._steps(account).run(scripts.SINCE, *_of(account), epoch, id_, REPLAYED)
        return None if answer is None else _seen(answer)


def _of(account: str) -> tuple[str, str, int, int]:
    lifetime = KEPT_FOR // timedelta(milliseconds=1)
    return keys.told(account), secrets.token_hex(4), MOST, lifetime


def _seen(answer: Sequence[bytes]) -> Seen:
    """What nobody could have told may have been anything."""
    position, is_known, *rest = answer
    entries = None
    if is_known == b"1":
        try:
            entries = list(_entries(rest))
        except ValueError:
            log.warning("streams.log_unreadable")
    return Seen(_position(position), entries)


def _entries(told: Sequence[bytes]) -> Iterator[Entry]:
    """Raises `ValueError`."""
    for position, news in zip(told[::2], told[1::2], strict=True):
        if news != NOTHING:
            yield Entry(_position(position), decoded(news))


def _position(text: bytes) -> Position:
    found = Position.parsed(text.decode())
    if found is None:
        raise ValueError("no position")
    return found
