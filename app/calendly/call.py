"""A call as the client words it, and what became of one attempt at it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Generic, TypeVar

from app.calendly.exchange import Reply, ReplyError, Trouble
from app.calendly.failures import Refusal, failure_from, failure_of
from app.calendly.quota import Purpose
from app.calendly.waits import LONGEST_WAIT, asked_wait
from app.calendly.wire import MalformedBodyError, UnknownShapeError
from app.errors import AppError

T = TypeVar("T")

_REPEATABLE_STATUSES = frozenset({500, 502, 503, 504})
_REPEATABLE_WRITES = frozenset({Trouble.UNREACHABLE, Trouble.CONNECT_TIMED_OUT, Trouble.CROWDED})
"""Those of which not a byte was sent, and where a second attempt may find what the first did not."""

_REPEATABLE_READS = _REPEATABLE_WRITES | {Trouble.BROKEN, Trouble.MALFORMED}


def always() -> bool:
    """May it be sent? Yes."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """What to ask and how to read the answer. With a `body` it is a POST, and a write; so is what `deletes`, whose
    answer is empty.
    """

    operation: str
    path: str
    decode: Callable[[bytes], T]
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    deletes: bool = False
    purpose: Purpose = Purpose.READ
    may_send: Callable[[], bool] = always
    """Asked of a write on every attempt, just before its first byte would be sent."""

    @property
    def is_write(self) -> bool:
        return self.deletes or self.body is not None

    @property
    def method(self) -> str:
        if self.deletes:
            return "DELETE"
        return "GET" if self.body is None else "POST"


class SetbackError(Exception):
    """One attempt failed: with what, if it is left at that, whether another may do better, and after
    how many seconds.
    """

    def __init__(self, failure: AppError, *, repeatable: bool, asked_wait: int | None = None) -> None:
        super().__init__(type(failure).__name__)
        self.failure = failure
        self.repeatable = repeatable
        self.asked_wait = asked_wait


def value_of(call: Call[T], reply: Reply) -> T:
    """What a successful reply holds. Raises `ReplyError`, also for HTML that calls itself a success."""
    if not call.deletes and not reply.is_json:
        raise ReplyError(Trouble.NOT_JSON)
    try:
        return call.decode(reply.body)
    except MalformedBodyError as error:
        raise ReplyError(Trouble.MALFORMED) from error
    except UnknownShapeError as error:
        raise ReplyError(Trouble.UNKNOWN_SHAPE) from error


def is_success(reply: Reply) -> bool:
    return HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES


def setback_of(call: Call[T], trouble: Trouble) -> SetbackError:
    repeatable = trouble in (_REPEATABLE_WRITES if call.is_write else _REPEATABLE_READS)
    return SetbackError(failure_of(trouble, is_write=call.is_write), repeatable=repeatable)


def setback_from(refusal: Refusal) -> SetbackError:
    return SetbackError(
        failure_from(refusal),
        repeatable=refusal.status in _REPEATABLE_STATUSES and not refusal.is_write,
        asked_wait=asked_wait(refusal.reply.headers, refusal.now, LONGEST_WAIT),
    )
