"""One request and its reply, once: no retry, no opinion on the status, nothing of httpx in the result."""

import ssl
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

import httpx

from app.calendly.options import Deadline, TransportOptions


class Trouble(Enum):
    """What kept us from a usable reply."""

    UNREACHABLE = auto()
    CONNECT_TIMED_OUT = auto()
    UNTRUSTED = auto()
    CROWDED = auto()
    WITHHELD = auto()
    TIMED_OUT = auto()
    BROKEN = auto()
    OVERSIZED = auto()
    MALFORMED = auto()
    NOT_JSON = auto()
    UNKNOWN_SHAPE = auto()


UNSENT = frozenset(
    {
        Trouble.UNREACHABLE,
        Trouble.CONNECT_TIMED_OUT,
        Trouble.UNTRUSTED,
        Trouble.CROWDED,
        Trouble.WITHHELD,
    }
)
"""Not a byte of the request has left us: the connection it needed was never there, or we kept it back."""

_TROUBLE_BY_ERROR: tuple[tuple[type[httpx.HTTPError], Trouble], ...] = (
    (httpx.ConnectTimeout, Trouble.CONNECT_TIMED_OUT),
    (httpx.PoolTimeout, Trouble.CROWDED),
    (httpx.ConnectError, Trouble.UNREACHABLE),
    (httpx.TimeoutException, Trouble.TIMED_OUT),
    (httpx.HTTPError, Trouble.BROKEN),
)


class ReplyError(Exception):
    """There is no reply of any use, for a reason of our own finding."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.name)
        self.trouble = trouble


def instant_from(text: str) -> datetime | None:
    """An HTTP date, in any of the forms that RFC 9110 has; None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` has lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return media_type == "application/json"


class Unpacking:
    """A body as it arrives, plain or in one layer of gzip, and never more of it than `limit` bytes.

    Our own rather than the HTTP client's, which would unpack whole chunks before anyone could count,
    and as many layers as the reply claims: a kilobyte may hold a gigabyte.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        if encoding not in {"", "identity", "gzip"}:
            raise ReplyError(Trouble.BROKEN)
        self._inflater = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        self._limit = limit
        self._taken = 0
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        self._taken += len(chunk)
        try:
            self._body += self._inflater.decompress(chunk, self._room()) if self._inflater else chunk
        except zlib.error as error:
            raise ReplyError(Trouble.BROKEN) from error
        if max(self._taken, len(self._body)) > self._limit:
            raise ReplyError(Trouble.OVERSIZED)

    def end(self) -> bytes:
        if self._inflater and self._taken and not self._inflater.eof:
            raise ReplyError(Trouble.BROKEN)
        return bytes(self._body)

    def _room(self) -> int:
        """One byte more than fits, to see that it does not fit; never 0, which zlib takes for "no limit"."""
        return self._limit - len(self._body) + 1


def timeouts(options: TransportOptions, deadline: Deadline) -> dict[str, dict[str, float]]:
    """As an extension of a request, in seconds."""
    left = deadline.left()
    return {
        "timeout": {
            "connect": min(left, options.connect_timeout.total_seconds()),
            "read": left,
            "write": left,
            "pool": min(left, options.pool_timeout.total_seconds()),
        }
    }


async def exchange(
    pool: httpx.AsyncBaseTransport, request: httpx.Request, deadline: Deadline, limit: int
) -> Reply:
    """Raises `httpx.HTTPError` or `ReplyError`; `trouble_of` says what either means."""
    response = await pool.handle_async_request(request)
    try:
        unpacking = Unpacking(response.headers.get("content-encoding", "").strip().lower(), limit)
        async for chunk in response.aiter_raw():
            unpacking.feed(chunk)
            if deadline.over():
                raise ReplyError(Trouble.TIMED_OUT)
        return Reply(response.status_code, dict(response.headers), unpacking.end())
    finally:
        await response.aclose()


def trouble_of(error: httpx.HTTPError | ReplyError) -> Trouble:
    if isinstance(error, ReplyError):
        return error.trouble
    if _is_about_a_certificate(error):
        return Trouble.UNTRUSTED
    return next(trouble for kind, trouble in _TROUBLE_BY_ERROR if isinstance(error, kind))


def _is_about_a_certificate(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
