"""One control call as its act sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.state import State
from simulator.wire import Wire


class ControlError(Exception):
    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCall:
    state: State
    wire: Wire
    body: Mapping[str, Any]
    path: Mapping[str, str]


Act = Callable[[ControlCall], object]
