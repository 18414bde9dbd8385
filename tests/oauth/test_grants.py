"""What is kept of accounts that were connected, whom it is believed of, and who hears that it has changed."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.oauth import names
from app.oauth.grant import DeadReason, Grant
from app.oauth.grants import Grants, GrantUnreadableError
from app.oauth.leases import Begun, Leases
from app.store.state import StateStore
from tests.oauth.examples import ACCOUNT, KEY, LEASE, OTHER_KEY, grant, grants_on
from tests.support.contents import contents_of

OTHER = "GRACEXXXXXXXXXXX"


async def begun(leases: Leases, of: Grant) -> Begun:
    step = await leases.begin(of.account, of.generation, LEASE)
    assert isinstance(step, Begun), step
    return step


async def test_what_was_connected_is_there(grants: Grants) -> None:
    stored = await grants.put_new(grant())

    assert stored == grant(generation=1)
    assert await grants.get(ACCOUNT) == stored
    assert (await grants.list()).grants == (stored,)


async def test_nobody_else_is_there(grants: Grants) -> None:
    assert await grants.get(OTHER) is None
    assert (await grants.list()).grants == ()


async def test_who_connects_again_has_the_new_pair_alone(grants: Grants) -> None:
    first = await grants.put_new(grant())
    await grants.kill(ACCOUNT, first.generation, DeadReason.REVOKED)

    again = await grants.put_new(grant(access_token="another"))

    assert (await grants.list()).grants == (again,)
    assert (again.generation, again.dead_reason, again.access_token) == (2, None, "another")


async def test_who_connects_twice_at_once_has_two_generations(grants: Grants) -> None:
    stored = await asyncio.gather(*(grants.put_new(grant()) for _ in range(8)))

    assert sorted(each.generation for each in stored) == list(range(1, 9))


async def test_a_generation_never_comes_again(grants: Grants) -> None:
    await grants.put_new(grant())
    await grants.remove(ACCOUNT)

    assert (await grants.put_new(grant())).generation == 2


async def test_what_was_disconnected_is_gone_and_leaves_no_token(grants: Grants, store: Redis) -> None:
    stored = await grants.put_new(grant())

    assert await grants.remove(ACCOUNT) == stored

    assert await grants.get(ACCOUNT) is None
    assert (await contents_of(store))[names.RECORDS] == repr({ACCOUNT.encode(): b"1 removed "})
    assert await grants.remove(ACCOUNT) is None
    assert await grants.remove(OTHER) is None


async def test_what_no_key_opens_is_disconnected_all_the_same(grants: Grants, store: Redis) -> None:
    await grants.put_new(grant())

    with pytest.raises(GrantUnreadableError):
        await grants_on(store, OTHER_KEY).remove(ACCOUNT)

    assert await grants.get(ACCOUNT) is None


async def test_the_store_shows_neither_token_nor_whose_they_are(grants: Grants, store: Redis) -> None:
    await grants.put_new(grant())

    assert not [text for text in str(await contents_of(store)).split() if "-of-" in text or "https" in text]


async def test_a_grant_shows_no_token() -> None:
    for shown in (repr(grant()), str(grant()), f"{grant()}", str(grant().__rich_repr__())):
        assert "-of-" not in shown


async def test_the_next_pair_replaces_this_one_once(grants: Grants, leases: Leases) -> None:
    stored = await grants.put_new(grant())
    fence = (await begun(leases, stored)).fence
    following = grant(access_token="next")

    first = await grants.replace(stored.generation, fence, following)
    second = await grants.replace(stored.generation, fence, grant(access_token="late"))

    assert (first, second) == (True, False)
    assert await grants.get(ACCOUNT) == grant(access_token="next", generation=2)


async def test_who_has_been_overtaken_kills_nothing_and_has_the_next_pair_if_the_other_has_none(
    grants: Grants, leases: Leases
) -> None:
    """Its reply may have come while the store was away, and then the other gets none."""
    stored = await grants.put_new(grant())
    slow = await leases.begin(ACCOUNT, stored.generation, timedelta(0))
    quick = await begun(leases, stored)
    assert isinstance(slow, Begun)

    assert not await grants.kill(ACCOUNT, stored.generation, DeadReason.REVOKED, fence=slow.fence)
    assert await grants.replace(stored.generation, slow.fence, grant(access_token="slow"))
    assert not await grants.kill(ACCOUNT, stored.generation, DeadReason.REPLY_LOST, fence=quick.fence)
    assert not await grants.replace(stored.generation, quick.fence, grant(access_token="quick"))
    assert await grants.get(ACCOUNT) == grant(access_token="slow", generation=2)


@pytest.mark.parametrize("reason", DeadReason)
async def test_a_pair_that_was_given_up_and_turns_up_is_taken(
    grants: Grants, leases: Leases, reason: DeadReason
) -> None:
    stored = await grants.put_new(grant())
    slow = await leases.begin(ACCOUNT, stored.generation, timedelta(0))
    quick = await begun(leases, stored)
    assert isinstance(slow, Begun)
    await grants.kill(ACCOUNT, stored.generation, reason, fence=quick.fence)

    assert await grants.replace(stored.generation, slow.fence, grant(access_token="found"))

    assert await grants.get(ACCOUNT) == grant(access_token="found", generation=2)


async def test_only_who_has_begun_with_a_pair_can_have_the_next_one(
    grants: Grants, leases: Leases, store: Redis
) -> None:
    """A store that was emptied counts from one again, and knows nothing of the pairs that there were."""
    before = await grants.put_new(grant())
    old = await begun(leases, before)
    await store.flushall()
    stored = await grants.put_new(grant(access_token="again"))
    at_once = await grants.replace(before.generation, old.fence, grant(access_token="old"))
    released = await begun(leases, stored)
    await leases.release(ACCOUNT, stored.generation, released.fence, timedelta(0), is_unspent=True)
    await begun(leases, stored)

    unspent = await grants.replace(stored.generation, released.fence, grant(access_token="none"))

    assert (stored.generation, old.fence) == (before.generation, released.fence)
    assert (at_once, unspent) == (False, False)
    assert await grants.get(ACCOUNT) == stored


async def test_a_pair_for_what_was_connected_again_or_disconnected_comes_too_late(
    grants: Grants, leases: Leases
) -> None:
    stored = await grants.put_new(grant())
    fence = (await begun(leases, stored)).fence
    again = await grants.put_new(grant(access_token="again"))

    assert not await grants.replace(stored.generation, fence, grant(access_token="late"))
    await grants.remove(ACCOUNT)
    assert not await grants.replace(again.generation, fence, grant(access_token="later"))
    assert await grants.get(ACCOUNT) is None


@pytest.mark.parametrize("reason", DeadReason)
async def test_what_is_dead_says_why_and_dies_once(grants: Grants, reason: DeadReason) -> None:
    stored = await grants.put_new(grant())

    assert await grants.kill(ACCOUNT, stored.generation, reason)

    assert await grants.get(ACCOUNT) == grant(generation=1, dead_reason=reason)
    assert not await grants.kill(ACCOUNT, stored.generation, DeadReason.REVOKED)


async def test_a_later_generation_is_not_killed_for_an_earlier_one(grants: Grants) -> None:
    first = await grants.put_new(grant())
    await grants.put_new(grant())

    assert not await grants.kill(ACCOUNT, first.generation, DeadReason.REVOKED)
    assert not await grants.kill(OTHER, 1, DeadReason.REVOKED)


async def test_a_record_copied_under_another_name_is_reported_and_harms_nobody(
    grants: Grants, store: Redis
) -> None:
    await grants.put_new(grant())
    record = (await store.hgetall(names.RECORDS))[ACCOUNT.encode()]
    await store.hset(names.RECORDS, OTHER, record)

    listing = await grants.list()

    assert (listing.unreadable, listing.grants) == ((OTHER,), (grant(generation=1),))
    with pytest.raises(GrantUnreadableError):
        await grants.get(OTHER)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"nonsense",
        b"1 alive ",
        b"1 alive AAAA",
        b"1 hovering AAAA",
        b"\xff\xfe",
        b"9" * 20 + b" alive AAAA",
    ],
)
async def test_a_record_that_is_none_is_reported_and_can_be_connected_over(
    grants: Grants, store: Redis, record: bytes
) -> None:
    await store.hset(names.RECORDS, ACCOUNT, record)

    with pytest.raises(GrantUnreadableError):
        await grants.get(ACCOUNT)
    stored = await grants.put_new(grant())

    assert await grants.get(ACCOUNT) == stored


async def test_a_pair_put_under_another_generation_is_not_believed(grants: Grants, store: Redis) -> None:
    await grants.put_new(grant())
    [record] = [bytes(value) for value in (await StateStore(store).fields(names.RECORDS)).values()]
    await store.hset(names.RECORDS, ACCOUNT, b"7" + record[1:])

    with pytest.raises(GrantUnreadableError):
        await grants.get(ACCOUNT)


async def test_what_is_of_another_type_is_nothing(grants: Grants, store: Redis) -> None:
    for name in [names.RECORDS, names.CHANGES, *names.keys_of(ACCOUNT)[2:]]:
        await store.delete(name)
        await store.rpush(name, "a list")

    stored = await grants.put_new(grant())

    assert (await grants.list()).grants == (stored,)


async def test_without_its_key_a_grant_is_reported_and_left_alone(grants: Grants, store: Redis) -> None:
    stored = await grants.put_new(grant())
    foreign = grants_on(store, OTHER_KEY)

    assert (await foreign.list()).unreadable == (ACCOUNT,)
    assert await foreign.reseal() == 0
    assert await grants.get(ACCOUNT) == stored


async def test_after_sealing_anew_the_old_key_may_go(grants: Grants, store: Redis) -> None:
    ada, grace = await grants.put_new(grant()), await grants.put_new(grant(OTHER))
    await grants.kill(OTHER, grace.generation, DeadReason.REVOKED)
    before = await grants.list()

    resealed = await grants_on(store, OTHER_KEY, KEY).reseal()

    renewed = await grants_on(store, OTHER_KEY).list()
    assert resealed == 2
    assert {each.account: each for each in renewed.grants} == {
        ACCOUNT: ada,
        OTHER: grant(OTHER, generation=1, dead_reason=DeadReason.REVOKED),
    }
    assert renewed.changes == before.changes


async def test_what_is_written_after_a_rotation_is_sealed_under_the_new_key(store: Redis) -> None:
    await grants_on(store, KEY).put_new(grant())

    await grants_on(store, OTHER_KEY, KEY).put_new(grant())

    assert (await grants_on(store, OTHER_KEY).list()).grants == (grant(generation=2),)


async def test_every_change_is_seen_and_nothing_else_is_one(grants: Grants, leases: Leases) -> None:
    seen = [(await grants.list()).changes]

    async def note() -> None:
        assert await grants.changed_since(seen[-1])
        seen.append((await grants.list()).changes)
        assert not await grants.changed_since(seen[-1])

    assert not await grants.changed_since(0)
    stored = await grants.put_new(grant())
    await note()
    fence = (await begun(leases, stored)).fence
    assert not await grants.changed_since(seen[-1])
    await grants.replace(stored.generation, fence, grant())
    await note()
    await grants.kill(ACCOUNT, stored.generation + 1, DeadReason.REVOKED)
    await note()
    await grants.remove(ACCOUNT)
    await note()
    assert seen == sorted(set(seen))


async def test_a_store_that_lost_everything_has_changed(grants: Grants, store: Redis) -> None:
    await grants.put_new(grant())
    seen = (await grants.list()).changes

    await store.flushall()
    lost = await grants.changed_since(seen)
    await grants.put_new(grant())

    assert lost
    assert await grants.changed_since(seen)


async def test_grants_do_not_expire(grants: Grants, leases: Leases, store: Redis) -> None:
    await begun(leases, await grants.put_new(grant()))

    lasting = [name for name in await store.keys() if await store.ttl(name) == -1]

    assert sorted(lasting) == sorted(name.encode() for name in names.keys_of(ACCOUNT)[:3])
