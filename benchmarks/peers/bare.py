"""The ceiling: the very answer of the service, from an ASGI application that looks at nothing.

`BENCH_ANSWER` is a file with that answer as it came over the wire. uvicorn with
httptools and uvloop writes it, with all of its headers; the date is uvicorn's own.
It knows no paths, no origins, no tags: with a 304 in the file, all its answers are 304.
"""

import os
from pathlib import Path

from starlette.types import Receive, Scope, Send

_HEAD, _, BODY = Path(os.environ["BENCH_ANSWER"]).read_bytes().partition(b"\r\n\r\n")
_STATUS, *_LINES = _HEAD.split(b"\r\n")
STATUS = int(_STATUS.split()[1])
HEADERS = [
    (name.lower(), value.strip())
    for name, _, value in (line.partition(b":") for line in _LINES)
    if name.lower() not in {b"date", b"server", b"connection"}
]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": STATUS, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})
        return
    while True:
        message = await receive()
        kind = message["type"].removeprefix("lifespan.")
        await send({"type": f"lifespan.{kind}.complete"})
        if kind == "shutdown":
            return
