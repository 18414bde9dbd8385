"""Bodies that somebody sends who means no booking: each refused, none repeated. `MARK` is in every one."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Json = dict[str, Any]

MARK = "zq7marker7qz"

BASE: Json = {
    "eventTypeId": "no-place",
    "start": "2027-01-04T03:07:00+01:00",
    "timeZone": "Europe/Berlin",
    "invitee": {"name": MARK, "email": "grace@example.test"},
}
"""Well-formed, but for a time that nobody offers: what is wrong with nothing else is refused for that."""

BIG = 1_000_000


def _with(pointer: str, value: object) -> bytes:
    body: Any = deepcopy(BASE)
    *parents, last = pointer.removeprefix("/").split("/")
    at = body
    for parent in parents:
        at = at.setdefault(parent, {})
    at[last] = value
    return json.dumps(body).encode()


def _raw(pointer: str, value: bytes) -> bytes:
    """Bytes that no writer of JSON would write."""
    return _with(pointer, "@@@").replace(b'"@@@"', value)


_MARKED = b'"' + MARK.encode() + b'"'

NOT_JSON = {
    "words": MARK.encode(),
    "html": f"<script>{MARK}</script>".encode(),
    "xml-entities": f'<!DOCTYPE a [<!ENTITY b "{MARK}">]><a>&b;</a>'.encode(),
    "form": f"eventTypeId={MARK}&start=now".encode(),
    "yaml": f"eventTypeId: {MARK}".encode(),
    "cut-short": json.dumps(BASE).encode()[:-1],
    "two-values": json.dumps(BASE).encode() * 2,
    "comment": b"/*" + json.dumps(BASE).encode() + b"*/",
    "comma-at-the-end": json.dumps(BASE).encode()[:-1] + b",}",
    "single-quotes": f"{{'eventTypeId': '{MARK}'}}".encode(),
    "utf-16": json.dumps(BASE).encode("utf-16"),
    "utf-32": json.dumps(BASE).encode("utf-32"),
    "byte-order-mark": b"\xef\xbb\xbf" + json.dumps(BASE).encode(),
    "latin-1": _raw("/invitee/name", b'"' + MARK.encode() + b'\xe4"'),
    "overlong-utf-8": _raw("/invitee/name", b'"' + MARK.encode() + b'\xc0\xaf"'),
    "surrogate-in-utf-8": _raw("/invitee/name", b'"' + MARK.encode() + b'\xed\xa0\x80"'),
    "null-byte": _raw("/invitee/name", b'"' + MARK.encode() + b'\x00"'),
    "raw-line-feed": _raw("/invitee/name", b'"' + MARK.encode() + b'\n"'),
    "bad-escape": _raw("/invitee/name", b'"' + MARK.encode() + rb'\x41"'),
    "half-escape": _raw("/invitee/name", b'"' + MARK.encode() + rb'\u12"'),
}

BEYOND_JSON = {
    "nan": _raw("/region", b"NaN"),
    "infinity": _raw("/region", b"Infinity"),
    "minus-infinity": _raw("/region", b"-Infinity"),
    "infinite-by-exponent": _raw("/region", b"1e999"),
    "undefined": _raw("/region", b"undefined"),
    "leading-zero": _raw("/region", b"007"),
    "hexadecimal": _raw("/region", b"0xff"),
    "lone-surrogate": _raw("/invitee/name", b'"' + MARK.encode() + rb'\ud800"'),
    "surrogates-swapped": _raw("/invitee/name", b'"' + MARK.encode() + rb'\udc00\ud800"'),
    "surrogate-as-name": _raw("/invitee/name", _MARKED).replace(b'"timeZone"', rb'"\ud800": 1, "timeZone"'),
    "same-name-twice": json.dumps(BASE).encode()[:-1] + b',"eventTypeId":"visit"}',
    "same-name-twice-deeper": _raw("/invitee", b'{"name":"a","name":' + _MARKED + b"}"),
    "digits-without-end": _raw("/region", b"9" * 5_000),
    "fraction-without-end": _raw("/region", b"0." + b"9" * 5_000),
    "deep-lists": _raw("/answers", b"[" * 30_000 + b"]" * 30_000),
    "deep-objects": _raw("/answers", b'{"a":' * 9_000 + b"1" + b"}" * 9_000),
    "deep-and-cut-short": _raw("/answers", b"[" * 60_000),
    "just-too-deep": _raw("/answers", b"[" * 20 + b"]" * 20),
}

WRONG_SHAPE = {
    "a-list": json.dumps([BASE]).encode(),
    "a-text": _MARKED,
    "a-list-of-nulls": json.dumps([None, MARK]).encode(),
    "prototype": _with("/__proto__", {"admin": MARK}),
    "constructor": _with("/constructor", {"prototype": {"admin": True}}),
    "python-class": _with("/invitee/__class__", MARK),
    "name-with-slash": _with(f"/invitee/{MARK}~1x", "x"),
    "name-is-html": _with(f"/<b>{MARK}<b>", "x"),
    "empty-name": _with("/", MARK),
    "invitee-is-a-list": _with("/invitee", [MARK]),
    "invitee-is-true": json.dumps({**BASE, "invitee": True, "eventTypeId": MARK}).encode(),
    "event-type-is-an-object": _with("/eventTypeId", {"$ne": None}),
    "event-type-is-a-list": _with("/eventTypeId", ["no-place"]),
    "event-type-is-a-number": _with("/eventTypeId", 1e308),
    "start-is-an-object": _with("/start", {"$gt": MARK}),
    "start-is-false": _raw("/start", b"false"),
    "zone-is-a-list": _with("/timeZone", ["Europe/Berlin"]),
    "email-is-an-object": _with("/invitee/email", {"a": MARK}),
    "guests-are-nested": _with("/guests", [[[MARK]]]),
    "answers-are-numbers": _with("/answers", [1, 2, 3]),
    "answer-value-is-an-object": _with("/answers", [{"questionId": "q", "value": {"a": MARK}}]),
    "answer-list-of-lists": _with("/answers", [{"questionId": "q", "value": [[MARK]]}]),
    "tracking-is-a-list": _with("/tracking", [MARK]),
    "location-is-a-list": _with("/location", [MARK]),
    "token-asked-for": _with("/token", f"${{CALENDLY_TOKEN}}{MARK}"),
}

TEMPTING_WORDS = {
    "template": "{{7*7}}" + MARK,
    "shell": f"$(touch {MARK})",
    "lookup": f"${{jndi:ldap://{MARK}.example.test/a}}",
    "sql": f"'; DROP TABLE {MARK};--",
    "html": f'"><img src=x onerror="{MARK}">',
    "format": "%s%n{0.__class__}" + MARK,
    "path": f"../../../../etc/{MARK}",
    "url": f"https://{MARK}.example.test/event_types/X",
    "header": f"{MARK}\r\nSet-Cookie: a=b",
    "null": f"{MARK}\u0000",
    "right-to-left": f"\u202e{MARK}",
    "many-accents": MARK + "\u0301" * 200,
    "long": MARK + "x" * 300,
}

PLACES = ("/eventTypeId", "/start", "/timeZone", "/invitee/email", "/region", "/formVersion")

TOO_LARGE = {
    "a-megabyte-of-words": _with("/invitee/name", MARK + "x" * BIG),
    "a-megabyte-of-blanks": json.dumps(BASE).encode() + b" " * BIG,
    "just-too-large": json.dumps(BASE).encode().ljust(64 * 1024 + 1),
}


def _hostile() -> Iterator[tuple[str, bytes]]:
    groups = {"not-json": NOT_JSON, "beyond": BEYOND_JSON, "shape": WRONG_SHAPE, "large": TOO_LARGE}
    for group, bodies in groups.items():
        for id_, body in bodies.items():
            yield f"{group}-{id_}", body
    for pointer in PLACES:
        for id_, words in TEMPTING_WORDS.items():
            yield f"words-{id_}-in{pointer}", _with(pointer, words)


HOSTILE_BODIES = dict(_hostile())
