"""Ids for what Calendly gives none."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator


def numbered(names: Iterable[str], *, from_one: Container[str] = ()) -> Iterator[str]:
    """Each name as it is, the second of the same name as `…-2`; those of `from_one` begin with `…-1`."""
    seen = Counter[str]()
    for name in names:
        seen[name] += 1
        plain = seen[name] == 1 and name not in from_one
        yield name if plain else f"{name}-{seen[name]}"
