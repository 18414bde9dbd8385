"""The real runner, resolver, ledger and client on a real Redis and the simulator, and a way to break them anywhere."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from pydantic import SecretStr
from redis.asyncio import Redis

from app.calendly.client import CalendlyClient
from app.calendly.models import Invitee, NewBooking, NewInvitee, NewLocation, ScheduledEvent
from app.calendly.options import TransportOptions
from app.calendly.quota import Purpose
from app.calendly.transport import Transport
from app.errors import BookingInFlightError
from app.intents import names
from app.intents.ledger import Ledger
from app.intents.machine import State
from app.intents.model import Matter, NewIntent, Result, Standing, Wanted
from app.intents.naming import Naming
from app.intents.options import ProtocolOptions
from app.intents.progress import Progress
from app.intents.resolver import Resolver
from app.intents.runner import IntentRunner
from app.intents.settlement import Change, Means
from app.sealing import Sealer
from app.store.connection import STATE_PATIENCE, open_store
from app.store.script import Script
from app.store.state import Reply, StateStore, StoreAwayError
from tests.intents.examples import KEY
from tests.support.redis import STATE, RedisServer
from tests.support.simulation import ADA, Json, Simulation

T = TypeVar("T")

EMAIL = "grace@example.test"
NAME = "Grace Example"
KIND = "workshop"
"""A group's event type: it lets one person sit twice, so that a double would show."""

SHORT = ProtocolOptions(
    lease=timedelta(seconds=30),
    send_within=timedelta(seconds=5),
    answer_within=timedelta(seconds=30),
    quiet=timedelta(seconds=30),
    first_look=timedelta(milliseconds=20),
    longest_wait=timedelta(milliseconds=50),
    poll=timedelta(milliseconds=10),
)
"""Waits that a test can sit through; what is longer, `Rig.later` lets pass."""


class KilledError(Exception):
    """The process ends here: nothing of ours catches this, and nothing is written after it."""


class Steps:
    """Every call that leaves the process, counted: twice, before it and after it has done its work."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self._first = -1
        self._error: BaseException | None = None
        self._lasting = ""
        self._hooks: dict[str, Callable[[], Awaitable[None]]] = {}

    def fail(self, number: int, error: BaseException, *, lasting: str = "") -> None:
        """At this step, counted from now, and at every later one of what is `lasting`."""
        self._first = len(self.taken) + number
        self._error, self._lasting = error, lasting

    def do(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        """Once, at the next step of this name."""
        self._hooks[name] = act

    async def around(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        await self._reached(f"before {name}")
        done = await work()
        await self._reached(f"after {name}")
        return done

    async def _reached(self, name: str) -> None:
        number = len(self.taken)
        self.taken.append(name)
        act = self._hooks.pop(name, None)
        if act is not None:
            await act()
        again = self._lasting and name.endswith(self._lasting) and number > self._first
        if self._error is not None and (number == self._first or again):
            raise self._error


def _text(member: object) -> str:
    return member.decode() if isinstance(member, bytes) else str(member)


class SteppedStore(StateStore):
    def __init__(self, redis: Redis, steps: Steps) -> None:
        super().__init__(redis)
        self._steps = steps

    async def run(self, script: Script, keys: Any, args: Any = ()) -> Reply:
        return await self._steps.around("store", partial(super().run, script, keys, args))


class SteppedClient(CalendlyClient):
    def __init__(self, transport: Transport, steps: Steps) -> None:
        super().__init__(transport)
        self._steps = steps

    async def list_scheduled_events(self, **params: Any) -> list[ScheduledEvent]:
        return await self._steps.around("look", partial(super().list_scheduled_events, **params))

    async def list_event_invitees(self, event: str, **params: Any) -> list[Invitee]:
        return await self._steps.around("invitees", partial(super().list_event_invitees, event, **params))

    async def create_invitee(self, booking: NewBooking, **options: Any) -> Invitee:
        return await self._steps.around("send", partial(super().create_invitee, booking, **options))

    async def cancel_scheduled_event(
        self, uuid: str, reason: str | None, purpose: Purpose = Purpose.CANCEL
    ) -> None:
        await self._steps.around("cancel", partial(super().cancel_scheduled_event, uuid, reason, purpose))


@dataclass(kw_only=True)
class Process:
    """One of ours, as far as intents go."""

    steps: Steps
    client: CalendlyClient
    means: Means
    runner: IntentRunner
    resolver: Resolver
    settled: list[Matter]

    async def take_up(self) -> int:
        """One round of its resolver."""
        with suppress(StoreAwayError):
            return await self.resolver._round()
        return 0


@dataclass(kw_only=True)
class Rig:
    """Processes that share a store and a Calendly."""

    calendly: Simulation
    store: Redis
    kind: Json
    starts: list[datetime]
    account: Json
    options: ProtocolOptions = SHORT
    clients: list[CalendlyClient] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        return Ledger(StateStore(self.store), Sealer((KEY,), "intent"))

    def process(self, options: ProtocolOptions | None = None, **transport: Any) -> Process:
        """A new one. `transport`: other options of its client."""
        steps = Steps()
        patient = {"read_deadline": timedelta(seconds=15), "write_deadline": timedelta(seconds=5)}
        settings = TransportOptions(**(patient | transport))
        origin = str(self.calendly.http.base_url)
        client = SteppedClient(
            Transport(origin=origin, token=SecretStr(ADA), clock=self.calendly.clock, options=settings), steps
        )
        settled: list[Matter] = []

        async def tell(_change: Change, matter: Matter, _result: Result) -> None:
            settled.append(matter)

        async def speaker(user: str, _event_type: str) -> CalendlyClient | None:
            return client if user == self.account["uri"] else None

        means = Means(
            speaker=speaker,
            naming=Naming(StateStore(self.store), (KEY,)),
            ledger=Ledger(SteppedStore(self.store, steps), Sealer((KEY,), "intent")),
            options=options or self.options,
            clock=self.calendly.clock,
            settled=tell,
        )
        made = Process(
            steps=steps,
            client=client,
            means=means,
            runner=IntentRunner(means),
            resolver=Resolver(means),
            settled=settled,
        )
        self.clients.append(client)
        self.processes.append(made)
        return made

    def intent(
        self, id_: str = "bk_1", *, slot: int = 0, replaces: str | None = None, **changes: Any
    ) -> NewIntent:
        start = self.starts[slot]
        wanted = Wanted(
            user=self.account["uri"],
            organization=self.account["current_organization"],
            event_type=self.kind["uri"].rsplit("/", 1)[1],
            start=start,
            email=EMAIL,
            name=NAME,
        )
        matter = Matter(
            wanted=wanted, end=start + timedelta(hours=2), draft=id_, claims="{}", replaces=replaces
        )
        usual: dict[str, Any] = {
            "key": "key-1",
            "natural": f"person-{slot}",
            "slot": f"slot-{slot}",
            "fingerprint": f"body-{slot}",
            "seats": 50,
            "as_of": self.calendly.clock(),
            "generation": "",
            "matter": matter,
        }
        return NewIntent(id=id_, **(usual | changes))

    def booking(self, slot: int = 0, **changes: Any) -> NewBooking:
        person = {"email": EMAIL, "timezone": "Europe/Berlin", "name": NAME} | changes
        return NewBooking(
            event_type=self.kind["uri"],
            start_time=self.starts[slot].isoformat(),
            invitee=NewInvitee(**person),
            location=NewLocation(kind="zoom_conference"),
        )

    async def book(self, process: Process, id_: str = "bk_1", **intent: Any) -> Progress:
        return await process.runner.book(self.intent(id_, **intent), self.booking(intent.get("slot", 0)))

    async def taken(self, slot: int) -> Result:
        """A booking that is there already, made by nobody's intent."""
        invitee = await self.process().client.create_invitee(self.booking(slot))
        id_from = self.clients[-1].id_from
        await self.calendly.http.delete("/_simulator/calls")
        return Result(id_from(invitee.event), id_from(invitee.uri))

    def at(self, *slots: int) -> list[str]:
        """What `booked` says where these are booked, once each."""
        return [self.starts[slot].strftime("%Y-%m-%dT%H:%M:%S.%fZ") for slot in slots]

    async def booked(self) -> list[str]:
        """Starts of the seats that are taken, one entry for each, in order."""
        items: list[Json] = (await self.calendly.http.get("/_simulator/bookings")).json()["items"]
        return sorted(
            item["start_time"]
            for item in items
            for invitee in item["invitees"]
            if invitee["status"] == "active" and invitee["email"] == EMAIL
        )

    async def sent(self) -> int:
        """How often Calendly was asked to book, since its log was cleared."""
        return await self.asked("^/invitees$", "POST")

    async def asked(self, path: str, method: str = "GET") -> int:
        """How often at a path like this, since its log was cleared."""
        items = (await self.calendly.http.get("/_simulator/calls")).json()["items"]
        return sum(call["method"] == method and bool(re.search(path, call["path"])) for call in items)

    async def later(self, by: timedelta = timedelta(hours=1)) -> None:
        """As if so much time had passed for every intent, and nobody had looked after it."""
        distance = -int(by.total_seconds() * 1000)
        for id_ in map(_text, await self.store.zrange(names.DUE, 0, -1)):
            at = names.intent(id_)
            if await self.store.exists(at):
                await self.store.hincrby(at, "since", distance)
                await self.store.hincrby(at, "lease", distance)
            await self.store.zincrby(names.DUE, distance, id_)

    async def settle(self, process: Process, rounds: int = 12) -> None:
        """Until every intent is final. Fails the test where that does not come."""
        for _ in range(rounds):
            if await self.ledger.unsettled() == (0, 0):
                return
            await self.later()
            await process.take_up()
        raise AssertionError(await self.ledger.unsettled())

    async def persist(self, process: Process, **intent: Any) -> Progress:
        """What becomes of one key that is repeated until it is booked, while time passes."""
        for number in range(30):
            with suppress(BookingInFlightError):
                progress = await self.book(process, f"again_{number}", **intent)
                if progress.state is State.CONFIRMED:
                    return progress
            await self.later()
            await process.take_up()
        raise AssertionError(await self.ledger.unsettled())

    async def aclose(self) -> None:
        for process in self.processes:
            await process.runner.aclose()
        for client in self.clients:
            await client.aclose()


async def standing_of(rig: Rig, id_: str) -> Standing:
    found = await rig.ledger.load(id_)
    assert found is not None
    return found


@asynccontextmanager
async def running_rig(calendly: Simulation, redis: RedisServer, slug: str = KIND) -> AsyncIterator[Rig]:
    if slug == KIND:
        await calendly.change(slug, seats=50, minimum_notice=0)
    kind = await calendly.event_type(slug)
    starts = [datetime.fromisoformat(start) for start in await calendly.starts(slug)]
    account = await calendly.read(await calendly.me())
    await calendly.http.delete("/_simulator/calls")
    async with open_store(redis.url(STATE), patience=STATE_PATIENCE) as store:
        rig = Rig(calendly=calendly, store=store, kind=kind, starts=starts, account=account)
        yield rig
        await rig.aclose()
