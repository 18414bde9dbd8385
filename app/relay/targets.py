"""Where notices go, and what their names resolve to at the moment of an attempt."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

import httpx

from app.relay.networks import is_allowed, is_loopback

NAME_DIGITS = 12

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port -> addresses, best first. Raises `OSError` where there are none."""


class ForbiddenAddressError(Exception):
    """The name leads where no notice may go."""


@dataclass(frozen=True, slots=True)
class Target:
    """`name` is a digest of the URL, which may hold a secret of the receiver's; only `host` is ever shown."""

    url: str
    name: str
    host: str
    port: int
    secure: bool

    @classmethod
    def of(cls, url: str) -> Self:
        """Of a URL that the settings let pass."""
        parts = httpx.URL(url)
        secure = parts.scheme == "https"
        name = sha256(url.encode()).hexdigest()[:NAME_DIGITS]
        return cls(url, name, parts.raw_host.decode("ascii"), parts.port or (443 if secure else 80), secure)


async def addresses_of(target: Target, resolve: Resolve, *, private: bool) -> Sequence[str]:
    """All that its name resolves to now; to connect to anything else would be to trust a second answer.

    Raises `ForbiddenAddressError` where one of them may not be called: a name that leads to a public and to
    a private place is nobody's honest one. Raises `OSError` where it does not resolve.
    """
    found = await resolve(target.host, target.port)
    if not found:
        raise OSError("no address")
    if not all(is_allowed(each, private=private) for each in found):
        raise ForbiddenAddressError
    if not target.secure and not all(map(is_loopback, found)):
        raise ForbiddenAddressError
    return found
