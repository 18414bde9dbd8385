"""Who may tell us of bookings: the signature of a delivery, over its bytes as they came. Pure functions.

`Calendly-Webhook-Signature: t=<unix seconds>,v1=<hex>`, where `v1` is HMAC-SHA256 over the seconds, a dot and the body.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

HEADER = "Calendly-Webhook-Signature"

TOLERANCE = timedelta(minutes=3)
"""By which the time in a signature may differ from ours, as in Calendly's own examples."""

MOST = 4
"""Signatures in one header; as many are compared where there are fewer, or none."""

_LONGEST = 1024
"""Characters of a header that are looked at."""

_SECONDS = re.compile(r"[0-9]{1,12}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_DIGEST = "0" * 64


class Verdict(Enum):
    GENUINE = auto()
    STALE = auto()
    """Signed with a key of ours, but not now: each attempt of Calendly's is signed when it is made, so that this is a
    copy of one.
    """
    FORGED = auto()


@dataclass(frozen=True, slots=True)
class _Claim:
    seconds: str
    digests: tuple[str, ...]
    is_whole: bool


_NOTHING = _Claim("0", (), is_whole=False)


def verdict(header: str | None, body: bytes, keys: Sequence[bytes], now: datetime) -> Verdict:
    """Takes the same steps whatever is wrong, and each of the keys into account: the time it takes tells nothing.

    Raises `ValueError` without a key.
    """
    if not keys:
        raise ValueError("without a key nothing can be told from a forgery")
    claim = _claim(header)
    given = (claim.digests + (_NO_DIGEST,) * MOST)[:MOST]
    expected = [digest(key, claim.seconds, body) for key in keys]
    fits = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in given]
    if not claim.is_whole or not sum(fits):
        return Verdict.FORGED
    is_recent = abs(now.timestamp() - int(claim.seconds)) <= TOLERANCE.total_seconds()
    return Verdict.GENUINE if is_recent else Verdict.STALE


def digest(key: bytes, seconds: str, body: bytes) -> str:
    """64 hexadecimal digits: what stands in `v1`."""
    return hmac.new(key, seconds.encode() + b"." + body, "sha256").hexdigest()


def _claim(header: str | None) -> _Claim:
    """Schemes other than `v1` may stand beside it, for Calendly may have others one day."""
    parts = [part.strip().partition("=") for part in (header or "")[:_LONGEST].split(",")]
    seconds = [value for name, _, value in parts if name == "t"]
    digests = tuple(value for name, _, value in parts if name == "v1")
    is_whole = len(seconds) == 1 and 0 < len(digests) <= MOST
    if not is_whole or not all(map(_DIGEST.fullmatch, digests)) or not _SECONDS.fullmatch(seconds[0]):
        return _NOTHING
    return _Claim(seconds[0], digests, is_whole=True)
