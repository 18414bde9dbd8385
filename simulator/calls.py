"""The log of what the simulator was asked. It never holds a token or another secret."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from simulator.forms import is_form, single_fields
from simulator.json_bodies import parse_json

SECRETS = frozenset({"client_secret", "code", "code_verifier", "refresh_token", "signing_key", "token"})
HIDDEN = "(hidden)"


class LoggedCall(Struct, kw_only=True, rename="camel"):
    """`status` is what the caller was sent: null while nothing was."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    user_agent: str | None
    at: str
    status: int | None = None


def readable(body: bytes, content_type: str) -> object:
    """A JSON or form body parsed, any other as text; null for none."""
    if not body:
        return None
    if is_form(content_type):
        return _without_secrets(single_fields(body))
    try:
        parsed = parse_json(body)
    except ValueError:
        return body.decode(errors="replace")
    return _without_secrets(parsed) if isinstance(parsed, dict) else parsed


def _without_secrets(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: HIDDEN if name in SECRETS else value for name, value in fields.items()}


class CallLog:
    def __init__(self) -> None:
        self.items: list[LoggedCall] = []

    def add(self, call: LoggedCall) -> LoggedCall:
        self.items.append(call)
        return call

    def clear(self) -> None:
        self.items.clear()
