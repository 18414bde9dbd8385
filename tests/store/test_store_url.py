"""Addresses of stores: what each says, what is none, and which are one place."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store_url import Kind, StoreAddress, same_database

REFUSED = {
    "nothing": "",
    "another scheme": "http://marker.test:6379",
    "capitals in the scheme": "REDIS://marker.test",
    "another kind": "redis+proxy://marker.test",
    "no host": "redis+cluster://",
    "an empty host among others": "redis+cluster://marker.test:1,,b.test:2",
    "a comma at the end": "redis+cluster://marker.test:1,",
    "two hosts of one Redis": "redis://marker.test,b.test/0",
    "port 0": "redis+cluster://marker.test:0",
    "port 65536": "redis+cluster://marker.test:65536",
    "an empty port": "redis+cluster://marker.test:",
    "a word for a port": "redis+cluster://marker.test:port",
    "other digits for a port": "redis+cluster://marker.test:\u0661",
    "a blank in a host": "redis+cluster://marker test:1",
    "a line break in a host": "redis+cluster://marker\n.test:1",
    "a host that ends in a dash": "redis+cluster://marker-:1",
    "a host of odd characters": "redis+cluster://mar*ker.test:1",
    "half an IPv6 address": "redis+cluster://[::1:7000",
    "no IPv6 address": "redis+cluster://[::marker]:7000",
    "IPv6 that is shortened twice": "redis+cluster://[1::2::3]:7000",
    "IPv6 without brackets": "redis://::1:7000",
    "a database of a cluster": "redis+cluster://marker.test/1",
    "a query": "redis+cluster://marker.test?ssl_cert_reqs=none",
    "a fragment": "redis+sentinel://marker.test/main#1",
    "sentinels of nobody": "redis+sentinel://marker.test",
    "sentinels of nobody, with a slash": "redis+sentinel://marker.test/",
    "a master of odd characters": "redis+sentinel://marker.test/ma%20in/0",
    "a master of 65 characters": f"redis+sentinel://marker.test/{'m' * 65}",
    "a word for a database": "redis+sentinel://marker.test/main/zero",
    "two databases": "redis+sentinel://marker.test/main/0/1",
}

ONE_PLACE = {
    "a Redis": ("redis://a.test", "redis://ada:pw@A.test:6379/0"),
    "a Redis, with TLS": ("redis://a.test", "rediss://a.test"),
    "a cluster": ("redis+cluster://a.test", "redis+cluster://a.test"),
    "a cluster by one of its nodes": ("redis+cluster://a.test,b.test", "rediss+cluster://c.test,b.test:6379"),
    "a cluster and one of its nodes": ("redis+cluster://a.test,b.test", "redis://b.test/3"),
    "a master": ("redis+sentinel://a.test,b.test/main", "redis+sentinel://b.test:26379/main/0"),
}

TWO_PLACES = {
    "two clusters": ("redis+cluster://a.test,b.test", "redis+cluster://c.test,d.test"),
    "two clusters on one machine": ("redis+cluster://a.test:7000", "redis+cluster://a.test:7001"),
    "two masters": ("redis+sentinel://a.test/cache", "redis+sentinel://a.test/state"),
    "two databases of a master": ("redis+sentinel://a.test/main/0", "redis+sentinel://a.test/main/1"),
    "two groups of sentinels": ("redis+sentinel://a.test/main", "redis+sentinel://b.test/main"),
    "a cluster and a Redis": ("redis+cluster://a.test", "redis://b.test"),
}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param(
            "redis://a.test",
            StoreAddress(kind=Kind.SINGLE, tls=False, servers=(("a.test", 6379),)),
            id="the shortest",
        ),
        pytest.param(
            "rediss://ada:p%40ss:w@rd@a.test:7000/3",
            StoreAddress(
                kind=Kind.SINGLE,
                tls=True,
                servers=(("a.test", 7000),),
                user="ada",
                password="p@ss:w@rd",
                database=3,
            ),
            id="everything of one Redis",
        ),
        pytest.param(
            "redis+cluster://:secret@A.test:7000,10.0.0.1,[::1]:7002/",
            StoreAddress(
                kind=Kind.CLUSTER,
                tls=False,
                servers=(("a.test", 7000), ("10.0.0.1", 6379), ("::1", 7002)),
                password="secret",
            ),
            id="a cluster",
        ),
        pytest.param(
            "rediss+sentinel://ada:secret@a.test,b_1.test:7001/main-1.A/2",
            StoreAddress(
                kind=Kind.SENTINEL,
                tls=True,
                servers=(("a.test", 26379), ("b_1.test", 7001)),
                user="ada",
                password="secret",
                master="main-1.A",
                database=2,
            ),
            id="a master by its sentinels",
        ),
    ],
)
def test_an_address_says_where_and_how(url: str, address: StoreAddress) -> None:
    assert StoreAddress.parsed(url) == address


@pytest.mark.parametrize("url", [pytest.param(url, id=name) for name, url in REFUSED.items()])
def test_what_is_no_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be memory://") as refusal:
        StoreAddress.parsed(url)

    assert "marker" not in str(refusal.value)


@given(st.text(alphabet="redis+clutnl:/@,[]0169.?#%\n ", max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    with suppress(ValueError):
        address = StoreAddress.parsed(f"redis{text}")

        assert all(host and 1 <= port <= 65_535 for host, port in address.servers)


def test_an_address_keeps_its_password_to_itself() -> None:
    assert "secret" not in repr(StoreAddress.parsed("redis://ada:secret@a.test"))


@pytest.mark.parametrize(("one", "other"), [pytest.param(*pair, id=name) for name, pair in ONE_PLACE.items()])
def test_one_place_is_known_however_it_is_spelt(one: str, other: str) -> None:
    assert same_database(one, other)
    assert same_database(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [pytest.param(*pair, id=name) for name, pair in TWO_PLACES.items()]
)
def test_two_places_are_told_apart(one: str, other: str) -> None:
    assert not same_database(one, other)
