"""What the log hears of a call: operation, status, time and names of codes; never a URL, a token or
anybody's words.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from http import HTTPStatus

import structlog

from app.calendly.exchange import Trouble
from app.calendly.failures import AccessRefusedError, Refusal
from app.errors import AppError, UpstreamFailedError

TOLERATED_SKEW = timedelta(seconds=60)

log = structlog.get_logger()

_NAME = re.compile(r"[A-Za-z0-9_.\[\]]{1,80}", re.ASCII)
"""What may pass of Calendly's own text: names of codes and parameters, which hold no address and no
sentence.
"""


def report_attempt(operation: str, seconds: float, **outcome: str | int) -> None:
    """`outcome` is the status, or the trouble that kept us from a usable reply, or both."""
    log.info("calendly.call", operation=operation, duration_ms=round(seconds * 1000), **outcome)
    if outcome.get("trouble") == Trouble.UNTRUSTED.name.lower():
        log.error("calendly.untrusted", operation=operation)


def report_refusal(refusal: Refusal, failure: AppError) -> None:
    """Silent where the refusal is nobody's fault; an error where we, or our token, are wrong."""
    known = {"operation": refusal.operation, "status": refusal.status}
    if isinstance(failure, AccessRefusedError) and failure.may_be_for_a_host:
        # Somebody else may be asked: whoever finds nobody says so.
        log.warning("calendly.not_a_host", **known)
    elif isinstance(failure, AccessRefusedError):
        log.error("calendly.refused_us", **known, required_scopes=list(failure.required_scopes))
    elif _we_asked_wrongly(refusal, failure):
        parameters = (detail.parameter for detail in refusal.error.details or ())
        log.error(
            "calendly.refused_call",
            **known,
            codes=_names(refusal.error.codes()),
            parameters=_names(parameters),
        )


def report_skew(skew: timedelta) -> None:
    """An alarm where the clocks are so far apart that slots are shown which Calendly finds past."""
    if abs(skew) > TOLERATED_SKEW:
        log.error("calendly.clock_skewed", seconds=round(skew.total_seconds()))


def report_dropped(operation: str, dropped: int) -> None:
    """Items of a list that we could not read and left out."""
    log.warning("calendly.item_dropped", operation=operation, dropped=dropped)


def _we_asked_wrongly(refusal: Refusal, failure: AppError) -> bool:
    return isinstance(failure, UpstreamFailedError) and refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR


def _names(texts: Iterable[str | None]) -> list[str]:
    return [text for text in texts if text and _NAME.fullmatch(text)]
