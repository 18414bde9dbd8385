"""Fifty submits at once: with one key, or by fifty people for one seat. On two services, as behind a balancer."""

import asyncio
from collections import Counter
from itertools import cycle

from tests.soak.caller import Answer
from tests.soak.findings import Findings
from tests.soak.visitor import PickPort, Visitor
from tests.soak.waiting import Stopwatch
from tests.soak.world import MANY, ONE, World, slot

CROWD = 50

REPLICAS = 2


async def run_one_key(world: World, rounds: int) -> Findings:
    """All that were turned away try again, until each has been told 201."""
    watch, ports = Stopwatch(), await _ports(world)
    visitors, seen = [], Counter[str]()
    for number in range(rounds):
        visitor = Visitor(f"clicker-{number}@example.test", MANY, slot(number))
        visitors.append(visitor)
        answers = await asyncio.gather(*(visitor.submit(ports()) for _ in range(CROWD)))
        seen.update(_outcome(answer) for answer in answers)
        turned_away = sum(answer.status != 201 for answer in answers)
        await asyncio.gather(*(visitor.book(ports) for _ in range(turned_away)))
    found = await world.calendly.bookings()
    return Findings(
        name=f"{CROWD} submits with one key",
        trials=rounds,
        wrong={
            "not booked": sum(not found[visitor.email] for visitor in visitors),
            "doubled": sum(found[visitor.email] > 1 for visitor in visitors),
            "replays that differ": sum(len(set(visitor.bodies)) > 1 for visitor in visitors),
            "not replayed": sum(visitor.fresh != 1 for visitor in visitors),
            "not told 201": sum(len(visitor.bodies) != CROWD for visitor in visitors),
            "other answers": sum(
                count for outcome, count in seen.items() if outcome not in {"201", "409 booking_in_flight"}
            ),
        },
        told=dict(seen),
        seconds=watch.seconds,
    )


async def run_one_seat(world: World, rounds: int) -> Findings:
    """Each round has a slot of its own."""
    watch, ports = Stopwatch(), await _ports(world)
    seen, uneven, several_sent = Counter[str](), 0, 0
    await world.calendly.told("DELETE", "/calls")
    for number in range(rounds):
        crowd = [Visitor(f"rival-{number}-{place}@example.test", ONE, slot(number)) for place in range(CROWD)]
        answers = await asyncio.gather(*(visitor.submit(ports()) for visitor in crowd))
        outcomes = Counter(_outcome(answer) for answer in answers)
        seen.update(outcomes)
        uneven += outcomes != {"201": 1, "409 slot_taken": CROWD - 1}
        several_sent += len(await world.calendly.calls("POST", "/invitees")) != 1
        await world.calendly.told("DELETE", "/calls")
    booked = (await world.calendly.bookings()).total()
    return Findings(
        name=f"{CROWD} visitors for one seat",
        trials=rounds,
        wrong={
            "not one 201 and the rest slot_taken": uneven,
            "not one call": several_sent,
            "bookings more or less": abs(booked - rounds),
        },
        told=dict(seen),
        seconds=watch.seconds,
    )


async def _ports(world: World) -> PickPort:
    ports = cycle([(await world.fleet.start()).port for _ in range(REPLICAS)])
    return lambda: next(ports)


def _outcome(answer: Answer) -> str:
    return f"{answer.status} {answer.code}".strip()
