"""Deliveries that nobody should believe, made of one that is genuine."""

import hmac
import json
from collections.abc import Iterator, Mapping

from tests.support.hooks import KEY
from tests.support.simulation import Json

Forgery = tuple[str, bytes, str | None]
"""Name, body and header."""


def forgeries(body: bytes, header: str) -> Iterator[Forgery]:
    """Fifty of them."""
    time, _, digest = header.partition(",")
    seconds = int(time.removeprefix("t="))
    yield "unsigned", body, None
    for name, text in _headers(time, digest, header).items():
        yield name, body, text
    for name, other in _bodies(json.loads(body), len(body)).items():
        yield name, other.encode(), header
    for name, key in {"another's key": "simulator-forgers-key", "key with a newline": KEY + "\n"}.items():
        yield name, body, signature_with(key, body, seconds)


def signature_with(key: str, body: bytes, seconds: int) -> str:
    return f"t={seconds},v1={hmac.new(key.encode(), f'{seconds}.'.encode() + body, 'sha256').hexdigest()}"


def _headers(time: str, digest: str, header: str) -> Mapping[str, str]:
    """Beside the genuine body."""
    value, seconds = digest.removeprefix("v1="), int(time.removeprefix("t="))
    odd = {
        "empty": "",
        "blank": " ",
        "words": "genuine",
        "commas": ",,,,",
        "no time": digest,
        "no signature": time,
        "no scheme": f"{time},{value}",
        "another scheme": f"{time},v0={value}",
        "a later scheme": f"{time},v2={value}",
        "two times": f"{time},{time},{digest}",
        "signature and zeros": f"{time},v1={'0' * 64}",
        "empty signature": f"{time},v1=",
        "capitals": f"{time},v1={value.upper()}",
        "backwards": f"{time},v1={value[::-1]}",
        "base64": f"{time},v1={value[:43]}=",
        "SHA-1": f"{time},v1={value[:40]}",
        "SHA-512": f"{time},v1={value * 2}",
        "semicolons": header.replace(",", ";"),
        "no comma": header.replace(",", ""),
        "quotes": f'"{header}"',
        "a list": f"[{header}]",
        "five signatures": f"{time},{','.join([digest] * 5)}",
    }
    shifted = {f"time {shift:+}": f"t={seconds + shift},{digest}" for shift in (-1, 1, 60, -60, 3600, -3600)}
    changed = {
        f"digit {first}": f"{time},v1={value[:first]}{'1' if value[first] == '0' else '0'}{value[first + 1 :]}"
        for first in range(0, 64, 8)
    }
    return odd | shifted | changed


def _bodies(message: Json, length: int) -> Mapping[str, str]:
    """Beside the genuine header. `length`: of the body that it belongs to."""
    return {
        "compact": json.dumps(message, separators=(",", ":")),
        "indented": json.dumps(message, indent=1),
        "sorted": json.dumps(message, sort_keys=True),
        "the opposite": json.dumps(message | {"event": "invitee.canceled"}),
        "another time": json.dumps(message | {"created_at": "2026-11-23T06:00:01.000000Z"}),
        "a newline more": json.dumps(message) + "\n",
        "a field more": json.dumps(message | {"x": 1}),
        "a field twice": json.dumps(message)[:-1] + ', "event": "invitee.canceled"}',
        "nothing": "",
        "an empty object": "{}",
        "half of it": json.dumps(message)[: length // 2],
    }
