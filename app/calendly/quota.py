"""What a call asks before it goes out, and tells when it is back: how much of a quota is left.

Who keeps the count is decided elsewhere; these are the words in which it is asked.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Purpose(Enum):
    """What a call is for. Where little is left, some purposes matter more than others."""

    RENEW = "renew"
    """Before anybody asks: worth a call only while hardly anybody else makes any."""

    CHECK = "check"
    """Worth a call only while there are plenty."""

    READ = "read"
    LOOKUP = "lookup"
    """What became of a booking."""

    CANCEL = "cancel"
    BOOK = "book"


VISITS = frozenset({Purpose.CHECK, Purpose.READ})
"""As many as there are visitors; all else hangs on a booking."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a reply says of the quota that Calendly keeps; None for what it does not say, or not sensibly."""

    limit: int | None
    remaining: int | None
    reset: int | None
    """Seconds until the window begins anew."""

    refused: bool
    """The reply was a 429."""


class Quota(Protocol):
    """Asked once for each request that is sent, a repeated one included."""

    async def admit(self, purpose: Purpose) -> str:
        """A permit for one request. Raises an `AppError` with `retry_after` where there is none to give."""
        ...

    async def give_back(self, purpose: Purpose, permit: str) -> None:
        """The request of this permit was provably not sent."""
        ...

    async def observe(self, purpose: Purpose, standing: Standing) -> None:
        """A reply has come."""
        ...


class Unlimited:
    """The quota of those who keep none."""

    async def admit(self, purpose: Purpose) -> str:
        return purpose.value

    async def give_back(self, purpose: Purpose, permit: str) -> None:
        pass

    async def observe(self, purpose: Purpose, standing: Standing) -> None:
        pass
