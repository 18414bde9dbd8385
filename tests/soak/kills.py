"""Bookings whose service is killed at any moment, and tried again with the same key on another."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from secrets import SystemRandom
from statistics import median

from app.intents.options import ProtocolOptions
from tests.soak.caller import NoAnswerError
from tests.soak.findings import Findings
from tests.soak.fleet import Replica
from tests.soak.visitor import PickPort, UnexpectedAnswerError, Visitor
from tests.soak.waiting import Stopwatch, until
from tests.soak.world import MANY, World, slot

QUICK = ProtocolOptions(
    lease=timedelta(seconds=1.5),
    send_within=timedelta(seconds=1),
    answer_within=timedelta(seconds=2.5),
    quiet=timedelta(seconds=1.5),
    first_look=timedelta(seconds=0.3),
    poll=timedelta(seconds=0.2),
)
"""The protocol in less time. The simulator never takes as long, once whoever called it is dead."""

WARM = 3
"""Services that wait to be killed: their start is not part of a trial."""

SURVIVORS = 2
"""Services that the tries after a kill go to."""

AT_ONCE = 48
"""Trials that have begun and not ended: most of them wait for a lease to be over."""

LONGEST_TRIAL = 300.0
"""Seconds up to the last kill, waits for a service to kill included."""

MEASURED = 6
"""Bookings that nobody disturbs, to learn how long each step takes."""

SPACES = 400
"""Slots over which the trials are spread."""

KILLED_AGAIN = 0.2
"""Part of the trials whose second try is killed too."""

random = SystemRandom()


STEPS = ("none", "open", "sending", "confirmed")
"""Of an attempt, as it is written down: from the request to the intent, to the leave to send, to the outcome, to the
answer."""

LOOKED_EVERY = 0.002
"""Seconds, to see an attempt come to a step."""


@dataclass(frozen=True, slots=True)
class Moment:
    """`part` of the length of a step, from where the attempt comes to it."""

    step: str
    part: float


@dataclass(slots=True)
class Seen:
    """`states`: how far an attempt had come when its service died."""

    states: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


class KillTrials:
    def __init__(self, world: World, ports: PickPort) -> None:
        self._world = world
        self._ports = ports
        self._warm: asyncio.Queue[Replica] = asyncio.Queue()
        self._refills: set[asyncio.Task[None]] = set()
        self._measured: dict[str, list[float]] = {step: [] for step in STEPS}
        self.seen = Seen()

    async def open(self) -> None:
        await asyncio.gather(*(self._refill() for _ in range(WARM)))

    async def aclose(self) -> None:
        await asyncio.gather(*self._refills)

    async def measure(self, visitor: Visitor) -> None:
        """How long each step takes of a booking that nobody disturbs."""
        replica = await self._warm.get()
        attempt = asyncio.create_task(_attempted(visitor, replica))
        for number, step in enumerate(STEPS):
            watch = Stopwatch()
            await self._reached(number + 1, visitor, attempt)
            self._measured[step].append(watch.seconds)
        await attempt
        self._bury(replica)

    def length(self, step: str) -> float:
        """In seconds, as it usually is: one that was slow would put most kills behind the end of it."""
        return median(self._measured[step])

    async def run(self, visitor: Visitor, moments: Sequence[Moment]) -> None:
        """Kill the service of as many tries as there are moments; then let it come to an end."""
        try:
            async with asyncio.timeout(LONGEST_TRIAL):
                for moment in moments:
                    await self._killed(visitor, moment)
            watch = Stopwatch()
            await visitor.book(self._ports)
        except (UnexpectedAnswerError, TimeoutError) as error:
            self.seen.unexpected[f"{type(error).__name__}{error.args}"] += 1
        else:
            self.seen.slowest = max(self.seen.slowest, watch.seconds)

    async def _killed(self, visitor: Visitor, moment: Moment) -> None:
        replica = await self._warm.get()
        attempt = asyncio.create_task(_attempted(visitor, replica))
        await self._reached(STEPS.index(moment.step), visitor, attempt)
        await asyncio.sleep(moment.part * self.length(moment.step))
        self._bury(replica)
        self.seen.states["answered" if attempt.done() else await self._world.state_of(visitor.key)] += 1
        await attempt

    async def _reached(self, step: int, visitor: Visitor, attempt: "asyncio.Task[None]") -> None:
        """By its number, or the end of the attempt."""

        async def is_there() -> bool:
            state = await self._world.state_of(visitor.key)
            return attempt.done() or state not in STEPS or STEPS.index(state) >= step

        await until(is_there, every=LOOKED_EVERY)

    def _bury(self, replica: Replica) -> None:
        self._world.fleet.kill(replica)
        task = asyncio.create_task(self._refill())
        self._refills.add(task)
        task.add_done_callback(self._refills.discard)

    async def _refill(self) -> None:
        """With one that has done all before that a booking does, short of booking: then every step of it is as long."""
        replica = await self._world.fleet.start()
        with suppress(NoAnswerError):
            await Visitor(f"nobody-{replica.pid}@example.test", MANY, slot(0)).preflight(replica.port)
        await self._warm.put(replica)


async def _attempted(visitor: Visitor, replica: Replica) -> None:
    with suppress(NoAnswerError):
        await visitor.submit(replica.port)


def moments(times: int) -> list[Moment]:
    """As many in each step, spread evenly over it, in an order that nobody can foresee."""
    spread = [
        Moment(STEPS[number % len(STEPS)], (number + random.random()) / times) for number in range(times)
    ]
    return random.sample(spread, times)


@asynccontextmanager
async def kill_trials(world: World) -> AsyncIterator[KillTrials]:
    ports = cycle([(await world.fleet.start()).port for _ in range(SURVIVORS)])
    trials = KillTrials(world, lambda: next(ports))
    await trials.open()
    yield trials
    await trials.aclose()


async def run_kills(world: World, times: int) -> Findings:
    watch = Stopwatch()
    visitors = [
        Visitor(f"visitor-{number}@example.test", MANY, slot(number % SPACES)) for number in range(times)
    ]
    async with kill_trials(world) as trials:
        for number in range(MEASURED):
            await trials.measure(Visitor(f"first-{number}@example.test", MANY, slot(number)))
        room = asyncio.Semaphore(AT_ONCE)

        async def run(visitor: Visitor, moment: Moment) -> None:
            again = [Moment("none", random.random() * 2)] if random.random() < KILLED_AGAIN else []
            async with room:
                await trials.run(visitor, [moment, *again])

        await asyncio.gather(*map(run, visitors, moments(times)))
    return await _findings(world, trials, visitors, watch.seconds)


async def _findings(world: World, trials: KillTrials, visitors: list[Visitor], seconds: float) -> Findings:
    found = await world.calendly.bookings()
    return Findings(
        name="kill -9",
        trials=len(visitors),
        wrong={
            "lost": sum(visitor.acknowledged and not found[visitor.email] for visitor in visitors),
            "doubled": sum(found[visitor.email] > 1 for visitor in visitors),
            "replays that differ": sum(len(set(visitor.bodies)) > 1 for visitor in visitors),
            "new twice": sum(visitor.fresh > 1 for visitor in visitors),
            "never booked": sum(not visitor.bodies for visitor in visitors),
            "steps never hit": sum(not trials.seen.states[step] for step in STEPS[1:]),
            "unexpected answers": trials.seen.unexpected.total(),
        },
        told={
            "killed while": dict(trials.seen.states.most_common()),
            "steps (s)": {step: round(trials.length(step), 3) for step in STEPS},
            "slowest recovery (s)": round(trials.seen.slowest, 1),
            **trials.seen.unexpected,
        },
        seconds=seconds,
    )
