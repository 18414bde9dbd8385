"""The bytes that a browser sends."""

from collections.abc import Mapping
from zlib import crc32

ORIGIN = "https://booking.example.test"

BROWSERS = 1000
"""How many different ones ask: what one sends differs from what others send, as it does on a public page."""

HEADERS = {
    "Host": "127.0.0.1",
    "Accept": "application/json",
    "Accept-Language": "en-GB,en;q=0.7,de;q=0.3",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Referer": f"{ORIGIN}/",
    "Origin": ORIGIN,
    "DNT": "1",
    "Connection": "keep-alive",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "cross-site",
    "Priority": "u=4",
}


def agent(browser: int) -> str:
    """One of `BROWSERS`."""
    return f"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0.{browser}"


def get(path: str, **changes: str) -> bytes:
    """`changes` are headers, with `_` for `-`."""
    return _request("GET", path, _browser(path) | _named(changes))


def post(path: str, body: bytes, **changes: str) -> bytes:
    own = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return _request("POST", path, _browser(path) | own | _named(changes)) + body


def _browser(path: str) -> dict[str, str]:
    """Whoever asks for this place; the same one each time."""
    return {"User-Agent": agent(crc32(path.encode()) % BROWSERS)} | HEADERS


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _request(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()
