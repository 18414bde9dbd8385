"""Which addresses a notice may go to: what only this machine or its network can reach is no backend of anybody's."""

from typing import Any

import pytest

from app.relay.networks import is_allowed, is_loopback

PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
]

PRIVATE = {
    "10.0.0.1": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "100.64.0.1": "carrier's",
    "127.0.0.1": "loopback",
    "127.8.8.8": "loopback",
    "::1": "loopback, v6",
    "fd12:3456::1": "unique local",
    "::ffff:127.0.0.1": "loopback, mapped",
    "::ffff:10.0.0.1": "private, mapped",
    "64:ff9b::7f00:1": "loopback, NAT64",
    "64:ff9b::a00:1": "private, NAT64",
    "2002:a00:1::1": "private, 6to4",
}

NEVER = {
    "0": "nothing but a zero",
    ".".join("0000"): "unspecified",
    "0.1.2.3": "this network",
    "169.254.1.1": "link-local",
    "169.254.169.254": "metadata",
    "::ffff:169.254.169.254": "metadata, mapped",
    "::ffff:a9fe:a9fe": "metadata, mapped in hexadecimal",
    "64:ff9b::a9fe:a9fe": "metadata, NAT64",
    "2002:a9fe:a9fe::1": "metadata, 6to4",
    "100.100.100.200": "metadata of another cloud",
    "168.63.129.16": "what a third has for it",
    "fd00:ec2::254": "metadata, v6",
    "fd20:ce::254": "metadata of another, v6",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast of a network",
    "255.255.255.255": "broadcast",
    "240.0.0.1": "reserved",
    "::": "unspecified, v6",
    "::ffff:0:7f00:1": "loopback, translated",
    "::ffff:0:a9fe:a9fe": "metadata, translated",
    "::ffff:0:1.1.1.1": "a public one, translated",
    "::127.0.0.1": "loopback, in the early form",
    "::10.0.0.1": "private, in the early form",
    "fe80::1": "link-local, v6",
    "fe80::1%lo": "link-local with a zone",
    "fec0::1": "site-local",
    "ff02::1": "multicast, v6",
    "64:ff9b:1::a00:1": "somebody's own NAT64",
    "2001:0:7f00:1::": "Teredo",
    "192.88.99.1": "relay of 6to4",
    "2606:4700::5efe:7f00:1": "loopback, ISATAP",
    "2606:4700::200:5efe:a9fe:a9fe": "metadata, ISATAP",
    "fd12:3456::5efe:a00:1": "private, ISATAP",
    "2002:101:101::5efe:a00:1": "private, ISATAP by 6to4",
    "localhost": "a name",
    "": "nothing",
    "2130706433": "an address as one number",
    "0x7f.1": "an address in pieces",
    "010.0.0.1": "octal",
}


def named(table: dict[str, str]) -> list[Any]:
    return [pytest.param(address, id=name) for address, name in table.items()]


@pytest.mark.parametrize("address", PUBLIC)
def test_what_everybody_can_reach_may_be_called(address: str) -> None:
    assert is_allowed(address, private=False)
    assert is_allowed(address, private=True)


@pytest.mark.parametrize("address", named(PRIVATE))
def test_what_is_private_may_be_called_only_where_an_operator_says_so(address: str) -> None:
    assert not is_allowed(address, private=False)
    assert is_allowed(address, private=True)


@pytest.mark.parametrize("address", named(NEVER))
def test_some_may_never_be_called(address: str) -> None:
    assert not is_allowed(address, private=False)
    assert not is_allowed(address, private=True)


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("localhost", False),
    ],
)
def test_loopback_is_this_machine_alone(address: str, *, loopback: bool) -> None:
    assert is_loopback(address) is loopback
