"""A request straight to the application, without an HTTP client: for tests that make thousands."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True)
class Asked:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


async def ask(app: ASGIApp, method: str, path: str, token: str | None, body: bytes = b"") -> Asked:
    """With a bearer token where there is one, and JSON where there is a body."""
    headers = [(b"host", b"bff.example.test"), (b"user-agent", b"LinkScanner/1.0")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("bff.example.test", 80),
    }
    await app(scope, receive, send)
    return Asked(
        status=messages[0]["status"],
        headers=tuple((name.decode(), value.decode()) for name, value in messages[0]["headers"]),
        body=b"".join(message.get("body", b"") for message in messages[1:]),
    )
