"""Which addresses are Calendly's: the one origin our token may go to, and the ids in its URIs."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import httpx

from app.errors import NotFoundError, UpstreamFailedError

SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""Calendly's ids: sixteen letters or an RFC 4122 UUID, and opaque to us. Nothing in it can leave its path
segment.
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port as the HTTP client itself understands them."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError` for anything but a bare origin, and for plain HTTP beyond this machine."""
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL as error:
            raise ValueError("Calendly's address is not a URL") from error
        bare = url.raw_path == b"/" and not url.userinfo and not url.fragment
        if url.scheme not in {"http", "https"} or not url.host or not bare:
            raise ValueError("Calendly's address must be scheme, host and port only")
        if url.scheme != "https" and not _is_loopback(url.host):
            raise ValueError("Calendly's address must be https, unless it is this machine")
        return cls(url.scheme, url.host, url.port)

    def url(self, path: str, params: Mapping[str, str]) -> httpx.URL:
        return httpx.URL(scheme=self.scheme, host=self.host, port=self.port, path=path, params=params)

    def owns(self, url: httpx.URL) -> bool:
        return (url.scheme, url.host, url.port) == (self.scheme, self.host, self.port) and not url.userinfo


def own_url(origin: Origin, uri: str) -> httpx.URL:
    """A URI from a reply, parsed. Raises `UpstreamFailedError` when it is not on our origin.

    No reply decides where our token goes.
    """
    try:
        url = httpx.URL(uri)
    except httpx.InvalidURL as error:
        raise UpstreamFailedError(detail="A reply holds an address that is none.") from error
    if not origin.owns(url):
        raise UpstreamFailedError(detail="A reply points to another host.")
    return url


@lru_cache(maxsize=256)
def id_from(origin: Origin, uri: str) -> str:
    """The id at the end of a URI of Calendly's; a browser gets to see nothing else of it. Remembered, for a booking
    asks for the same few again and again.

    Raises `UpstreamFailedError` when the URI is on another host or ends in no id.
    """
    last = own_url(origin, uri).path.rpartition("/")[2]
    if not SEGMENT.fullmatch(last):
        raise UpstreamFailedError(detail="A reply holds an address without an id.")
    return last


def segment(value: str) -> str:
    """`value`, fit for a path. Raises `NotFoundError` for what cannot be an id, so that no call is
    spent on it.
    """
    if not SEGMENT.fullmatch(value):
        raise NotFoundError
    return value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
