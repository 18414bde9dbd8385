"""Bad days on demand: which call shall go wrong, how, and how often."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Kind = Literal[
    "status",
    "delay",
    "drip",
    "reset",
    "truncate",
    "html",
    "commit_then_hang",
    "commit_then_reset",
    "commit_then_status",
]
Seconds = Annotated[float, Meta(ge=0)]


class Match(Struct, frozen=True, forbid_unknown_fields=True):
    """Absent means any. `path` is a regular expression, looked for anywhere in the path."""

    method: str | None = None
    path: str | None = None

    def __post_init__(self) -> None:
        if self.path is not None:
            try:
                re.compile(self.path)
            except re.error as error:
                raise ValueError(f"path is not a regular expression: {error}") from error

    def fits(self, method: str, path: str) -> bool:
        return self.method in {None, method} and (self.path is None or bool(re.search(self.path, path)))


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`status`, `body` and `headers` say what is sent instead; an object as `body` is sent as JSON."""

    kind: Kind
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    body: dict[str, object] | list[object] | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: Seconds | None = None
    """`delay`: before the call is served. `drip`: between two bytes. `commit_then_hang`: of silence."""


class PlannedFault(Struct, kw_only=True, forbid_unknown_fields=True):
    fault: Fault
    match: Match = field(default_factory=Match)
    times: Annotated[int, Meta(ge=1)] = 1


class FaultPlan:
    """Faults in the order they were asked for; each is spent after its number of times."""

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []

    def add(self, planned: PlannedFault) -> None:
        self._planned.append(planned)

    def clear(self) -> None:
        self._planned.clear()

    def draw(self, method: str, path: str) -> Fault | None:
        for planned in self._planned:
            if planned.match.fits(method, path):
                planned.times -= 1
                if planned.times == 0:
                    self._planned.remove(planned)
                return planned.fault
        return None
