"""What the headers of a request say of how it is to be answered."""

import re
from dataclasses import dataclass, replace
from typing import TypeAlias

from app.ready import Lines

Given: TypeAlias = dict[bytes, bytes]
"""The headers of a request, each once."""

MANY_BLOCKS = 2048
LONGEST_BLOCK = 2048
"""Bytes of the headers of one request, and how many such blocks are remembered in all."""

TAGS = b"\r\nIf-None-Match: "
PLAIN_TAGS = re.compile(rb'\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*')
"""The header as browsers spell it, or all of it in small letters, and what it may hold (RFC 9110, 13.1.2)."""


@dataclass(frozen=True, slots=True)
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

    def find(self, block: bytes) -> Wish | None:
        known = self._wishes.get(block)
        return known or self._conditional(block)

    def keep(self, block: bytes, wish: Wish) -> None:
        if wish.tags is not None:
            # A tag is hardly ever said twice; all else may be.
            block, tags = _without_tags(block)
            wish = replace(wish, tags=None)
            if not tags:
                return
        if len(block) > LONGEST_BLOCK or wish.request_id is not None:
            return
        if len(self._wishes) >= MANY_BLOCKS:
            del self._wishes[next(iter(self._wishes))]
        self._wishes[block] = wish

    def _conditional(self, block: bytes) -> Wish | None:
        """From a browser that asks for the first time whether what it has is still true."""
        rest, tags = _without_tags(block)
        known = self._wishes.get(rest) if tags else None
        return known and Wish(known.encoding, tags, known.request_id, known.cors)


def _without_tags(block: bytes) -> tuple[bytes, bytes]:
    """The block without the line that names tags, and the tags. The block as it is where they are not said, or not
    plainly.
    """
    begin = block.find(TAGS)
    if begin < 0:
        begin = block.find(TAGS.lower())
    end = block.find(b"\r\n", begin + len(TAGS))
    tags = block[begin + len(TAGS) : end]
    if begin < 0 or len(block) > LONGEST_BLOCK or not PLAIN_TAGS.fullmatch(tags):
        return block, b""
    return block[:begin] + block[end:], tags
