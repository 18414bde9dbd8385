"""Intents as the service writes them down, for Ada's calendar and people who do not exist."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from redis.asyncio import Redis

from app.intents import names
from app.intents.ledger import Event, Ledger, Opened
from app.intents.machine import Happened, State
from app.intents.model import Matter, NewIntent, Result, Wanted
from app.sealing import Sealer
from app.store.script import Script
from app.store.state import Reply, StateStore

EMBEDDED = "memory://"
KEY = b"for tests alone".ljust(32, b".")
OTHER_KEY = b"another, for tests alone".ljust(32, b".")
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
READ_AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""When the slot's seats were read."""

LEASE = timedelta(minutes=1)
OVER = timedelta(seconds=-1)
"""A lease whose holder is gone already."""

DUE_LATER = timedelta(minutes=1)
RESULT = Result("EVENTAAAAAAAAAAA", "INVITEEAAAAAAAAA")

WAYS: dict[State, tuple[Happened, ...]] = {
    State.OPEN: (),
    State.SENDING: (Happened.CLEARED,),
    State.UNKNOWN: (Happened.CLEARED, Happened.LOST),
    State.MOVING: (Happened.CLEARED, Happened.BOOKED),
    State.UNDOING: (Happened.CLEARED, Happened.BOOKED, Happened.STUCK),
    State.CONFIRMED: (Happened.CLEARED, Happened.BOOKED),
    State.FAILED: (Happened.CLEARED, Happened.LOST, Happened.ABSENT),
}
"""How an intent comes to each state that is stored."""


class Told(StateStore):
    """A state store that remembers what its scripts answered."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.replies: list[Reply] = []

    async def run(self, script: Script, keys: Any, args: Any = ()) -> Reply:
        reply = await super().run(script, keys, args)
        self.replies.append(reply)
        return reply


def wanted(**changes: Any) -> Wanted:
    usual: dict[str, Any] = {
        "user": "https://calendly.example.test/users/ADAAAAAAAAAAAAAA",
        "organization": "https://calendly.example.test/organizations/ORGAAAAAAAAAAAAA",
        "event_type": "INTROCALLAAAAAAA",
        "start": START,
        "email": "grace@example.test",
        "name": "Grace Example",
    }
    return Wanted(**(usual | changes))


def matter(**changes: Any) -> Matter:
    usual: dict[str, Any] = {
        "wanted": wanted(),
        "end": START + timedelta(minutes=30),
        "draft": '{"invitee": {"name": "Grace Example"}}',
        "claims": "{}",
    }
    return Matter(**(usual | changes))


def new_intent(id_: str = "bk_1", **changes: Any) -> NewIntent:
    """The first of a person who asks for a slot's only seat, unless the changes say otherwise."""
    usual: dict[str, Any] = {
        "key": "key-1",
        "natural": "person-1",
        "slot": "slot-1",
        "fingerprint": "body-1",
        "seats": 1,
        "as_of": READ_AT,
        "generation": "",
        "matter": matter(),
    }
    return NewIntent(id=id_, **(usual | changes))


def another(number: int, **changes: Any) -> NewIntent:
    """Of somebody else, with another key, for the same slot."""
    usual = {
        "id_": f"bk_{number}",
        "key": f"key-{number}",
        "natural": f"person-{number}",
        "fingerprint": f"body-{number}",
    }
    return new_intent(**(usual | changes))


def ledger_on(store: Redis, *keys: bytes) -> Ledger:
    return Ledger(StateStore(store), Sealer(keys or (KEY,), "intent"))


async def opened(ledger: Ledger, new: NewIntent | None = None, lease: timedelta = LEASE) -> Opened:
    """Fails the test where it is not opened."""
    answer = await ledger.open(new or new_intent(), lease)
    assert isinstance(answer, Opened)
    return answer


async def brought_to(state: State, ledger: Ledger, new: NewIntent | None = None) -> str:
    """The id of an intent that has come to this state."""
    moves = state in {State.MOVING, State.UNDOING}
    intent = await opened(ledger, new)
    for happened in WAYS[state]:
        booked = happened is Happened.BOOKED
        event = Event(
            happened=happened,
            moves=moves,
            due_in=DUE_LATER if happened is not Happened.ABSENT and (moves or not booked) else None,
            result=RESULT if booked else None,
            booked_at=READ_AT + timedelta(seconds=1) if booked else None,
        )
        assert await ledger.advance(intent.id, event)
    return intent.id


async def aged(store: Redis, id_: str, field: str, by: timedelta) -> None:
    """As if so much time had passed since what the field holds."""
    await store.hincrby(names.intent(id_), field, -int(by.total_seconds() * 1000))


async def record(store: Redis, id_: str) -> dict[str, bytes]:
    return await StateStore(store).fields(names.intent(id_))


async def everything(store: Redis) -> dict[str, object]:
    """Whatever stands in the store, by name: to see what a step has changed, and what it has left."""
    found: dict[str, object] = {}
    async for name in store.scan_iter():
        kind = await store.type(name)
        if kind == b"hash":
            found[name.decode()] = await store.hgetall(name)
        elif kind == b"zset":
            found[name.decode()] = await store.zrange(name, 0, -1, withscores=True)
        else:
            found[name.decode()] = await store.get(name)
    return found


def sealed(value: object, key: bytes = KEY) -> str:
    """As another version of this service would have written it."""
    return Sealer((key,), "intent").seal(msgspec.json.encode(value))
