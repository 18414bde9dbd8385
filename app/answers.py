"""Ready answers of this process, and of all: in memory, and in Redis for who has not made them."""

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import structlog

from app import API
from app.accounts.account import Account
from app.accounts.accounts import Accounts
from app.ready import Place, Ready, ReadyAnswers

LOOKED_EVERY = 2.0
"""Seconds between two looks whether what is old of an account can be read again, however many are given it."""

NAMED = re.compile(rf"{API}/event-types/([^/?%]+)/".encode())
"""Where a question about one event type says which. Escaped, the same name can be spelt in any number of ways."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer is made of: `versions` of the days of its accounts. To be taken before days are read."""

    accounts: Sequence[Account]
    versions: Sequence[int]

    @classmethod
    def of(cls, accounts: Collection[Account]) -> "Basis":
        kept = tuple(dict.fromkeys(accounts))
        return cls(kept, tuple(account.buckets.version for account in kept))

    @property
    def holds(self) -> bool:
        """Nothing of it has become untrue."""
        return all(
            version == account.buckets.version
            for account, version in zip(self.accounts, self.versions, strict=True)
        )


class SharedAnswers:
    """None of them outlives what it was made of: the buckets of its accounts know when that became untrue."""

    def __init__(
        self,
        memory: ReadyAnswers,
        accounts: Accounts,
        is_to_be_asked: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self.memory = memory
        self._accounts = accounts
        self.is_to_be_asked = is_to_be_asked
        self._clock = clock
        self.turn = 0
        """Counts up with every `forget`: what was begun under an earlier one may be about an account that has gone."""
        self._next_looks: dict[str, float] = {}
        """By the account (`time.monotonic()`)."""
        self._homes: dict[bytes, str] = {}
        """The accounts of event types, by the names under which they have been asked for here."""

    def keep(self, place: Place, ready: Ready, basis: Basis, turn: int) -> None:
        """`turn`: as it was before anybody looked whose it is. Where another has come, or something of it has become
        untrue meanwhile, keeps nothing.
        """
        if turn != self.turn or not basis.holds:
            return
        ready.accounts = tuple(account.access for account in basis.accounts)
        named = NAMED.match(place)
        if named:
            self._homes[named[1]] = ready.accounts[0]
        # No generation of one account speaks for what belongs to several.
        if not ready.is_marked and len(basis.accounts) == 1:
            # Whatever came since the basis was taken, has made nothing of it untrue.
            ready.generation = basis.accounts[0].buckets.generation
        self.memory.keep(place, ready)

    def look_again(self, ready: Ready) -> None:
        """Somebody is given an answer that is old in part: it is looked where that is due for one of its accounts."""
        if ready.look_again is None:
            return
        now = monotonic()
        for account in ready.accounts:
            if now >= self._next_looks.get(account, 0.0):
                self._next_looks |= dict.fromkeys(ready.accounts, now + LOOKED_EVERY)
                if not ready.look_again():
                    # It was read anew for somebody who asked for something else.
                    self.memory.drop_marked()
                return

    def offer(self, place: Place, ready: Ready) -> None:
        """To the other processes: it has been asked for again, and may be asked of them."""
        account = self._accounts.named(ready.accounts[0])
        if account is None or ready.generation is None:
            return
        if account.shelf.put(place, ready.stored(), ready.generation):
            ready.generation = None

    def bring(self, place: Place, tell: Callable[[Ready | None], None]) -> None:
        """What another process has made ready, and may be sent now; it is in memory from then on.

        `tell` is called once, later.
        """
        account = self._home_of(place)
        if account is None:
            asyncio.get_running_loop().call_soon(tell, None)
            return
        version, turn = account.buckets.version, self.turn

        def restore(stored: bytes) -> None:
            is_true = stored and account.buckets.version == version and self.turn == turn
            tell(self._restored(place, account, stored) if is_true else None)

        account.shelf.ask(place, restore)

    def _restored(self, place: Place, account: Account, stored: bytes) -> Ready | None:
        try:
            ready = Ready.restored(stored)
        except ValueError:
            log.warning("cache.entry_unreadable")
            return None
        if not ready.holds_at(self._clock()):
            # Not to be kept either: it would take the place of what was made here meanwhile.
            return None
        ready.accounts = (account.access,)
        self.memory.keep(place, ready)
        return ready

    def forget(self) -> None:
        """An account has come or gone: the same words may mean something else from now on."""
        self.turn += 1
        self._homes.clear()
        self._next_looks.clear()
        self.memory.clear()

    def _home_of(self, place: Place) -> Account | None:
        """Whose it is, where that is known without asking anybody."""
        only = self._accounts.only()
        if only is not None:
            return only
        named = NAMED.match(place)
        home = self._homes.get(named[1]) if named else None
        return self._accounts.named(home) if home else None
