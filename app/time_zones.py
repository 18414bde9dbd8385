"""Which time zone names we take: those of the tzdata package and no other.

`ZoneInfo` itself is no judge: it opens whatever file a name leads to, and
fails in several ways. A name is looked up here before it gets that far.
"""

from functools import cache
from importlib.resources import files
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

_NOT_PLACES = frozenset({"Factory"})
"""Stands in the list, and means that nobody has set a zone."""

LONGEST_NAME = 64
"""Characters; the longest name in use has 32."""


@cache
def time_zones() -> frozenset[str]:
    """Every name we take, exactly as it is written. The list is read on the first call."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii")
    return frozenset(listed.split()) - _NOT_PLACES


def zone(name: str) -> ZoneInfo:
    """Raise `ValueError` for a name that is not in `time_zones()`: wrong case, `posix/…`, `localtime`."""
    if name not in time_zones():
        raise ValueError("unknown time zone")
    return ZoneInfo(name)


def _known(name: str) -> str:
    if name not in time_zones():
        raise PydanticCustomError("time_zone_unknown", "This is not the name of a time zone.")
    return name


TimeZoneName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_NAME,
        description="An IANA time zone name, written exactly as in the time zone database.",
        examples=["Europe/Berlin"],
    ),
    AfterValidator(_known),
]
"""A name that `zone` takes. The error has the type `time_zone_unknown` and does not repeat the input."""
