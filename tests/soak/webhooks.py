"""`make soak-webhooks`: thousands of deliveries, twice, shuffled and forged, to a service whose Redis dies meanwhile.

Visitors book, cancel and move on Calendly's own pages. All that the simulator delivers of it is held against what
the service keeps of each invitee in the end, and against the free times that it shows.
"""

import asyncio
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import astuple
from redis.asyncio import Redis

from app import API
from app.intents.options import ProtocolOptions
from app.store.state import StateStore
from app.webhooks.inbox import Inbox
from app.webhooks.subscriptions import EVENTS, PATH
from tests.soak.command import TrialsByName, run
from tests.soak.findings import Findings
from tests.soak.fleet import Fleet, running_fleet
from tests.soak.service import Options
from tests.soak.signing_keys import run_signing_keys
from tests.soak.waiting import Stopwatch, until
from tests.soak.world import FIRST_SLOT, MANY, ONE, Calendly, running_neighbours, slot
from tests.support.keys import SECRET_KEY
from tests.support.redis import STATE, RedisServer
from tests.support.simulation import ADA, Json

KEY = "a-signing-key-of-the-trials"
MISCHIEF = {"duplicate": 0.2, "reorder": 0.2, "forge": 0.1, "delaySeconds": 0}
AWAY_SECONDS = 10.0
AT_ONCE = 8
"""Visitors at Calendly's pages."""

DELIVERED_WITHIN = 120.0
"""Seconds after the last change: Calendly comes again ever more rarely."""

SINGLES = 10
"""One visitor in so many."""

CHUNK = 200
"""Invitees whose records are read at once."""

Invitees = Mapping[str, tuple[bool, bool, bool]]
"""By id: whether it was created, canceled, moved."""


@dataclass
class Town:
    calendly: Calendly
    redis: RedisServer
    fleet: Fleet
    http: httpx.AsyncClient
    """To the simulator."""
    ports: list[int] = field(default_factory=list)

    async def start(self) -> None:
        """Two replicas; Calendly delivers to the first, and both carry out."""
        self.ports = [(await self.fleet.start()).port for _ in range(2)]
        me = (await self._get("/users/me"))["resource"]
        body = {
            "url": f"http://127.0.0.1:{self.ports[0]}{PATH}",
            "events": EVENTS,
            "organization": me["current_organization"],
            "user": me["uri"],
            "scope": "user",
            "signing_key": KEY,
        }
        answer = await self.http.post("/webhook_subscriptions", json=body)
        assert answer.status_code == 201, answer.text

    async def book(self, number: int) -> None:
        """Some have a slot of their own, which is then seen to be taken."""
        kind = MANY if number % SINGLES else ONE
        visitor = {"name": f"Visitor {number}", "email": f"v{number}@example.test", "timezone": "UTC"}
        await self._submit(f"/ada/{kind}/{_start(number)}".replace("+00:00", "Z"), visitor)

    async def cancel(self, invitee: Json) -> None:
        await self._submit(_path(invitee["cancel_url"]), {"reason": ""})

    async def move(self, invitee: Json, number: int) -> None:
        """To the slot of the visitor with this number, of the same kind."""
        await self._submit(_path(invitee["reschedule_url"]), {"start_time": _start(number), "reason": ""})

    async def invitees(self) -> list[Json]:
        """Those that are booked, in the order of their numbers."""
        events: list[Json] = (await self._get("/_simulator/bookings"))["items"]
        found = [each for event in events for each in event["invitees"] if each["status"] == "active"]
        return sorted(found, key=lambda each: int(each["email"][1:].partition("@")[0]))

    async def deliveries(self) -> list[Json]:
        items: list[Json] = (await self._get("/_simulator/deliveries"))["items"]
        return items

    async def offered(self) -> set[datetime]:
        """The single event type's free times, by Calendly."""
        listing = await self._get(
            "/event_types", user=(await self._get("/users/me"))["resource"]["uri"], count=100
        )
        [kind] = [each["uri"] for each in listing["collection"] if each["slug"] == ONE]
        begin, end = _month()
        found = await self._get(
            "/event_type_available_times",
            event_type=kind,
            start_time=begin.isoformat(),
            end_time=end.isoformat(),
        )
        starts = {datetime.fromisoformat(each["start_time"]) for each in found["collection"]}
        return {start for start in starts if start < end}

    async def shown(self, port: int) -> set[datetime]:
        """The same, by a replica."""
        begin, end = _month()
        dates = {"from": begin.date(), "to": end.date() - timedelta(days=1), "timeZone": "UTC"}
        answer = await self.http.get(
            f"http://127.0.0.1:{port}{API}/event-types/{ONE}/availability",
            params={name: str(value) for name, value in dates.items()},
        )
        return {
            datetime.fromisoformat(each["start"]) for day in answer.json()["days"] for each in day["slots"]
        }

    async def outcomes(self) -> Counter[str]:
        """What became of deliveries, by all replicas' own figures."""
        found = Counter[str]()
        for port in self.ports:
            for line in (await self.http.get(f"http://127.0.0.1:{port}/metrics")).text.splitlines():
                if line.startswith("bff_webhook_deliveries_total{"):
                    found[line.split('"')[1]] += int(float(line.rsplit(" ", 1)[1]))
        return found

    async def _get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def _submit(self, path: str, form: Mapping[str, str]) -> None:
        answer = await self.http.post(path, data=dict(form))
        assert answer.status_code == 303, answer.text


def _start(number: int) -> str:
    """Single visitors have the even slots to themselves; the others share the odd ones, again and again."""
    return slot(2 * number + 1 if number % SINGLES else 2 * (number // SINGLES))


def _path(url: str) -> str:
    return httpx.URL(url).path


def _month() -> tuple[datetime, datetime]:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = midnight + FIRST_SLOT
    return begin, begin + timedelta(days=30)


@asynccontextmanager
async def running_town(folder: Path) -> AsyncIterator[Town]:
    async with running_neighbours(folder) as (calendly, redis, told):
        wishes = {"CALENDLY_WEBHOOK_KEYS": KEY, "BFF_READ_SHARE": "0.8"}
        options = Options(protocol=ProtocolOptions())
        headers = {"Authorization": f"Bearer {ADA}"}
        address = f"http://127.0.0.1:{calendly.port}"
        async with (
            running_fleet(folder, told | wishes, options) as fleet,
            httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as http,
        ):
            await calendly.settings(webhookMischief=MISCHIEF, webhookRetrySeconds=1, latencyMs=0)
            town = Town(calendly, redis, fleet, http)
            await town.start()
            yield town


async def run_deliveries(town: Town, times: int, away: float = AWAY_SECONDS) -> Findings:
    """At least so many messages, some of them more than once. Redis is dead for `away` seconds in the middle."""
    watch = Stopwatch()
    bookings = times * 4 // 7 + 4
    for port in town.ports:
        await town.shown(port)
    await _in_turn([_booking(town, number) for number in range(bookings // 2)])
    outage = asyncio.create_task(_outage(town.redis, away))
    await _in_turn([_booking(town, number) for number in range(bookings // 2, bookings)])
    await outage
    invitees = await town.invitees()
    await _in_turn([_change(town, index, each, bookings) for index, each in enumerate(invitees)])
    sent = await _delivered(town)
    return await _judged(town, sent, watch)


Act = Callable[[], Awaitable[None]]


def _booking(town: Town, number: int) -> Act:
    return lambda: town.book(number)


def _change(town: Town, index: int, invitee: Json, bookings: int) -> Act:
    """One in four cancels, one in four moves."""
    if index % 4 == 1:
        return lambda: town.cancel(invitee)
    if index % 4 == 3:
        number = int(invitee["email"][1:].partition("@")[0])
        return lambda: town.move(invitee, number + (bookings // SINGLES + 1) * SINGLES)
    return _nothing


async def _nothing() -> None:
    pass


async def _in_turn(acts: Sequence[Act]) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def act(one: Act) -> None:
        async with room:
            await one()

    async with asyncio.TaskGroup() as group:
        for one in acts:
            group.create_task(act(one))


async def _outage(redis: RedisServer, away: float) -> None:
    redis.kill()
    await asyncio.sleep(away)
    await asyncio.to_thread(redis.start)


async def _delivered(town: Town) -> list[Json]:
    """All that was sent, once nothing waits any more."""
    sent: list[Json] = []

    async def is_done() -> bool:
        sent[:] = await town.deliveries()
        return all(each["outcome"] != "waiting" for each in sent)

    async with asyncio.timeout(DELIVERED_WITHIN):
        await until(is_done, every=1)
    return sent


async def _judged(town: Town, sent: Sequence[Json], watch: Stopwatch) -> Findings:
    genuine = [each for each in sent if each["kind"] == "genuine"]
    expected = _model(genuine)
    async with Redis(port=town.redis.port, db=STATE) as store:
        inbox = Inbox(StateStore(store), [b64decode(SECRET_KEY)])
        account = await town.calendly.host()
        left = await _worked_off(inbox, account)
        found = await _records(inbox, account, list(expected))
    offered = await town.offered()
    shown = [await town.shown(port) for port in town.ports]
    answers = [attempt for each in sent for attempt in each["attempts"]]
    taken = sorted(each["milliseconds"] for each in answers if each["status"] == 204)
    return Findings(
        name="deliveries",
        trials=len(genuine),
        wrong={
            "not delivered": sum(each["outcome"] != "delivered" for each in genuine),
            "forged and believed": sum(
                each["outcome"] != "refused"
                for each in sent
                if each["kind"] == "forged" and each["forgery"] != "replayed"
            ),
            "records that differ": sum(found.get(id_) != each for id_, each in expected.items()),
            "left or set aside": sum(left),
            "slots that differ": sum(len(each ^ offered) for each in shown),
            "nothing refused meanwhile": not any(each["status"] == 503 for each in answers),
        },
        told={
            "sent": len(sent),
            "attempts": len(answers),
            "503": sum(each["status"] == 503 for each in answers),
            "p50": f"{_share(taken, 0.5)} ms",
            "p99": f"{_share(taken, 0.99)} ms",
            **await town.outcomes(),
        },
        seconds=watch.seconds,
    )


def _share(ordered: Sequence[int], part: float) -> int:
    return ordered[int((len(ordered) - 1) * part)]


def _model(genuine: Sequence[Json]) -> Invitees:
    """What was said of each invitee, by anybody."""
    created, canceled, moved = set[str](), set[str](), set[str]()
    for each in genuine:
        payload = each["message"]["payload"]
        id_ = _id(payload["uri"])
        (created if each["event"] == "invitee.created" else canceled).add(id_)
        if payload["old_invitee"] and each["event"] == "invitee.created":
            moved.add(_id(payload["old_invitee"]))
        if payload["new_invitee"]:
            moved.add(id_)
    return {id_: (id_ in created, id_ in canceled, id_ in moved) for id_ in created | canceled | moved}


def _id(uri: str) -> str:
    return uri.rpartition("/")[2]


async def _worked_off(inbox: Inbox, account: str) -> tuple[int, int]:
    """What is left when nothing gets less any more."""

    async def is_empty() -> bool:
        return (await inbox.counts([account]))[0] == 0

    try:
        async with asyncio.timeout(DELIVERED_WITHIN):
            await until(is_empty, every=0.1)
    except TimeoutError:
        pass
    return await inbox.counts([account])


async def _records(inbox: Inbox, account: str, ids: Sequence[str]) -> Invitees:
    found: dict[str, tuple[bool, bool, bool]] = {}
    for first in range(0, len(ids), CHUNK):
        records = (await inbox.read(account, ids[first : first + CHUNK])).records
        for id_, record in records.items():
            created, canceled, moved, *_ = astuple(record)
            found[id_] = (created, canceled, moved)
    return found


async def _deliveries(folder: Path, times: int) -> Findings:
    async with running_town(folder) as town:
        return await run_deliveries(town, times)


TRIALS: TrialsByName = {"deliveries": (10_000, _deliveries), "signing-keys": (5, run_signing_keys)}

if __name__ == "__main__":
    run("tests.soak.webhooks", TRIALS)
