"""Targets: what their names lead to is looked at for every attempt, all of it."""

from collections.abc import Sequence

import pytest

from app.relay.targets import ForbiddenAddressError, Target, addresses_of

BACKEND = Target.of("https://backend.example.test/bookings?key=secret")
LOCAL = Target.of("http://localhost:8080/bookings")


def leads_to(*addresses: str) -> "Names":
    return Names({"backend.example.test": addresses, "localhost": addresses})


class Names:
    def __init__(self, known: dict[str, Sequence[str]]) -> None:
        self._known = known

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        return list(self._known[host])


def test_a_target_is_named_without_what_its_url_may_hold() -> None:
    assert (BACKEND.host, BACKEND.port, BACKEND.secure) == ("backend.example.test", 443, True)
    assert len(BACKEND.name) == 12
    assert BACKEND.name != Target.of("https://backend.example.test/bookings?key=other").name
    assert (LOCAL.host, LOCAL.port, LOCAL.secure) == ("localhost", 8080, False)


def test_a_name_in_other_letters_is_spelt_as_it_is_resolved() -> None:
    assert Target.of("https://bücher.example.test/").host == "xn--bcher-kva.example.test"
    assert Target.of("https://[2606:4700::1111]/").host == "2606:4700::1111"


async def test_all_that_a_name_leads_to_is_given_in_order() -> None:
    assert await addresses_of(BACKEND, leads_to("1.1.1.1", "1.0.0.1"), private=False) == [
        "1.1.1.1",
        "1.0.0.1",
    ]


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param(["127.0.0.1"], id="this machine"),
        pytest.param(["10.0.0.1"], id="a private network"),
        pytest.param(["169.254.169.254"], id="metadata"),
        pytest.param(["1.1.1.1", "10.0.0.1"], id="a public and a private place"),
        pytest.param(["::ffff:10.0.0.1"], id="a private one, mapped"),
    ],
)
async def test_a_name_that_leads_astray_is_refused(addresses: list[str]) -> None:
    with pytest.raises(ForbiddenAddressError):
        await addresses_of(BACKEND, leads_to(*addresses), private=False)


async def test_private_networks_will_do_where_an_operator_says_so() -> None:
    assert await addresses_of(BACKEND, leads_to("10.0.0.1"), private=True) == ["10.0.0.1"]
    with pytest.raises(ForbiddenAddressError):
        await addresses_of(BACKEND, leads_to("169.254.169.254"), private=True)


async def test_without_tls_only_this_machine_will_do() -> None:
    """Whatever its name is made to lead to."""
    assert await addresses_of(LOCAL, leads_to("127.0.0.1", "::1"), private=True) == ["127.0.0.1", "::1"]
    with pytest.raises(ForbiddenAddressError):
        await addresses_of(LOCAL, leads_to("10.0.0.1"), private=True)


async def test_a_name_that_leads_nowhere_is_no_target() -> None:
    with pytest.raises(OSError, match="no address"):
        await addresses_of(BACKEND, leads_to(), private=False)
