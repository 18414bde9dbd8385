"""What was found when somebody looked at an account's subscription, and when the next look is due."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from app.calendly.models import Instant
from app.store.state import StateStore
from app.webhooks import names
from app.webhooks.turns import LASTS, turn

EVERY = timedelta(hours=1)
"""Between two looks, whichever process takes them."""

AGAIN = timedelta(minutes=5)
"""After a look that Calendly did not answer, and while one that is wanted is not there."""

KEPT = timedelta(days=400)

LEAVING = timedelta(minutes=5)
"""For which a subscription is to stay away while its account is being disconnected. What was cut short in the middle of
that is undone then, if the account is still connected, or is again.
"""


class State(StrEnum):
    """From the worst to the best."""

    DISABLED = "disabled"
    """Nothing could be delivered for a day, and Calendly has given it up."""
    MISSING = "missing"
    UNKNOWN = "unknown"
    ACTIVE = "active"

    @property
    def rank(self) -> int:
        """The lower, the worse."""
        return list(State).index(self)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and since when it has been so. `wanted`: it is to be there; False where somebody has removed it,
    None where nobody has said either.
    """

    state: State
    since: Instant
    looked_at: Instant
    wanted: bool | None = None

    @property
    def due_at(self) -> datetime:
        return self.looked_at + (AGAIN if self.is_lost or self.state is State.UNKNOWN else EVERY)

    @property
    def is_lost(self) -> bool:
        return self.wanted is True and self.state in {State.DISABLED, State.MISSING}


async def forget_look(state: StateStore, account: str) -> None:
    """What was wanted of an account that has left: it begins anew when it comes again. Whoever looks meanwhile is let
    finish, for what that one notes is to be forgotten, too. Raises `StoreAwayError`.
    """
    async with turn(state, account, patience=LASTS):
        await state.remove(names.look(account))
