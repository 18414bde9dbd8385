"""Months that nobody has read yet, asked for by a crowd at every replica: what do they cost at Calendly?"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import SystemRandom
from typing import TypeAlias

from app import API
from app.cache.leases import LEASE
from app.intents.options import ProtocolOptions
from benchmarks.browser import get
from benchmarks.load import Manner, Requests, drive
from tests.faults.detour import Detour, Passage, detour_to
from tests.soak.caller import Answer, NoAnswerError, Request, call
from tests.soak.findings import Findings
from tests.soak.fleet import Fleet, Replica, running_fleet
from tests.soak.service import Options
from tests.soak.waiting import Stopwatch
from tests.soak.world import Calendly, running_neighbours

REPLICAS = 4

CROWD = 1000

WITNESSES = 100
"""Visitors who wait when the leader is killed."""

TIMES = "/event_type_available_times"

CATALOGUE = ("/users/me", "/event_types")
"""Asked for once by whichever replica finds that what they know of event types has aged."""

ALLOWED = {"UTC": 1, "Asia/Tokyo": 2}
"""Calls for 31 dates, by zone: in most of them, these touch 32 dates of UTC."""

ALL_ARE_THERE = 0.2
"""Seconds after which all visitors wait at some replica."""

REPLACED_WITHIN = 3.0
"""Seconds after the death of whoever was reading for all, by which somebody else has read: a lease, and a call."""

TRIES = 4
"""Rounds that may be made for each that is judged."""


random = SystemRandom()


@dataclass(frozen=True, slots=True)
class Village:
    """Replicas on one Redis that know what can be booked; `way` leads from them to Calendly."""

    calendly: Calendly
    way: Detour
    fleet: Fleet
    replicas: list[Replica]
    slugs: Iterator[str]
    """Event types whose free times nobody has asked for."""
    log: Path

    @property
    def ports(self) -> list[int]:
        return [replica.port for replica in self.replicas]

    async def join(self) -> None:
        """One replica more."""
        replica = await self.fleet.start()
        await call(replica.port, Request("GET", f"{API}/event-types"))
        self.replicas.append(replica)

    async def calls(self) -> int:
        """For free times, since the last time that we asked."""
        made = await self.calendly.calls("GET", TIMES)
        await self.calendly.told("DELETE", "/calls")
        return len(made)

    async def looks_at_the_catalogue(self) -> int:
        """How often the one of its calls that was made most was made, since the last time that we asked for `calls`."""
        return max([len(await self.calendly.calls("GET", path)) for path in CATALOGUE])

    @property
    def away(self) -> int:
        """How often a replica took Redis to be away: then it reads for itself."""
        return self.log.read_text().count('"cache.away"')


@asynccontextmanager
async def running_village(folder: Path, rounds: int) -> AsyncIterator[Village]:
    """With event types that are cold, enough for so many rounds."""
    slugs = [f"cold-{number}" for number in range(TRIES * rounds)]
    async with running_neighbours(folder) as (calendly, _, told), detour_to(told["CALENDLY_API_URL"]) as way:
        for slug in slugs:
            await calendly.told("POST", "/event_types", {"slug": slug, "name": slug})
        wishes = {"CALENDLY_API_URL": way.origin, "BFF_EVENT_TYPES": ",".join(slugs)}
        async with running_fleet(folder, told | wishes, Options(protocol=ProtocolOptions())) as fleet:
            village = Village(calendly, way, fleet, [], iter(slugs), folder / "service.log")
            for _ in range(REPLICAS):
                await village.join()
            await village.calls()
            yield village


@dataclass(frozen=True, slots=True)
class Round:
    """`is_sound`: no replica took Redis to be away, nor a living reader to be dead, as where a machine stands still."""

    calls: str
    seconds: float
    wrong: Counter[str]
    is_sound: bool


Play: TypeAlias = Callable[[str, str], Awaitable[Round]]
"""Of a slug that is cold, and a zone."""


async def run_crowds(village: Village, times: int, crowd: int = CROWD) -> Findings:
    """All ask for the same month at once; then, at every replica, others elsewhere for a part of it."""

    async def play(slug: str, zone: str) -> Round:
        away, asked = village.away, Requests([get(month(slug, zone))])
        outcome = await asyncio.to_thread(drive, village.ports, asked, [0] * crowd, Manner(connections=crowd))
        looks, made = await village.looks_at_the_catalogue(), await village.calls()
        wrong = outcome.wrong + Counter({"calls too many": made - ALLOWED[zone]})
        wrong["looks at the catalogue too many"] = max(looks - 1, 0)
        for port in village.ports:
            answer = await call(port, Request("GET", month(slug, "America/Los_Angeles", days=28)))
            wrong["not answered elsewhere"] += answer.status != 200
        wrong["calls for Los Angeles"] += await village.calls()
        slowest = max(outcome.latencies, default=0.0)
        is_sound = village.away == away and slowest < LEASE.total_seconds()
        return Round(f"{made} calls ({zone})", slowest, wrong, is_sound)

    return await _judged(f"{crowd} visitors for a cold month, 4 replicas", village, times, play)


async def run_leaders(village: Village, times: int) -> Findings:
    """Whoever has Calendly's answer on the way is killed; who waited for them there asks another replica."""

    async def play(slug: str, zone: str) -> Round:
        path, hold, away = month(slug, zone), Hold(), village.away
        village.way.block("GET", f"^{TIMES}$", hold, lets_through=True, times=1)
        visits = [asyncio.create_task(_answered(path, village.replicas)) for _ in range(WITNESSES)]
        leader = owner(await hold.port, village.replicas)
        await asyncio.sleep(ALL_ARE_THERE)
        village.replicas.remove(leader)
        village.fleet.kill(leader)
        since = Stopwatch()
        answers = await asyncio.gather(*visits)
        seconds, made = since.seconds, await village.calls()
        wrong = Counter({"calls too many": made - ALLOWED[zone] - 1})
        wrong["not answered"] = sum(answer.status != 200 for answer in answers)
        hold.over.set()
        await village.join()
        is_sound = village.away == away and seconds < REPLACED_WITHIN
        return Round(f"{made} calls ({zone})", seconds, wrong, is_sound)

    return await _judged("whoever reads for all is killed", village, times, play)


async def _judged(name: str, village: Village, times: int, play: Play) -> Findings:
    """So many rounds that are sound, out of `TRIES` times as many."""
    watch, sound, unsound = Stopwatch(), list[Round](), 0
    for slug in village.slugs:
        if len(sound) == times or unsound == (TRIES - 1) * times:
            break
        round_ = await play(slug, list(ALLOWED)[len(sound) % len(ALLOWED)])
        if round_.is_sound:
            sound.append(round_)
        else:
            unsound += 1
    wrong = Counter({"calls too many": 0, "rounds missing": times - len(sound)})
    for each in sound:
        wrong.update({name: max(count, 0) for name, count in each.wrong.items()})
    return Findings(
        name=name,
        trials=times,
        wrong=dict(wrong),
        told={
            **Counter(each.calls for each in sound),
            "slowest (s)": f"{max((each.seconds for each in sound), default=0.0):.1f}",
            "not judged": unsound,
        },
        seconds=watch.seconds,
    )


class Hold:
    """Keeps Calendly's answer back, and tells from which port it was asked for."""

    def __init__(self) -> None:
        self.port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()

    async def __call__(self, passage: Passage) -> None:
        self.port.set_result(passage.writer.get_extra_info("peername")[1])
        await self.over.wait()
        passage.close()


def owner(port: int, replicas: Sequence[Replica]) -> Replica:
    """Whose connection begins at this port of the loopback. Raises `StopIteration` where it is nobody's."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{fields[9]}]" for fields in lines if fields[1] == f"0100007F:{port:04X}"}
    return next(replica for replica in replicas if sockets & _open_files(replica.pid))


def _open_files(pid: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(link.readlink()))
    return found


def month(slug: str, zone: str, days: int = 31) -> str:
    """Where to ask for so many dates, from one on of which none becomes past while we ask."""
    first = datetime.now(UTC).date() + timedelta(days=10)
    range_ = f"from={first}&to={first + timedelta(days=days - 1)}"
    return f"{API}/event-types/{slug}/availability?{range_}&timeZone={zone}"


async def _answered(path: str, replicas: Sequence[Replica]) -> Answer:
    """By whichever of them is alive."""
    while True:
        with suppress(NoAnswerError):
            return await call(random.choice(replicas).port, Request("GET", path))
