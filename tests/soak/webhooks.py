"""`make soak-webhooks`: thousands of deliveries, twice, shuffled and forged, to a service whose Redis dies meanwhile.

Visitors book, cancel and move on Calendly's own pages. All that the simulator delivers of it is held against what
the service keeps of each invitee in the end, and against the free times that it shows.
"""

import asyncio
from base64 import b64decode
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import astuple
from redis.asyncio import Redis

from app.store.state import StateStore
from app.webhooks.inbox import Inbox
from tests.soak.answer_times import AnswerTimes, own_times, p99
from tests.soak.command import TrialsByName, run
from tests.soak.findings import Findings
from tests.soak.mischief import lacking, shares
from tests.soak.signing_keys import run_signing_keys
from tests.soak.town import SINGLES, Town, running_town
from tests.soak.waiting import Stopwatch, until
from tests.support.keys import SECRET_KEY
from tests.support.redis import STATE, RedisServer
from tests.support.simulation import Json

AWAY_SECONDS = 10.0
AT_ONCE = 8
"""Visitors at Calendly's pages."""

DELIVERED_WITHIN = 120.0
"""Seconds after the last change: Calendly comes again ever more rarely."""

CHUNK = 200
"""Invitees whose records are read at once."""

Invitees = Mapping[str, tuple[bool, bool, bool]]
"""By id: whether it was created, canceled, moved."""


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
    attempts = [attempt for each in sent for attempt in each["attempts"]]
    metrics = await town.metrics()
    times = AnswerTimes(await town.tap.answers(), own_times(metrics))
    befell = shares(sent)
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
            "nothing refused meanwhile": int(all(each["status"] != 503 for each in attempts)),
            "not answered": sum(each["status"] is None for each in attempts),
            "answers not timed": abs(sum(each["status"] is not None for each in attempts) - len(times.sent)),
            **times.wrong,
            **lacking(befell),
        },
        told={
            "sent": len(sent),
            **{name: f"{share:.1%}" for name, share in befell.items()},
            "attempts": len(attempts),
            "503": sum(each["status"] == 503 for each in attempts),
            **Counter(each["error"] for each in attempts if each["error"] is not None),
            **times.told,
            "p99 by the simulator, which is busy": f"{p99(each['milliseconds'] for each in attempts):.0f} ms",
            **_outcomes(metrics),
        },
        seconds=watch.seconds,
    )


def _outcomes(metrics: Iterable[str]) -> Counter[str]:
    """What became of deliveries, by all replicas' own figures."""
    found = Counter[str]()
    for line in "\n".join(metrics).splitlines():
        if line.startswith("bff_webhook_deliveries_total{"):
            found[line.split('"')[1]] += int(float(line.rsplit(" ", 1)[1]))
    return found


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
