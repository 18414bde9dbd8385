"""What became of a booking, by its Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).

A key is claimed before anything is sent and keeps its outcome for a day. As
long as a claim stands, nobody sends again with that key: not while it runs, not
after the process that held it died.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated

import msgspec
import structlog

from app.calendly.failures import OutcomeUnknownError
from app.errors import BookingInFlightError, BookingsClosedError, IdempotencyKeyReusedError
from app.store.state import StateStore, StoreAwayError

KEPT = timedelta(days=1)
"""Longer than any client keeps trying with one key."""

RUNNING = timedelta(seconds=30)
"""A claim older than this has lost its process: the longest a booking runs is 18 seconds and a read."""

RETRY_IN_FLIGHT = 2
"""Seconds: most bookings are done by then."""

CLOSED_FOR = 30
"""Seconds after which to try again while the state store is away."""

log = structlog.get_logger()


class Record(msgspec.Struct, frozen=True):
    """`answer` is the JSON that was given; None while the booking runs, and where it is `unknown` what became of it.

    Fields may be added, never renamed: two versions of this service read each other's records.
    """

    fingerprint: str
    claimed_at: Annotated[datetime, msgspec.Meta(tz=True)]
    answer: str | None = None
    unknown: bool = False


class Outcomes:
    """Keys and what became of them, in the state store.

    Every method raises `BookingsClosedError` when the store does not answer:
    without it nobody could say whether a booking was made already.
    """

    def __init__(self, state: StateStore) -> None:
        self._state = state

    async def find(self, key: str, fingerprint: str, now: datetime) -> str | None:
        """The stored answer of this key, or None where it is new.

        Raises `IdempotencyKeyReusedError` for another body, `BookingInFlightError`
        while the first try runs, and `OutcomeUnknownError` where that try never
        learnt how it ended.
        """
        with _store_needed():
            raw = await self._state.get(_name(key))
        return None if raw is None else _answer(_parsed(raw), fingerprint, now)

    async def claim(self, key: str, fingerprint: str, now: datetime) -> None:
        """From here on the key is ours. Raises `BookingInFlightError` where somebody was quicker."""
        record = Record(fingerprint=fingerprint, claimed_at=now)
        with _store_needed():
            claimed = await self._state.add(_name(key), msgspec.json.encode(record), KEPT)
        if not claimed:
            raise BookingInFlightError(retry_after=RETRY_IN_FLIGHT)

    async def settle(self, key: str, fingerprint: str, now: datetime, answer: str) -> None:
        record = Record(fingerprint=fingerprint, claimed_at=now, answer=answer)
        with _store_needed():
            await self._state.put(_name(key), msgspec.json.encode(record), KEPT)

    async def lose(self, key: str, fingerprint: str, now: datetime) -> None:
        """It was sent, and nobody knows what became of it: the key is never sent again."""
        record = Record(fingerprint=fingerprint, claimed_at=now, unknown=True)
        with _store_needed():
            await self._state.put(_name(key), msgspec.json.encode(record), KEPT)

    async def release(self, key: str) -> None:
        """Nothing was booked, for certain: the key may try again."""
        with _store_needed():
            await self._state.remove(_name(key))


def fingerprint_of(body: str) -> str:
    return sha256(body.encode()).hexdigest()


def _name(key: str) -> str:
    # Hashed, because a client may have put anything into its key.
    return f"bff:outcome:{sha256(key.encode()).hexdigest()}"


def _parsed(raw: bytes) -> Record | None:
    try:
        return msgspec.json.decode(raw, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        log.warning("bookings.outcome_unreadable")
        return None


def _answer(record: Record | None, fingerprint: str, now: datetime) -> str:
    if record is None:
        raise _unknown()
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReusedError
    if record.answer is not None:
        return record.answer
    if record.unknown or now - record.claimed_at > RUNNING:
        raise _unknown()
    raise BookingInFlightError(retry_after=RETRY_IN_FLIGHT)


def _unknown() -> OutcomeUnknownError:
    return OutcomeUnknownError(
        detail="An earlier try with this key may have booked. Look for an invitation before booking with a new key."
    )


@contextmanager
def _store_needed() -> Iterator[None]:
    try:
        yield
    except StoreAwayError as error:
        raise BookingsClosedError(retry_after=CLOSED_FOR) from error
