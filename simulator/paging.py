"""Calendly's pages: opaque tokens that belong to one query, and full URLs to the neighbours."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import urlencode

from simulator.call import Call
from simulator.errors import invalid_parameter

T = TypeVar("T")

DEFAULT_COUNT = 20
MAX_COUNT = 100
COUNT = re.compile(r"[1-9][0-9]?|100")
PAGING = frozenset({"count", "page_token"})


def page(call: Call, path: str, items: Sequence[T], draw: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
    """One page of `items` as `{collection, pagination}`. Raises 400 for a bad `count` or a foreign token."""
    count = _count(call)
    offset = _offset(call)
    shown = items[offset : offset + count]
    after = offset + count if offset + count < len(items) else None
    before = max(0, offset - count) if offset else None
    return {
        "collection": [draw(item) for item in shown],
        "pagination": {
            "count": len(shown),
            "next_page": _url(call, path, after),
            "previous_page": _url(call, path, before),
            "next_page_token": _token(call, after),
            "previous_page_token": _token(call, before),
        },
    }


def _count(call: Call) -> int:
    text = call.query.get("count", str(DEFAULT_COUNT))
    if not COUNT.fullmatch(text):
        raise invalid_parameter("count", f"must be between 1 and {MAX_COUNT}")
    return int(text)


def _filters(call: Call) -> dict[str, str]:
    return {name: value for name, value in sorted(call.query.items()) if name not in PAGING}


def _token(call: Call, offset: int | None) -> str | None:
    if offset is None:
        return None
    return urlsafe_b64encode(f"{offset}.{_fingerprint(call)}".encode()).decode().rstrip("=")


def _fingerprint(call: Call) -> str:
    return sha256(urlencode(_filters(call)).encode()).hexdigest()[:16]


def _offset(call: Call) -> int:
    token = call.query.get("page_token")
    if token is None:
        return 0
    try:
        text = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except ValueError:
        text = ""
    offset, _, fingerprint = text.partition(".")
    if fingerprint != _fingerprint(call) or not offset.isdecimal():
        raise invalid_parameter("page_token", "is invalid")
    return int(offset)


def _url(call: Call, path: str, offset: int | None) -> str | None:
    token = _token(call, offset)
    if token is None:
        return None
    query = _filters(call) | {"count": str(_count(call)), "page_token": token}
    return f"{call.base}{path}?{urlencode(query)}"
