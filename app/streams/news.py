"""What is told of slots: what it says, where it stands in the log, and how it looks on a stream. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import randint
from secrets import token_hex
from typing import NamedTuple, TypeAlias

import msgspec

POSITION = re.compile(r"([0-9a-f]{8})-(\d{1,15})-(\d{1,15})")

RETRY = (1000, 4000)
"""Milliseconds, at least and at most, until a browser comes back: thousands that were cut off together do not."""


class SlotTaken(msgspec.Struct, frozen=True, tag="slot.taken"):
    """Nobody can book it any more. `start` is in UTC."""

    event_type: str
    start: datetime


class SlotFreed(msgspec.Struct, frozen=True, tag="slot.freed"):
    """A booking of it was given up. `start` is in UTC."""

    event_type: str
    start: datetime


class AvailabilityChanged(msgspec.Struct, frozen=True, tag="availability.changed"):
    """Of all event types of the account, on these dates of UTC. None: on any."""

    dates: Sequence[date] | None


class Reset(msgspec.Struct, frozen=True, tag="reset"):
    """Anything may have happened."""


News: TypeAlias = SlotTaken | SlotFreed | AvailabilityChanged | Reset


class Position(NamedTuple):
    """In a log. Those of one `epoch` are in order; another epoch is another log."""

    epoch: str
    milliseconds: int
    number: int

    @classmethod
    def parsed(cls, text: str) -> "Position | None":
        found = POSITION.fullmatch(text)
        return cls(found[1], int(found[2]), int(found[3])) if found else None

    def __str__(self) -> str:
        return "-".join(map(str, self))

    def is_after(self, other: "Position | None") -> bool:
        return other is None or self.epoch != other.epoch or self > other


@dataclass(frozen=True, slots=True)
class Entry:
    position: Position
    news: News

    def concerns(self, event_type: str) -> bool:
        match self.news:
            case SlotTaken(named) | SlotFreed(named):
                return named == event_type
        return True


def encoded(news: News) -> bytes:
    """As it is kept in the log."""
    return msgspec.json.encode(news)


def decoded(kept: bytes) -> News:
    """Raises `ValueError` for what no version of ours has written, or only a later one."""
    return _DECODER.decode(kept)


_DECODER: msgspec.json.Decoder[News] = msgspec.json.Decoder(News)


def event(entry: Entry, event_type: str) -> bytes:
    """As whoever listens to this event type is told (WHATWG HTML, server-sent events)."""
    name, data = _told(entry.news, event_type)
    body = msgspec.json.encode(data)
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(entry.position).encode(), name, body)


def reset(position: Position | None) -> bytes:
    """That something may have been missed, up to there. Where nobody knows the place, it gets one in no log: whoever
    reads again names the event, and must not name an earlier one.
    """
    return b"%bevent: reset\ndata: {}\n\n" % _id(position or Position(token_hex(4), 0, 0))


def beat(position: Position | None) -> bytes:
    """A sign of life, which the page does not see. The browser notes how far it has heard."""
    return b":\n%b\n" % _id(position)


def greeting() -> bytes:
    """With what a stream begins: when to come back."""
    return b"retry: %d\n\n" % randint(*RETRY)  # noqa: S311 - no secret


def _id(position: Position | None) -> bytes:
    return b"" if position is None else b"id: %b\n" % str(position).encode()


def _told(news: News, event_type: str) -> tuple[bytes, dict[str, object]]:
    match news:
        case SlotTaken(_, start):
            return b"slot.taken", {"eventTypeId": event_type, "start": _utc(start)}
        case SlotFreed(_, start):
            return b"slot.freed", {"eventTypeId": event_type, "start": _utc(start)}
        case AvailabilityChanged(dates):
            return b"availability.changed", {"eventTypeId": event_type, "dates": dates}
        case Reset():
            return b"reset", {}


def _utc(start: datetime) -> datetime:
    return start.astimezone(UTC)
