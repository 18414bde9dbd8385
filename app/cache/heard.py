"""What a process has heard of the news about one account, and what it has to tell others itself."""

from datetime import date


class Heard:
    """`generation`: the latest. A Redis that knows of none so late has lost some, and learns it with every step.

    `untold`: days that became untrue, of which Redis has not heard yet: what it has of them is not true. `doubts`: how
    often anything may have become untrue of which it has not heard: nothing that it has is to be trusted.
    """

    __slots__ = ("doubts", "generation", "untold")

    def __init__(self) -> None:
        self.generation = 0
        self.untold: set[date] = set()
        self.doubts = 0

    @property
    def is_all_told(self) -> bool:
        return not self.untold and not self.doubts

    def believes(self, day: date) -> bool:
        """What Redis has of it."""
        return not self.doubts and day not in self.untold
