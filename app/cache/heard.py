"""What a process has heard of the news about one account."""


class Heard:
    """`generation`: the latest. A Redis that knows of none so late has lost some, and learns it with every step."""

    __slots__ = ("generation",)

    def __init__(self) -> None:
        self.generation = 0
