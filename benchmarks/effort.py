"""How long to measure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """`seconds` of load for each contender in each round, never fewer than `least` nor more than `most` requests."""

    rounds: int
    seconds: float
    keys: int
    least: int
    most: int
    trials: int
    """Bookings, and other things that are tried one by one."""
    minutes: float
    """For viewers to come and go."""

    def requests(self, cost: float) -> int:
        """How many, where one takes so many seconds."""
        return max(self.least, min(self.most, round(self.seconds / cost)))


FULL = Effort(rounds=6, seconds=1.5, keys=10_000, least=256, most=60_000, trials=100, minutes=0.5)
QUICK = Effort(rounds=5, seconds=0.3, keys=1_000, least=128, most=10_000, trials=10, minutes=0.15)
