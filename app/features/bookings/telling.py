"""What the customer's own backend is to be told of a booking: hinted at when it happens, looked at, and told.

A hint is written down before a booking counts as settled, and before a cancellation is sent. So nothing that
becomes of this process comes between what happened and that somebody looks what did.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
import structlog

from app.features.bookings.desk import claims_in, known_claims, packed, told
from app.features.bookings.manage import Claims
from app.features.bookings.schemas import Booking
from app.intents.model import Matter, Result
from app.relay.hints import NONE, Expect, Hint
from app.relay.notices import NoticeType, notice_id, reference_of
from app.store.state import StoreAwayError
from app.webhooks.effects import Notice as Heard
from app.webhooks.effects import Outcome

ON_ITS_WAY = timedelta(minutes=1)
"""Longer than any cancellation is: whoever looks then sees what became of it."""

OURS_COMES_WITHIN = timedelta(seconds=5)
"""After Calendly has told of what was done here. What takes longer is waited for: this merely saves looking."""

HUSHED_FOR = timedelta(days=2)
"""For longer than Calendly tries to deliver."""

_HEARD: Mapping[Outcome, NoticeType] = {
    Outcome.CONFIRMED: "booking.confirmed",
    Outcome.CANCELED: "booking.canceled",
    Outcome.RESCHEDULED: "booking.rescheduled",
}

log = structlog.get_logger()


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a hint holds. `claims` as a manage token says them, `known` a booking as a front end sees it, without one.

    `known` is none where it may be another's: then only Calendly can say. `ours`: made here, so that it has an
    id of ours. `replaces` and `previous` are reference and start of the booking whose place it took. `over`: it was
    moved here, and does not stand any more. `hushed`: nobody is to be told.
    """

    type: NoticeType
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    claims: str
    known: str | None = None
    replaces: str | None = None
    previous: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    ours: bool = True
    over: bool = False
    hushed: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """Hints at what happens. Where `expect` is None nobody is to be told."""

    expect: Expect | None
    clock: Callable[[], datetime]

    async def settling(self, matter: Matter, result: Result) -> bool:
        """It is booked, or moved, and is about to be settled. False where that could not be written down: then it
        must not be settled yet.
        """
        claims = known_claims(claims_in(matter), result)
        moves = matter.replaces is not None
        if moves and not await self._hushed(matter, claims):
            return False
        about = About(
            type="booking.rescheduled" if moves else "booking.confirmed",
            at=self.clock(),
            claims=packed(claims),
            known=None if result.found else matter.draft,
            replaces=reference_of(matter.replaced_invitee) if matter.replaced_invitee else None,
            previous=matter.replaced_from,
            ours=not result.found,
        )
        return await self._hinted(about, claims, certain=True)

    async def _hushed(self, matter: Matter, claims: Claims) -> bool:
        """What Calendly tells of the old time as a cancellation is half of the move, and none."""
        about = About(type="booking.canceled", at=self.clock(), claims=packed(claims), hushed=True)
        old = msgspec.structs.replace(claims, event=matter.replaces, invitee=matter.replaced_invitee)
        return await self._hinted(about, old, certain=True, due_in=HUSHED_FOR)

    async def canceling(self, booking: Booking, claims: Claims) -> None:
        """It is about to be canceled; without the state store, that goes on all the same."""
        await self._cancellation(booking, claims, certain=False, due_in=ON_ITS_WAY)

    async def canceled(self, booking: Booking, claims: Claims) -> None:
        """It has been, and is told at once."""
        await self._cancellation(booking, claims, certain=True)

    async def heard(self, account: str, notice: Heard) -> None:
        """By Calendly. What was done here we tell ourselves, who know more of it: there is a moment for that.

        Raises `StoreAwayError`.
        """
        if self.expect is None:
            return
        claims = Claims(
            booking="",
            account=account,
            event_type=notice.event_type or "",
            start=notice.start,
            email=notice.email,
            expires_at=notice.end,
            event=notice.event,
            invitee=notice.invitee,
            root="",
        )
        about = About(
            type=_HEARD[notice.outcome],
            at=notice.told_at,
            claims=packed(claims),
            replaces=reference_of(notice.previous) if notice.previous else None,
            previous=notice.previous_start,
            ours=False,
            over=notice.is_over,
        )
        id_ = notice_id(about.type, notice.event, notice.invitee)
        said = msgspec.json.encode(about).decode()
        await self.expect(Hint(id_, account, said, certain=False), OURS_COMES_WITHIN)

    async def _cancellation(
        self, booking: Booking, claims: Claims, *, certain: bool, due_in: timedelta = NONE
    ) -> None:
        known = booking.model_copy(update={"status": "canceled", "manage": None})
        about = About(type="booking.canceled", at=self.clock(), claims=packed(claims), known=told(known))
        if not await self._hinted(about, claims, certain=certain, due_in=due_in):
            log.warning("bookings.cancellation_unhinted", booking=claims.booking, certain=certain)

    async def _hinted(self, about: About, claims: Claims, *, certain: bool, due_in: timedelta = NONE) -> bool:
        if self.expect is None:
            return True
        id_ = notice_id(about.type, claims.event or "", claims.invitee or "")
        said = msgspec.json.encode(about).decode()
        try:
            await self.expect(Hint(id_, claims.account, said, certain), due_in)
        except StoreAwayError:
            return False
        return True
