"""Cancel, cancel again, move, move again: in any order, two at once, with answers lost, against a small model.

The model knows what each booking's holder was told. Once all is settled, that
has to be the truth at Calendly: one event, or none, and never two.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.life.stage import BOOKING, BRISK, CANCELLATION, Stage, active, healed, made, status_of
from tests.support.redis import RedisServer
from tests.support.service import Json, plan_fault, running_service
from tests.support.simulation import MONDAY, Simulation, StandingClock

T = TypeVar("T")

INTERLEAVINGS = 20
TURNS = 4
STARTS = 4

AT_ONCE = replace(
    BRISK,
    answer_within=timedelta(milliseconds=600),
    quiet=timedelta(milliseconds=400),
    first_look=timedelta(milliseconds=30),
    longest_wait=timedelta(milliseconds=100),
    poll=timedelta(milliseconds=30),
)
"""A turn is settled within a second or two."""

LONGEST = 1000
"""Looks at whether a turn is settled: twenty seconds, for machines that are busy with something else."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Of the next call that matches. `lost`: it is carried out all the same."""

    path: str
    kind: str
    method: str = "POST"
    details: tuple[tuple[str, Any], ...] = ()

    @property
    def lost(self) -> bool:
        return self.kind.startswith("commit")

    @property
    def broken(self) -> bool:
        return self.kind in {"reset", "status"}


FAULTS = (
    Fault(BOOKING, "commit_then_reset"),
    Fault(BOOKING, "commit_then_status", details=(("status", 502),)),
    Fault(BOOKING, "status", details=(("status", 502),)),
    Fault(CANCELLATION, "commit_then_reset"),
    Fault(CANCELLATION, "commit_then_status", details=(("status", 502),)),
    Fault(CANCELLATION, "status", details=(("status", 502),)),
)
SLOW = (
    Fault(BOOKING, "delay", details=(("seconds", 0.1),)),
    Fault(CANCELLATION, "delay", details=(("seconds", 0.1),)),
    Fault("^/scheduled_events", "delay", "GET", details=(("seconds", 0.1),)),
)
"""Nothing goes wrong, but others get in between."""


@dataclass(frozen=True, slots=True)
class Action:
    """`who` counts the bookings round and round, `start` the times; None cancels."""

    who: int
    start: int | None


CANCEL = st.builds(Action, st.integers(0, 5), st.none())
MOVE = st.builds(Action, st.integers(0, 5), st.integers(0, STARTS - 1))
ACTIONS = st.one_of(CANCEL, MOVE, MOVE)
LUCK = st.one_of(st.none(), st.sampled_from(FAULTS))
LUCK_AT_ONCE = st.one_of(st.none(), st.sampled_from(FAULTS + SLOW))


@dataclass
class Told:
    """What the holder of one booking's token knows of it. `moved`: by start, the id of what took its place."""

    booking: Json
    start: int
    status: str = "confirmed"
    moved: dict[int, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.booking["id"])


@dataclass(frozen=True, slots=True)
class Done:
    """An action, on which booking, and what was answered."""

    action: Action
    on: Told
    answer: httpx.Response

    @property
    def code(self) -> str:
        """Of the problem; else the status of the booking, with that of the previous one where it moved."""
        said = self.answer.json()
        previous = said.get("previous")
        return str(said.get("code") or said["status"]) + (f", {previous['status']}" if previous else "")


def expected(told: Told, action: Action, fault: Fault | None, since: str) -> set[str]:
    """What an action may be answered that nothing gets in between of.

    `since`: how the booking stands to which this one was moved. A move that is repeated is answered as it was the first
    time; where nobody knew then, it is answered as it is now.
    """
    if told.status == "failed":
        return {"booking_not_changeable"}
    if action.start is None:
        stays = fault is not None and fault.path == CANCELLATION and fault.broken
        return {"upstream_timeout" if stays and told.status == "confirmed" else "canceled"}
    if action.start in told.moved:
        return {"confirmed, canceled", f"{since}, canceled"}
    if told.status == "canceled":
        return {"booking_not_changeable"}
    return {"slot_taken" if action.start == told.start else _expected_of_move(fault)}


def _expected_of_move(fault: Fault | None) -> str:
    match fault:
        case None:
            return "confirmed, canceled"
        case Fault(path) if path == BOOKING:
            return "confirming"
    return "confirmed, canceling"


class Life(RuleBasedStateMachine):
    """One booking, and all that comes after it, at a service and a Calendly of its own."""

    def __init__(self, stage: tuple[str, StandingClock], redis: RedisServer) -> None:
        super().__init__()
        self._url, self._clock = stage
        self._redis = redis
        self._stack = AsyncExitStack()
        self._runner = asyncio.Runner()
        self._known: list[Told] = []
        self._run(self._begin())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def teardown(self) -> None:
        self._run(self._stack.aclose())
        self._runner.close()

    async def _begin(self) -> None:
        self._redis.flush()
        self._clock.moment = MONDAY
        http = await self._stack.enter_async_context(httpx.AsyncClient(base_url=self._url))
        await http.post("/_simulator/reset")
        self._calendly = Simulation(http, self._clock)
        await self._calendly.settings(tier="enterprise")
        told = Stage(self._calendly, self._redis).settings()
        self._bff = await self._stack.enter_async_context(running_service(told, self._clock, AT_ONCE))
        self._starts = (await self._bff.free("intro-call"))[:STARTS]
        self._known.append(Told(await made(self._bff), 0))

    @rule(action=ACTIONS, fault=LUCK)
    def one_after_another(self, action: Action, fault: Fault | None) -> None:
        told = self._on(action)
        since = {each.id: each.status for each in self._known}
        moved_to = told.moved.get(-1 if action.start is None else action.start, told.id)
        foreseen = expected(told, action, fault, since[moved_to])

        [done] = self._run(self._turn([action], fault))

        assert done.code in foreseen
        self._learn([done], fault)

    @rule(first=ACTIONS, second=ACTIONS, fault=LUCK_AT_ONCE)
    def two_at_once(self, first: Action, second: Action, fault: Fault | None) -> None:
        self._learn(self._run(self._turn([first, second], fault)), fault)

    @invariant()
    def every_token_tells_the_truth(self) -> None:
        statuses = self._run(self._statuses())

        assert statuses == [told.status for told in self._known]

    @invariant()
    def there_is_one_event_or_none(self) -> None:
        starts = self._run(active(self._calendly))

        assert len(starts) == [told.status for told in self._known].count("confirmed") <= 1

    def _on(self, action: Action) -> Told:
        return self._known[action.who % len(self._known)]

    async def _turn(self, actions: list[Action], fault: Fault | None) -> list[Done]:
        """All at once, and then until nothing is left to settle."""
        self._clock.advance(seconds=1)
        if fault is not None:
            await plan_fault(
                self._calendly, fault.kind, path=fault.path, method=fault.method, **dict(fault.details)
            )
        answers = await asyncio.gather(*map(self._act, actions))
        await healed(self._calendly)
        await self._settled()
        return [
            Done(action, self._on(action), answer) for action, answer in zip(actions, answers, strict=True)
        ]

    async def _act(self, action: Action) -> httpx.Response:
        booking = self._on(action).booking
        if action.start is None:
            return await self._bff.manage(booking, "/cancel", {})
        return await self._bff.manage(booking, "/reschedule", {"start": self._starts[action.start]})

    async def _settled(self) -> None:
        for _ in range(LONGEST):
            if await self._bff.app.state.resources.ledger.unsettled() == (0, 0):
                return
            await asyncio.sleep(0.02)
        raise TimeoutError

    async def _statuses(self) -> list[str]:
        return [await status_of(self._bff, told.booking) for told in self._known]

    def _learn(self, turn: list[Done], fault: Fault | None) -> None:
        """What follows from the answers, once all is settled."""
        for done in turn:
            if done.action.start is None:
                if done.answer.status_code == 200:
                    done.on.status = "canceled"
            elif done.answer.status_code in {201, 202}:
                self._learn_of_move(done, done.action.start, fault)
            else:
                assert done.answer.status_code == 409

    def _learn_of_move(self, done: Done, start: int, fault: Fault | None) -> None:
        booking = done.answer.json()
        made_it = done.answer.status_code == 201 or (fault is not None and fault.lost)
        if made_it:
            done.on.moved[start] = booking["id"]
            done.on.status = "canceled"
        if booking["id"] not in {told.id for told in self._known}:
            self._known.append(Told(booking, start, "confirmed" if made_it else "failed"))


@pytest.mark.fault("B12")
def test_whatever_is_asked_in_whatever_order_what_was_told_is_true(
    calendly_server: tuple[str, StandingClock], redis_server: RedisServer
) -> None:
    class Here(Life):
        def __init__(self) -> None:
            super().__init__(calendly_server, redis_server)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=INTERLEAVINGS,
            stateful_step_count=TURNS,
            phases=(Phase.reuse, Phase.generate),  # so few turns are read without being made fewer
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
