"""Whose booking it is, and the desk at which that account's bookings are made and managed."""

from contextlib import suppress
from functools import partial

from app.accounts.account import Account
from app.calendly.failures import GrantLostError
from app.errors import IdempotencyKeyReusedError, NotFoundError
from app.features.bookings.desk import Desk
from app.features.bookings.manage import ManageTokens
from app.features.bookings.planner import BookingPlanner
from app.features.bookings.service import BookingService
from app.features.bookings.telling import Telling
from app.form.submission import Submission
from app.resources import Resources


class Desks:
    def __init__(self, owned: Resources) -> None:
        self._owned = owned
        self._tokens = ManageTokens(owned.sealers("manage"))

    def of(self, account: Account, event_type: str) -> Desk:
        """`event_type` (its id): of what is booked and managed there."""
        owned = self._owned
        telling = Telling(owned.expect, owned.clock)
        return Desk(
            client=owned.colleagues.client(account, event_type),
            catalogue=account.catalogue,
            account_id=account.id,
            planner=BookingPlanner(catalogue=account.catalogue, buckets=account.buckets, clock=owned.clock),
            runner=owned.runner,
            budgets=account.budgets,
            policy=owned.policy,
            tokens=self._tokens,
            forget=partial(owned.accounts.forget_days, account),
            canceling=telling.canceling,
            canceled=telling.canceled,
            announcer=owned.announcer,
            access=account.access,
            clock=owned.clock,
        )

    async def for_attempt(self, submission: Submission, key: str) -> Desk:
        """As `for_event_type`; and where that is not published any more, or its account is dead, at whichever desk this
        attempt is known.
        """
        try:
            return await self.for_event_type(submission.event_type_id)
        except (NotFoundError, GrantLostError):
            for account in self._owned.accounts.all():
                desk = self.of(account, submission.event_type_id)
                # What another account has under this key is no matter of this attempt.
                with suppress(IdempotencyKeyReusedError):
                    if await BookingService(desk).knows(submission, key):
                        return desk
            raise

    async def for_event_type(self, event_type: str) -> Desk:
        """Where there is one account alone, nothing is looked up: a repeated attempt is answered even if its event type
        is no longer published.

        Raises as `Accounts.find`.
        """
        only = self._owned.accounts.only()
        if only is not None:
            return self.of(only, event_type)
        offered = await self._owned.accounts.find(event_type)
        return self.of(offered.account, offered.event_type.id)

    async def for_token(self, token: str) -> Desk:
        """Raises `NotFoundError` where it is of no account of ours; whether the token is good, the desk says."""
        claims, account = self._tokens.read(token, self._owned.clock()), self._owned.accounts.only()
        if account is None and claims is not None:
            account = await self._owned.accounts.with_id(claims.account)
        if account is None:
            raise NotFoundError
        return self.of(account, claims.event_type if claims else "")
