"""Whether what Calendly tells of may be an attempt of ours of which nobody knows yet what became."""

from dataclasses import dataclass
from datetime import datetime

from app.intents.ledger import Ledger
from app.intents.naming import NamesUnknownError, Naming
from app.intents.runner import Parts


@dataclass(frozen=True, slots=True)
class Underway:
    naming: Naming
    ledger: Ledger

    async def may_be(self, natural: Parts, event_type: str, start: datetime) -> bool:
        """Whether one with this natural key, or of this slot, was sent and is not settled.

        Where it may not be, it has been written down what there is to tell. True also where
        only another replica can read the names. Raises `StoreAwayError`.
        """
        try:
            names = await self.naming.names()
        except NamesUnknownError:
            return True
        return await self.ledger.is_underway(names.of(*natural), names.slot(event_type, start))
