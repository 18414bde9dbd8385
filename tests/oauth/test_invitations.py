"""A link works once and for an hour; what it began is finished once and within ten minutes."""

import asyncio
import re
from hashlib import sha256

import pytest
from redis.asyncio import Redis

from app.oauth import names
from app.oauth.invitations import PURPOSE, Invitations
from app.oauth.pkce import challenge_of, new_verifier
from app.sealing import Sealer
from app.store.state import StateStore
from tests.oauth.examples import KEY, OTHER_KEY
from tests.support.contents import contents_of


def invitations_on(store: Redis, key: bytes = KEY) -> Invitations:
    return Invitations(StateStore(store), Sealer([key], PURPOSE))


@pytest.fixture
def invitations(store: Redis) -> Invitations:
    return invitations_on(store)


def test_a_challenge_is_made_as_in_rfc_7636() -> None:
    """Its appendix B."""
    challenge = challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_are_as_rfc_7636_wants_them_and_differ() -> None:
    verifiers = {new_verifier() for _ in range(100)}

    assert len(verifiers) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) for verifier in verifiers)


async def test_who_was_invited_begins_and_finishes(invitations: Invitations) -> None:
    begun = await invitations.begin(await invitations.make())
    assert begun is not None

    finished = await invitations.finish(begun.state)

    assert finished == begun
    assert begun.challenge == challenge_of(begun.verifier)


async def test_a_link_begins_once_however_many_follow_it(invitations: Invitations) -> None:
    token = await invitations.make()

    begun = await asyncio.gather(*(invitations.begin(token) for _ in range(10)))

    assert sum(each is not None for each in begun) == 1


async def test_what_was_begun_is_finished_once_however_many_come_back(invitations: Invitations) -> None:
    begun = await invitations.begin(await invitations.make())
    assert begun is not None

    finished = await asyncio.gather(*(invitations.finish(begun.state) for _ in range(10)))

    assert [each for each in finished if each] == [begun]


async def test_looking_at_a_link_does_not_use_it_up(invitations: Invitations) -> None:
    token = await invitations.make()

    looks = [await invitations.is_open(token), await invitations.is_open(token)]
    await invitations.begin(token)

    assert (looks, await invitations.is_open(token)) == ([True, True], False)


@pytest.mark.parametrize("token", ["", "nobody", "\ud800", "x" * 10_000])
async def test_nobody_else_begins_or_finishes(invitations: Invitations, token: str) -> None:
    await invitations.begin(await invitations.make())

    assert await invitations.begin(token) is None
    assert await invitations.finish(token) is None


async def test_a_link_is_no_state_and_a_state_no_link(invitations: Invitations) -> None:
    token = await invitations.make()
    begun = await invitations.begin(await invitations.make())
    assert begun is not None

    assert await invitations.finish(token) is None
    assert await invitations.begin(begun.state) is None


async def test_a_link_lasts_an_hour_and_what_it_began_ten_minutes(
    invitations: Invitations, store: Redis
) -> None:
    await invitations.make()
    await invitations.begin(await invitations.make())

    left = {name.split(":")[-2]: await store.ttl(name) for name in await contents_of(store)}

    assert {kind: round(seconds, -1) for kind, seconds in left.items()} == {
        "invitation": 3600,
        "pending": 600,
    }


async def test_what_has_expired_is_nothing(invitations: Invitations, store: Redis) -> None:
    token, other = await invitations.make(), await invitations.make()
    begun = await invitations.begin(other)
    assert begun is not None
    for name in await store.keys():
        await store.pexpire(name, 0)

    assert await invitations.begin(token) is None
    assert await invitations.finish(begun.state) is None


async def test_the_store_has_nothing_to_connect_with(invitations: Invitations, store: Redis) -> None:
    token = await invitations.make()
    begun = await invitations.begin(await invitations.make())
    assert begun is not None

    kept = str(await contents_of(store))

    assert not [secret for secret in (token, begun.state, begun.verifier) if secret in kept]
    assert begun.verifier not in repr(begun)


async def test_what_somebody_else_put_there_is_not_believed(invitations: Invitations, store: Redis) -> None:
    foreign = await invitations_on(store, OTHER_KEY).begin(await invitations.make())
    assert foreign is not None
    await store.rpush(names.pending(sha256(b"state").hexdigest()), "a list")

    assert await invitations.finish(foreign.state) is None
    assert await invitations.finish("state") is None


async def test_one_hosts_verifier_is_not_anothers(invitations: Invitations, store: Redis) -> None:
    ours = await invitations.begin(await invitations.make())
    theirs = await invitations.begin(await invitations.make())
    assert ours is not None
    assert theirs is not None
    first, second = [name for name in await contents_of(store) if "pending" in name]
    await store.rename(first, second)

    assert [await invitations.finish(each.state) for each in (ours, theirs)] == [None, None]
