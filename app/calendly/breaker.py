"""Keeps reads of the catalogue and of free times away from a Calendly that does not answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog

from app.calendly.call import Call
from app.calendly.circuit import Circuit, State, Verdict
from app.calendly.exchange import Trouble
from app.errors import UpstreamBusyError

WATCHED = frozenset(
    {
        "get_current_user",
        "get_event_type",
        "list_event_types",
        "list_event_type_available_times",
        "list_locations",
    }
)
"""What older answers may stand in for. What becomes of a booking has to be tried whatever others met with."""

_OF_ONE_ANSWER = frozenset({Trouble.OVERSIZED, Trouble.UNKNOWN_SHAPE})
"""Which Calendly did give."""

log = structlog.get_logger()


class Trial:
    """One attempt, and what it says of Calendly: nothing, as long as it is not told otherwise."""

    def __init__(self) -> None:
        self.verdict = Verdict.NOTHING

    def answered(self, status: int) -> None:
        self.verdict = Verdict.FAILED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Verdict.ANSWERED

    def failed(self, trouble: Trouble) -> None:
        if trouble in _OF_ONE_ANSWER:
            self.verdict = Verdict.ANSWERED
        elif trouble is not Trouble.CROWDED:
            self.verdict = Verdict.FAILED


class Breaker:
    """Of one account, in one process."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._circuit = Circuit(monotonic, _report)

    @property
    def state(self) -> State:
        return self._circuit.state

    @property
    def is_failing(self) -> bool:
        """What was last heard of Calendly is that it does not answer."""
        return self._circuit.is_failing

    def is_open_to(self, call: Call[Any]) -> bool:
        return call.operation not in WATCHED or self._circuit.wait() <= 0

    def require(self, call: Call[Any]) -> None:
        """Raises `UpstreamBusyError` where the call is to be kept back: at once, with the time to wait."""
        if not self.is_open_to(call):
            wait = max(ceil(self._circuit.wait()), 1)
            raise UpstreamBusyError(detail="Calendly has not answered lately.", retry_after=wait)

    @contextmanager
    def trying(self, call: Call[Any]) -> Iterator[Trial]:
        """One attempt at the call. Raises as `require` does."""
        self.require(call)
        trial = Trial()
        if call.operation not in WATCHED:
            yield trial
            return
        era = self._circuit.begin()
        try:
            yield trial
        finally:
            self._circuit.end(era, trial.verdict)


def _report(state: State) -> None:
    log.warning("calendly.breaker_changed", state=state.value)
