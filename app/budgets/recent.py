"""What this process remembers by itself, for when the store is away."""

from collections.abc import Callable, Iterable
from itertools import takewhile

from app.budgets.claims import Gate


class Recent:
    """Permits of the last `span` seconds."""

    def __init__(self, span: float, monotonic: Callable[[], float]) -> None:
        self._span = span
        self._monotonic = monotonic
        self._given: dict[str, float] = {}  # oldest first

    def add(self, permit: str) -> None:
        now = self._monotonic()
        over = takewhile(lambda given: given[1] <= now - self._span, self._given.items())
        for old, _ in list(over):
            del self._given[old]
        self._given[permit] = now

    def remove(self, permit: str) -> None:
        self._given.pop(permit, None)

    def permits(self) -> set[str]:
        now = self._monotonic()
        return {permit for permit, given in self._given.items() if given > now - self._span}

    def count(self, oldest: float, newest: float = 0.0) -> int:
        """Of those given between so many seconds ago and so many."""
        now = self._monotonic()
        return sum(now - oldest < given <= now - newest for given in self._given.values())

    def wait(self, limit: int) -> float:
        """Seconds until there are fewer than `limit`."""
        now = self._monotonic()
        ages = sorted(now - given for given in self._given.values() if given > now - self._span)
        return self._span - ages[limit - 1] if len(ages) >= limit else 0.0


class Gates:
    """Those that are shut, and until when."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._shut_until: dict[Gate, float] = {}

    def shut(self, gate: Gate, seconds: float) -> None:
        until = self._monotonic() + seconds
        self._shut_until[gate] = max(until, self._shut_until.get(gate, until))

    def wait(self, gates: Iterable[Gate]) -> float:
        """Seconds until all of these are open."""
        latest = max((self._shut_until.get(gate, 0.0) for gate in gates), default=0.0)
        return max(latest - self._monotonic(), 0.0)

    def last(self, gates: Iterable[Gate]) -> Gate:
        """The one of these that opens last."""
        return max(gates, key=lambda gate: self._shut_until.get(gate, 0.0))


class Uncounted:
    """Permits that the count of all replicas lacks: given while it could not be asked, or before it was known
    whose quota it is. `sent`: all that this process gave.
    """

    def __init__(self, sent: Recent, account: Callable[[], str]) -> None:
        self._sent = sent
        self._account = account
        self._name = ""
        self._missing: set[str] = set()

    def add(self, permit: str) -> None:
        self._missing.add(permit)

    def permits(self) -> list[str]:
        """Those that are still worth counting."""
        name = self._account()
        if name != self._name:
            self._name, self._missing = name, self._sent.permits()
        elif self._missing:
            self._missing &= self._sent.permits()
        return [*self._missing]

    def counted(self, permits: Iterable[str], name: str) -> None:
        """Under this name. Where it became another one meanwhile, they are still to be counted."""
        if name == self._account():
            self._missing.difference_update(permits)
        else:
            self._missing.update(permits)
