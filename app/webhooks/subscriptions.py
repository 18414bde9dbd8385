"""One account's subscription at Calendly: made, looked at, mended. Calendly cannot change one, nor wake one that it has
given up: both mean to delete it and to make another.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
import structlog
from pydantic import SecretStr

from app.calendly.failures import GrantLostError
from app.calendly.webhooks import NewWebhookSubscription, WebhookSubscription, WebhookSubscriptions
from app.errors import AppError, NotFoundError
from app.store.state import StateStore, StoreAwayError
from app.webhooks import names
from app.webhooks.deliveries import NOTED, Happened, id_in
from app.webhooks.looks import KEPT, LEAVING, Look, State
from app.webhooks.turns import LASTS, own_turn, turn

PATH = "/webhooks/calendly"
"""Where deliveries come, for the account that has no address of its own."""

EVENTS = [*map(str, Happened), *NOTED]

log = structlog.get_logger()


class Registered(StrEnum):
    UNCHANGED = "unchanged"
    MADE = "made"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Whose bookings are told of: Calendly's URIs, and what people call the account."""

    user: str
    organization: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """To where it is delivered, and what it is signed with; without a key, with that of the application.

    `by_itself`: it is wanted without anybody having registered it, as long as nobody has removed it.
    """

    url: str
    key: SecretStr | None
    by_itself: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`forget_all` is told whenever something may have happened that nobody was told of. `patience`: how long whoever
    changes something waits for its turn.
    """

    calls: WebhookSubscriptions
    subscriber: Callable[[], Awaitable[Subscriber]]
    wishes: Wishes
    forget_all: Callable[[], Awaitable[None]]
    state: StateStore
    clock: Callable[[], datetime]
    patience: timedelta = LASTS

    async def register(self, *, anew: bool = False) -> Registered:
        """Have one that is active and tells of all that we want to hear; `anew` also where there is, as for a new key.

        May be repeated. Raises `AddressTakenError` where the address has one that we may not see, and as `remove`.
        """
        async with self._turn():
            ours = await self._ours()
            if not anew and self._is_as_wanted(ours):
                await self._note(State.ACTIVE, wanted=True)
                return Registered.UNCHANGED
            await self._make_anew(ours)
            return Registered.REPLACED if ours else Registered.MADE

    async def listed(self) -> list[WebhookSubscription]:
        """All that this user has, those of others' services too."""
        who = await self.subscriber()
        return await self.calls.list_webhook_subscriptions(organization=who.organization, user=who.user)

    async def remove(self, *, leaving: bool = False) -> int:
        """How many there were. Whoever is making one meanwhile is let finish, so that it is removed as well.

        `leaving`: for the account is being disconnected, and not because nobody wants it.

        Raises `TurnTakenError` where somebody else is at it for too long, and `StoreAwayError`: it would not be known
        what is wanted.
        """
        async with self._turn():
            ours = await self._ours()
            before = await self.known()
            # What an operator has removed stays away, whatever comes of the account.
            is_wanted = before is None or before.wanted is not False
            await self._note(State.MISSING, wanted=False, kept=LEAVING if leaving and is_wanted else KEPT)
            await self._delete(ours)
        return len(ours)

    async def mend(self) -> bool:
        """Make it anew where Calendly has given it up, or lost it. Whether there was something to mend.

        Raises as `remove`.
        """
        async with self._turn():
            return await self._mended()

    async def _mended(self) -> bool:
        ours = await self._ours()
        if self._is_as_wanted(ours):
            await self._note(State.ACTIVE, wanted=True)
            return False
        await self._make_anew(ours)
        return True

    async def ask(self) -> State:
        """How it is, by Calendly; nothing is noted."""
        return _state_of(await self._ours())

    async def look(self) -> Look:
        """As `ask`, noted for all processes; unknown where Calendly does not answer.

        Raises `GrantLostError` where nothing was noted before: the account may have left without this process knowing
        of it yet, and whoever connects it again is not to wait for the next look.
        """
        try:
            found = await self.ask()
        except AppError as error:
            if isinstance(error, GrantLostError) and await self.known() is None:
                raise
            log.warning("webhooks.subscription_unknown", error=error.code)
            found = State.UNKNOWN
        return await self._note(found)

    async def look_if_due(self) -> Look | None:
        """Once an hour by the clock, by one process for all; what was wanted and is not there is mended.

        None where it is not due, or somebody else is at it. Raises `StoreAwayError`, and an `AppError` as `look`, or
        where it could not be mended.
        """
        kept = await self.known()
        if kept is not None and self.clock() < kept.due_at and not self._is_wanted_by_now(kept):
            return None
        async with turn(self.state, await self._account()) as is_ours:
            return await self._looked_after(kept) if is_ours else None

    async def _looked_after(self, kept: Look | None) -> Look:
        found = await self.look()
        if found.is_lost:
            if kept is not None and kept.wanted:
                log.error("webhooks.subscription_lost", state=found.state)
            await self._mended()
        elif kept is not None and kept.is_lost and found.state is State.ACTIVE:
            # It was made all the same, though Calendly did not say so.
            await self.forget_all()
        return found

    async def known(self) -> Look | None:
        """What the last look found, whoever took it. Raises `StoreAwayError`, and `AppError` where nobody knows whose
        it would be.
        """
        raw = await self.state.get(names.look(await self._account()))
        try:
            return None if raw is None else msgspec.json.decode(raw, type=Look)
        except msgspec.DecodeError:
            return None

    async def seen(self) -> Look:
        """As `known`, and unknown where nothing is. Never fails."""
        try:
            found = await self.known()
        except (StoreAwayError, AppError):
            found = None
        now = self.clock()
        return found or Look(state=State.UNKNOWN, since=now, looked_at=now)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with own_turn(self.state, await self._account(), self.patience):
            yield

    async def _account(self) -> str:
        return id_in((await self.subscriber()).user)

    def _is_wanted_by_now(self, kept: Look) -> bool:
        """It was not when that look was taken: keys were set since."""
        return kept.wanted is None and self.wishes.by_itself

    async def _ours(self) -> list[WebhookSubscription]:
        return [each for each in await self.listed() if each.callback_url == self.wishes.url]

    def _is_as_wanted(self, ours: list[WebhookSubscription]) -> bool:
        return _state_of(ours) is State.ACTIVE and all(set(each.events) == set(EVENTS) for each in ours)

    async def _make_anew(self, ours: list[WebhookSubscription]) -> None:
        """If it goes wrong half-way, the next look mends it: that is due soon, for what is there may be gone by now.

        Calendly takes an address once, so that the old one has to go first.
        """
        await self._note(State.MISSING, wanted=True)
        await self._delete(ours)
        who, key = await self.subscriber(), self.wishes.key
        await self.calls.create_webhook_subscription(
            NewWebhookSubscription(
                url=self.wishes.url,
                events=EVENTS,
                organization=who.organization,
                user=who.user,
                signing_key=msgspec.UNSET if key is None else key.get_secret_value(),
            )
        )
        log.info("webhooks.subscription_made")
        await self._note(State.ACTIVE, wanted=True)
        # Nobody was told of what happened until now.
        await self.forget_all()

    async def _delete(self, ours: list[WebhookSubscription]) -> None:
        for each in ours:
            try:
                await self.calls.delete_webhook_subscription(self.calls.id_of(each))
            except NotFoundError:
                log.info("webhooks.subscription_gone")

    async def _note(self, state: State, *, wanted: bool | None = None, kept: timedelta = KEPT) -> Look:
        """A store that is away costs no more than the note. Where it does not tell what is wanted, nothing is noted:
        somebody may have removed it.
        """
        now, before = self.clock(), None
        try:
            before = await self.known()
        except StoreAwayError:
            if wanted is None:
                return Look(state=state, since=now, looked_at=now)
        if wanted is None:
            wanted = before.wanted if before else None
        is_same = before is not None and before.state is state
        look = Look(
            state=state,
            since=before.since if before and is_same else now,
            looked_at=now,
            wanted=(self.wishes.by_itself or None) if wanted is None else wanted,
        )
        try:
            await self.state.put(names.look(await self._account()), msgspec.json.encode(look), kept)
        except StoreAwayError:
            log.warning("webhooks.look_unsaved")
        return look


def _state_of(ours: list[WebhookSubscription]) -> State:
    """One of several is enough: each delivery counts once."""
    if not ours:
        return State.MISSING
    return State.ACTIVE if any(each.state == "active" for each in ours) else State.DISABLED
