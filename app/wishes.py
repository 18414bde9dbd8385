"""What the headers of a request say of how it is to be answered."""

from dataclasses import dataclass
from typing import TypeAlias

from app.ready import Lines

Given: TypeAlias = dict[bytes, bytes]
"""The headers of a request, each once."""

MANY_BLOCKS = 2048
LONGEST_BLOCK = 2048
"""Bytes of the headers of one request, and how many such blocks are remembered in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a request says of how it is to be answered. `tags`: those of answers that whoever asks has. `cors`: the
    headers that let a browser read the answer.
    """

    encoding: str
    tags: bytes | None
    request_id: bytes | None
    cors: Lines


class KnownBlocks:
    """What headers of plain requests say, by their bytes: from the line end before them to the empty line behind."""

    def __init__(self) -> None:
        self._wishes: dict[bytes, Wish] = {}
        self.find = self._wishes.get

    def keep(self, block: bytes, wish: Wish) -> None:
        # An id or a tag is hardly ever said twice.
        if len(block) > LONGEST_BLOCK or wish.request_id is not None or wish.tags is not None:
            return
        if len(self._wishes) >= MANY_BLOCKS:
            del self._wishes[next(iter(self._wishes))]
        self._wishes[block] = wish
