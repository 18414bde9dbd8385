"""A booking is settled only once it is written down that somebody is to hear of it."""

from dataclasses import dataclass, field, replace

from app.intents.machine import State
from app.intents.model import Matter, Result
from app.intents.resolver import Resolver
from app.intents.runner import IntentRunner
from tests.intents.rig import KilledError, Process, Rig, standing_of


@dataclass
class Hearing:
    """Whoever is to hear: `deaf` so many times, and dead while it `dies`."""

    deaf: int = 0
    dies: bool = False
    heard: list[Result] = field(default_factory=list)

    async def __call__(self, _matter: Matter, result: Result) -> bool:
        if self.dies:
            raise KilledError
        if self.deaf:
            self.deaf -= 1
            return False
        self.heard.append(result)
        return True


def heard_by(hearing: Hearing, process: Process) -> Process:
    means = replace(process.means, settling=hearing)
    return replace(process, means=means, runner=IntentRunner(means), resolver=Resolver(means))


async def test_what_was_heard_is_settled(rig: Rig) -> None:
    hearing = Hearing()

    progress = await rig.book(heard_by(hearing, rig.process()))

    assert (await standing_of(rig, "bk_1")).state is State.CONFIRMED
    assert hearing.heard == [progress.result]


async def test_what_nobody_could_hear_stands_and_is_settled_when_somebody_can(rig: Rig) -> None:
    hearing = Hearing(deaf=2)
    process = heard_by(hearing, rig.process())

    progress = await rig.book(process)

    assert progress.state is State.CONFIRMED
    assert (await standing_of(rig, "bk_1")).state is State.SENDING
    await rig.settle(process)
    assert (await standing_of(rig, "bk_1")).state is State.CONFIRMED
    assert hearing.heard == [progress.result]
    assert await rig.booked() == rig.at(0)


async def test_what_a_process_died_of_telling_another_tells(rig: Rig) -> None:
    hearing = Hearing(dies=True)
    try:
        await rig.book(heard_by(hearing, rig.process()))
    except KilledError:
        hearing.dies = False
    assert (await standing_of(rig, "bk_1")).state is State.SENDING

    await rig.settle(heard_by(hearing, rig.process()))

    assert len(hearing.heard) == 1
    assert await rig.booked() == rig.at(0)


async def test_a_move_is_heard_of_once_the_old_time_is_given_up(rig: Rig) -> None:
    old = await rig.taken(0)
    hearing = Hearing(deaf=1)
    process = heard_by(hearing, rig.process())

    progress = await rig.book(process, slot=1, replaces=old.event)

    assert progress.state is State.MOVING
    assert hearing.heard == []
    await rig.settle(process)
    assert hearing.heard == [progress.result]
    assert await rig.booked() == rig.at(1)


async def test_nobody_hears_of_what_was_not_made(rig: Rig) -> None:
    hearing = Hearing()
    process = heard_by(hearing, rig.process())
    await rig.calendly.http.post(
        "/_simulator/faults",
        json={"match": {"method": "POST", "path": "^/invitees$"}, "times": 1, "fault": {"kind": "reset"}},
    )

    await rig.book(process)
    await rig.settle(process)

    assert (await standing_of(rig, "bk_1")).state is State.FAILED
    assert hearing.heard == []
