"""Which addresses a notice may go to. Pure functions.

Whoever sets a target, or owns the name in it, must not get this service to call
what only this machine or its network can reach.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""

_SIX_TO_FOUR = ip_network("2002::/16")
"""RFC 3056: bytes three to six are an IPv4 address."""

_ISATAP = b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe"
"""RFC 5214: bytes nine to twelve, on any prefix, of what a tunnel delivers to the IPv4 address in the last four."""

_NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",  # link-local, and where most clouds tell machines their secrets
            "100.100.100.200/32",  # where another does
            "168.63.129.16/32",  # and another, in the middle of public addresses
            "192.0.0.0/24",
            "192.88.99.0/24",  # whoever is nearest of those that led on to 6to4 (RFC 7526)
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/96",  # but for loopback: unspecified, and an early way to write IPv4
            "::ffff:0:0:0/96",  # IPv4 for translators (RFC 7915): whose, and to where, cannot be known
            "64:ff9b:1::/48",  # NAT64 of somebody's own, in a form that cannot be known
            "fd00:ec2::/32",
            "fd20:ce::254/128",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
            "2001::/23",  # Teredo and others that lead elsewhere
        ),
    )
)
"""Refused even where private ones are allowed."""


def is_allowed(text: str, *, private: bool) -> bool:
    """`private`: this machine and private networks will do, too."""
    try:
        written = ip_address(text)
        address = _meant(written)
    except ValueError:
        return False
    if address.is_loopback:
        return private
    if any(address in network for network in _NEVER) or written.packed[8:12] in _ISATAP:
        return False
    return private or address.is_global


def is_loopback(text: str) -> bool:
    """False for what is no address."""
    try:
        return _meant(ip_address(text)).is_loopback
    except ValueError:
        return False


def _meant(address: Address) -> Address:
    """The IPv4 address that is written as an IPv6 one, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(address.packed[12:])
    if address in _SIX_TO_FOUR:
        return IPv4Address(address.packed[2:6])
    return address
