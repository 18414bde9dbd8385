"""Nothing in a test run may talk to another machine: a connection that tries is refused and remembered."""

import ipaddress
import ssl
import sys
from typing import Any

NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Whom a client trusts that speaks no TLS: without this, each reads all authorities of the system."""

_strays: list[str] = []


def guard() -> None:
    """Holds for the rest of this process: an audit hook cannot be taken away."""
    sys.addaudithook(_watch)


def strays() -> list[str]:
    """Addresses that somebody tried to reach since the last time we were asked."""
    found = list(_strays)
    _strays.clear()
    return found


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in {"socket.connect", "socket.sendto"}:
        return
    address = arguments[1]
    if isinstance(address, tuple) and not _is_loopback(str(address[0])):
        _strays.append(str(address[0]))
        raise RuntimeError("a test tried to reach another machine")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
