"""Addresses of stores: how they are spelt, and when two lead to the same place."""

import ipaddress
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator

EMBEDDED_STORE = "memory://"
"""No Redis: an embedded store in this process, gone when it ends and unseen by other processes."""

STORE_URL_HELP = (
    "must be memory://, redis://host:port/db, redis+cluster://host:port,host:port"
    " or redis+sentinel://host:port,host:port/master/db; with TLS: rediss"
)

_URL = re.compile(
    r"redis(?P<tls>s?)(?P<kind>(?:\+cluster|\+sentinel)?)://"
    r"(?:(?P<user>[^:/?#\s]*)(?::(?P<password>[^/?#\s]*))?@)?"
    r"(?P<servers>[^@/?#\s]+)(?P<path>[^?#\s]*)",
    re.ASCII,
)
_SERVER = re.compile(
    r"(?:\[(?P<ip6>[0-9a-f:.]{2,45})\]|(?P<host>[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?))(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII | re.IGNORECASE,
)


class Kind(Enum):
    SINGLE = ""
    CLUSTER = "+cluster"
    SENTINEL = "+sentinel"


_PORTS = {Kind.SINGLE: 6379, Kind.CLUSTER: 6379, Kind.SENTINEL: 26379}
"""Where each listens unless told otherwise."""

_NUMBERS = range(1, 65_536)
"""Of ports."""

_PATHS = {
    Kind.SINGLE: re.compile(r"(?:/(?P<database>[0-9]{0,4}))?", re.ASCII),
    Kind.CLUSTER: re.compile(r"/?"),
    Kind.SENTINEL: re.compile(r"/(?P<master>[A-Za-z0-9._-]{1,64})(?:/(?P<database>[0-9]{0,4}))?", re.ASCII),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """`servers` are the Redis itself, some nodes of a cluster, or the sentinels that know the `master`."""

    kind: Kind
    tls: bool
    servers: tuple[tuple[str, int], ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    master: str | None = None
    database: int = 0

    @classmethod
    def parsed(cls, url: str) -> "StoreAddress":
        """Raises `ValueError` with a text that repeats nothing of the URL: it may hold a password."""
        parts = _URL.fullmatch(url)
        if parts is None:
            raise ValueError(STORE_URL_HELP)
        kind = Kind(parts["kind"])
        path = _PATHS[kind].fullmatch(parts["path"])
        servers = tuple(_server(each, _PORTS[kind]) for each in parts["servers"].split(","))
        if path is None or (kind is Kind.SINGLE and len(servers) > 1):
            raise ValueError(STORE_URL_HELP)
        where = path.groupdict()
        return cls(
            kind=kind,
            tls=bool(parts["tls"]),
            servers=servers,
            user=unquote(parts["user"] or "") or None,
            password=unquote(parts["password"] or "") or None,
            master=where.get("master"),
            database=int(where.get("database") or 0),
        )

    def shares_a_database_with(self, other: "StoreAddress") -> bool:
        """A cluster has one database, and whoever names one of its nodes is in it."""
        if not {*self.servers} & {*other.servers}:
            return False
        if Kind.CLUSTER in {self.kind, other.kind}:
            return True
        return (self.master, self.database) == (other.master, other.database)


def _server(text: str, port: int) -> tuple[str, int]:
    parts = _SERVER.fullmatch(text)
    if parts is None:
        raise ValueError(STORE_URL_HELP)
    number = port if parts["port"] is None else int(parts["port"])
    if number not in _NUMBERS or not _is_ip6(parts["ip6"] or "::"):
        raise ValueError(STORE_URL_HELP)
    return (parts["ip6"] or parts["host"]).lower(), number


def _is_ip6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _store_url(value: str) -> str:
    url = value.strip()
    if url != EMBEDDED_STORE:
        StoreAddress.parsed(url)
    return url


StoreUrl = Annotated[str, AfterValidator(_store_url)]


def same_database(one: str, other: str) -> bool:
    """Of two store URLs, neither of them embedded."""
    return StoreAddress.parsed(one).shares_a_database_with(StoreAddress.parsed(other))
