"""All processes name persons and slots alike: whichever secret keys they have, and whatever the store has lost."""

import asyncio
from base64 import b64encode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from app.errors import BookingInFlightError
from app.intents import names
from app.intents.ledger import Ledger, Renamed
from app.intents.naming import PURPOSE, NamesUnknownError, Naming
from app.sealing import Sealer, key_id
from app.store.script import Script
from app.store.state import Reply, StateStore
from tests.intents.examples import KEY, LEASE, OTHER_KEY, everything, new_intent
from tests.intents.rig import Rig

OLD, NEW = KEY, OTHER_KEY


def _naming(store: Redis, *keys: bytes) -> Naming:
    """Of a process that has just started."""
    return Naming(StateStore(store), keys or (OLD,))


async def _named(naming: Naming) -> tuple[str, str]:
    """By which generation, and how it names somebody."""
    found = await naming.names()
    return found.generation, found.of("person", "Grace")


async def _copy(store: Redis, key: bytes) -> bytes | None:
    """What the copy for a secret key holds."""
    fields = await StateStore(store).fields(names.NAMING)
    return Sealer([key], PURPOSE).open(fields[key_id(key, PURPOSE)].decode())


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((OLD, NEW), id="the same keys"),
        pytest.param((NEW, OLD), id="in another order"),
        pytest.param((OLD,), id="the old one alone"),
        pytest.param((NEW,), id="the new one alone"),
    ],
)
async def test_another_process_has_the_same_names(store: Redis, keys: tuple[bytes, ...]) -> None:
    first = await _named(_naming(store, OLD, NEW))

    assert await _named(_naming(store, *keys)) == first


async def test_a_process_in_between_hands_the_names_on_to_who_has_the_new_key_alone(store: Redis) -> None:
    first = await _named(_naming(store, OLD))
    await _named(_naming(store, NEW, OLD))

    assert await _named(_naming(store, NEW)) == first


async def test_processes_that_start_at_once_agree(store: Redis) -> None:
    orders = [(OLD, NEW), (NEW, OLD)] * 10

    named = await asyncio.gather(*(_named(_naming(store, *keys)) for keys in orders))

    assert len(set(named)) == 1


class LateStore(StateStore):
    """Its first answer is true, and is on its way for long."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.answered, self.arrives = asyncio.Event(), asyncio.Event()

    async def run(self, script: Script, keys: Any, args: Any = ()) -> Reply:
        reply = await super().run(script, keys, args)
        if not self.answered.is_set():
            self.answered.set()
            await self.arrives.wait()
        return reply


async def test_what_is_named_while_the_store_was_asked_has_not_been_lost(store: Redis) -> None:
    late = LateStore(store)
    naming = Naming(late, (OLD,))
    first = asyncio.create_task(naming.names())
    await late.answered.wait()
    second = await naming.names()
    late.arrives.set()

    found = [await first, second, await naming.names()]

    assert {(each.generation, each.lost_ago) for each in found} == {(second.generation, None)}


async def test_what_an_emptied_store_has_forgotten_is_put_back(store: Redis) -> None:
    naming = _naming(store)
    before = await _named(naming)
    await store.flushdb()

    assert await _named(naming) == before
    assert await _named(_naming(store)) == before


async def test_whoever_comes_first_after_the_store_was_emptied_names_for_all(store: Redis) -> None:
    longer = _naming(store)
    before = await _named(longer)
    await store.flushdb()
    fresh = await _named(_naming(store))

    after = await _named(longer)

    assert after == fresh
    assert after[0] != before[0]


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        pytest.param((NEW,), {}, id="under another secret key"),
        pytest.param((OLD,), {"generation": "another"}, id="of a generation that is not the key's"),
    ],
)
async def test_names_that_nobody_can_read_are_left_alone(
    store: Redis, keys: tuple[bytes, ...], fields: dict[str, str]
) -> None:
    await _named(_naming(store))
    for field, value in fields.items():
        await store.hset(names.NAMING, field, value)
    before = await everything(store)

    with pytest.raises(NamesUnknownError):
        await _naming(store, *keys).names()

    assert await everything(store) == before


async def test_the_store_has_a_copy_of_the_one_key_for_each_secret_key(store: Redis) -> None:
    generation, _ = await _named(_naming(store, OLD, NEW))

    fields = await StateStore(store).fields(names.NAMING)

    assert fields.keys() == {"generation", "since", key_id(OLD, PURPOSE), key_id(NEW, PURPOSE)}
    assert fields["generation"].decode() == generation
    assert await _copy(store, OLD) == await _copy(store, NEW)


async def test_the_key_is_nowhere_in_the_clear(store: Redis) -> None:
    await _named(_naming(store, OLD, NEW))
    key = await _copy(store, OLD)
    assert key is not None

    kept = b" ".join((await StateStore(store).fields(names.NAMING)).values())

    spelled = (key, key.hex().encode(), b64encode(key)[:-1], urlsafe_b64encode(key)[:-1])
    assert [each for each in spelled if each in kept] == []


async def test_the_key_is_kept_for_thirty_days_from_its_last_use(store: Redis) -> None:
    naming = _naming(store)
    await _named(naming)
    await store.pexpire(names.NAMING, timedelta(minutes=1))

    await _named(naming)

    left = timedelta(milliseconds=await store.pttl(names.NAMING))
    assert timedelta(days=29) < left <= timedelta(days=30)


async def test_who_cannot_open_the_key_does_not_keep_it_any_longer(store: Redis) -> None:
    await _named(_naming(store, OLD))
    await store.pexpire(names.NAMING, timedelta(minutes=1))

    with pytest.raises(NamesUnknownError):
        await _naming(store, NEW).names()

    assert await store.pttl(names.NAMING) <= 60_000


async def test_what_was_named_by_another_generation_is_not_written_down(store: Redis, ledger: Ledger) -> None:
    await _named(_naming(store))
    before = await everything(store)

    answer = await ledger.open(new_intent(generation="another"), LEASE)

    assert (answer, await everything(store)) == (Renamed(), before)


async def test_what_was_named_before_the_store_was_emptied_is_not_written_down(
    store: Redis, ledger: Ledger
) -> None:
    generation, _ = await _named(_naming(store))
    await store.flushdb()

    answer = await ledger.open(new_intent(generation=generation), LEASE)

    assert (answer, await everything(store)) == (Renamed(), {})


async def test_what_has_other_names_meanwhile_is_not_sent_and_may_be_tried_again(rig: Rig) -> None:
    with pytest.raises(BookingInFlightError) as refusal:
        await rig.book(rig.process(), generation="another")

    assert (refusal.value.retry_after, await rig.sent()) == (2, 0)


async def test_after_a_loss_it_is_told_how_long_nothing_is_written_down(store: Redis, ledger: Ledger) -> None:
    naming = _naming(store)
    await naming.names()
    await store.flushdb()
    found = await naming.names()

    answer = await ledger.open(new_intent(generation=found.generation), LEASE, timedelta(seconds=50))

    assert isinstance(answer, Renamed)
    assert timedelta(seconds=45) < answer.wait <= timedelta(seconds=50)
    assert found.lost_ago is not None
    assert timedelta(0) <= found.lost_ago < timedelta(seconds=5)


async def test_names_that_were_never_lost_do_not_say_so(store: Redis) -> None:
    naming = _naming(store)

    assert [(await naming.names()).lost_ago for _ in range(2)] == [None, None]


async def test_a_loss_that_has_no_time_is_none(store: Redis) -> None:
    await _named(_naming(store))
    await store.hset(names.NAMING, "lost", "foreign")

    assert (await _naming(store).names()).lost_ago is None


async def test_who_finds_that_others_had_to_name_anew_knows_since_when(store: Redis) -> None:
    longer = _naming(store)
    await _named(longer)
    await store.flushdb()
    await _named(_naming(store))

    assert (await longer.names()).lost_ago is not None
