"""Free times as two replicas answer them, whatever happens: against what Calendly has really been asked.

Each free time tells which reading of Calendly it comes from. So every answer proves how old it is, and the model
need not know how days are kept: it knows what an answer may never be.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, TypeAlias, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.features.availability.answers import MARKED_FOR
from app.slots.planning import midnight, touched_days
from tests.features.availability_model.evidence import Place, Question
from tests.features.availability_model.judge import Judge, Replica, Told
from tests.features.availability_model.readings import EVENT_TYPES, HOUR, Calendly, serving
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import Json, running_service, settings_for
from tests.support.simulation import StandingClock

T = TypeVar("T")

Asked: TypeAlias = tuple[int, Question]
"""By which replica, and what."""

EXAMPLES = 14
STEPS = 25
LONGEST = 20.0
"""Seconds for anything that happens at once, on machines that stand still for seconds."""

INTRO, VISIT = EVENT_TYPES
QUESTIONS = [
    Question((INTRO,), "UTC", 0, 2),
    Question((INTRO,), "Asia/Tokyo", 0, 3),
    Question((INTRO,), "America/Los_Angeles", 1, 2),
    Question((INTRO,), "Europe/Berlin", 0, 2),
    Question((INTRO,), "Europe/Berlin", 2, 4),
    Question((VISIT,), "UTC", 1, 3),
    Question((VISIT, INTRO), "Europe/Berlin", 0, 2),
]
MOMENTS = [datetime(2026, 11, 23, *hour, tzinfo=UTC) for hour in ((6, 0, 0), (22, 58, 40), (23, 30, 0))]
SHORT = [timedelta(seconds=seconds) for seconds in (0.5, 1, 10, 29.5, 30, 31)]
LONG = [timedelta(seconds=seconds) for seconds in (90, 270, 570, 600, 660, 2400, 3540, 3660)]
BACK = [timedelta(seconds=seconds) for seconds in (61, 600, 3600, 90_000)]
FAILURES: list[tuple[int, Json]] = [(403, {"title": "Permission Denied"}), (200, {"odd": 1})]
"""What Calendly answers instead of free times; none of it is worth asking for again."""

WHO = st.sampled_from([0, 1])
ASKED = st.tuples(WHO, st.sampled_from(QUESTIONS))
WHICH_HOUR = st.integers(1, 72)
SOON = st.integers(10, 40)


class Policy(RuleBasedStateMachine):
    """Two replicas on one Redis, a Calendly that can be asked how it was asked, and one clock for all."""

    def __init__(self, calendly: Calendly, url: str, redis: RedisServer) -> None:
        super().__init__()
        self._calendly, self._clock, self._redis = calendly, calendly.clock, redis
        stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
        self._settings = settings_for(url, **stores, event_types_fresh=timedelta(days=1))
        self._runner = asyncio.Runner()
        self._judge = Judge(calendly)
        self._replicas = self._judge.replicas
        self._stacks: list[AsyncExitStack] = []
        self._last: Asked = (0, QUESTIONS[0])
        self._places: set[Place] = set()
        self._was_cut_off = self._has_started_anew = False

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(asyncio.wait_for(work, LONGEST))

    def teardown(self) -> None:
        self._calendly.held = False
        for stack in self._stacks:
            self._run(stack.aclose())
        self._runner.close()

    @initialize(moment=st.sampled_from(MOMENTS))
    def begin(self, moment: datetime) -> None:
        self._redis.flush()
        self._calendly.reset()
        self._clock.moment = moment
        for who in (0, 1):
            self._run(self._open(who))

    @rule(asked=ASKED)
    def somebody_asks(self, asked: Asked) -> None:
        self._run(self._crowd([asked]))

    @rule(asked=st.lists(ASKED, min_size=2, max_size=5))
    def many_ask_at_once(self, asked: list[Asked]) -> None:
        self._run(self._crowd(asked))

    @rule(stride=st.sampled_from(SHORT))
    def the_same_is_asked_again_after_a_while(self, stride: timedelta) -> None:
        self._clock.moment += stride
        self._run(self._crowd([self._last]))

    @rule(stride=st.sampled_from(LONG), asked=ASKED)
    def time_passes(self, stride: timedelta, asked: Asked) -> None:
        self._clock.moment += stride
        self._run(self._crowd([asked]))

    @rule(stride=st.sampled_from(BACK), asked=ASKED)
    def the_clock_is_set_back(self, stride: timedelta, asked: Asked) -> None:
        self._run(self._set_back(stride))
        self._run(self._crowd([self._last, asked]))

    @rule(failure=st.sampled_from(FAILURES), stride=st.sampled_from(LONG), asked=ASKED)
    def calendly_fails(self, failure: tuple[int, Json], stride: timedelta, asked: Asked) -> None:
        self._run(self._crowd([asked]))
        self._calendly.failure = failure
        self._clock.moment += stride
        self._run(self._crowd([asked]))

    @rule(asked=ASKED)
    def calendly_answers_again(self, asked: Asked) -> None:
        self._calendly.failure = None
        self._clock.moment += MARKED_FOR
        self._run(self._crowd([asked]))

    @rule(hour=WHICH_HOUR)
    def somebody_books_at_calendly_itself(self, hour: int) -> None:
        self._change(hour)

    @rule(who=WHO, hour=WHICH_HOUR, asked=ASKED)
    def somebody_books_or_cancels(self, who: int, hour: int, asked: Asked) -> None:
        self._run(self._forget(who, self._change(hour)))
        self._run(self._crowd([self._last, asked]))

    @rule(
        asked=st.lists(ASKED, min_size=1, max_size=3),
        stride=st.sampled_from(SHORT),
        who=WHO,
        hour=WHICH_HOUR,
    )
    def somebody_books_while_calendly_is_asked(
        self, asked: list[Asked], stride: timedelta, who: int, hour: int
    ) -> None:
        self._run(self._overtaken(asked, stride, who, hour))

    @rule(asked=ASKED)
    def redis_loses_everything(self, asked: Asked) -> None:
        self._run(self._until(self._everybody_hears))
        self._redis.told("FLUSHDB")
        self._judge.shelf.clear()
        self._run(self._crowd([asked]))

    @precondition(lambda self: not self._was_cut_off)
    @rule(who=WHO, question=st.sampled_from(QUESTIONS), hour=SOON)
    def somebody_books_while_nobody_can_hear_of_it(self, who: int, question: Question, hour: int) -> None:
        """Once in a life: it takes a fifth of a second until they hear again."""
        self._was_cut_off = True
        both = [(0, question), (1, question)]
        self._run(self._crowd(both))
        self._run(self._until(self._is_cut_off))
        start = question.range(self._clock()).begins + HOUR * hour
        self._calendly.taken ^= {start}
        self._run(self._forget(who, start))
        self._run(self._crowd(both))

    @precondition(lambda self: not self._has_started_anew)
    @rule(who=WHO)
    def a_replica_starts_anew(self, who: int) -> None:
        """Once in a life, for it takes long, too."""
        self._has_started_anew = True
        self._judge.is_out()
        self._run(self._stacks[who].aclose())
        self._run(self._open(who))

    @invariant()
    def there_are_no_more_keys_than_days(self) -> None:
        assert len(self._redis.told("KEYS", "*:day:*")) <= len(self._places)

    async def _open(self, who: int) -> None:
        stack = AsyncExitStack()
        replica = Replica(await stack.enter_async_context(running_service(self._settings, self._clock)))
        self._stacks[who : who + 1] = [stack]
        self._replicas[who : who + 1] = [replica]
        await self._until(lambda: replica.hears)

    async def _until(self, holds: Callable[[], bool]) -> None:
        for _ in count():
            if holds():
                return
            await asyncio.sleep(0.001)

    async def _ask(self, who: int, question: Question) -> Told:
        self._last = (who, question)
        replica, range_ = self._replicas[who], question.range(self._clock())
        self._places.update(question.places(range_))
        answer = await replica.bff.get(question.path, **question.params(range_))
        return Told(question, range_, answer, self._judge.true_from, self._judge.timed_from)

    async def _set_back(self, stride: timedelta) -> None:
        self._judge.look_at_the_clock()
        self._clock.moment -= stride
        self._judge.set_back()

    async def _crowd(self, asked: Sequence[Asked]) -> None:
        began = time.monotonic()
        answers = await asyncio.gather(*(self._ask(*each) for each in asked))
        aged = [place for told in answers for place in self._judge.aged_in(told)]
        await self._until(self._nothing_is_read)
        self._judge.reckon(began)
        self._judge.require_renewed(aged)

    async def _overtaken(self, asked: Sequence[Asked], stride: timedelta, who: int, hour: int) -> None:
        """Whoever asks is still waiting for Calendly, where it has to be asked, when others change something."""
        began, before = time.monotonic(), len(self._calendly.readings)
        self._calendly.held = True
        asking = [asyncio.create_task(self._ask(*each)) for each in asked]
        await self._until(lambda: len(self._calendly.readings) > before or self._is_answered(asking))
        # From here on no call is on its way: the time at which it was asked is the time at which it arrived.
        await self._until(lambda: sum(each.calls for each in self._replicas) == self._calendly.holding)
        for each in asking:
            if each.done():
                self._judge.aged_in(each.result())
        waiting = [each for each in asking if not each.done()]
        self._judge.reckon(began)
        self._clock.moment += stride
        days = await self._forget(who, self._change(hour))
        self._calendly.held = False
        for told in await asyncio.gather(*waiting):
            self._judge.aged_in(told)
        await self._until(self._nothing_is_read)
        self._judge.reckon(began, spared=days)

    def _is_answered(self, asking: "Sequence[asyncio.Task[Told]]") -> bool:
        return all(each.done() for each in asking) and self._nothing_is_read()

    def _everybody_hears(self) -> bool:
        return all(each.hears for each in self._replicas) or self._judge.is_out()

    def _is_cut_off(self) -> bool:
        self._redis.told("CLIENT", "KILL", "TYPE", "pubsub")
        return not any(each.hears for each in self._replicas) or self._judge.is_out()

    def _nothing_is_read(self) -> bool:
        return not any(each.reads for each in self._replicas)

    def _change(self, hour: int) -> datetime:
        """Booked where it was free, and free where it was booked."""
        start = midnight(self._clock().date()) + HOUR * hour
        self._calendly.taken ^= {start}
        return start

    async def _forget(self, who: int, start: datetime) -> list[date]:
        """And until all have heard of it that can hear."""
        began, readings = time.monotonic(), len(self._calendly.readings)
        versions = [each.buckets.version for each in self._replicas]
        await self._replicas[who].bff.account.forget_days(start, start + HOUR / 2)
        for replica, version in zip(self._replicas, versions, strict=True):
            await self._until(partial(self._has_heard, replica, version))
        days = touched_days(start, start + HOUR / 2)
        self._judge.reckon(began, spared=days)
        self._judge.forgotten(days, readings=readings)
        return days

    def _has_heard(self, replica: Replica, version: int) -> bool:
        return replica.buckets.version != version or not replica.hears or self._judge.is_out()


@pytest.mark.parametrize(
    ("examples", "is_known"),
    [
        pytest.param(EXAMPLES, True, id="the same lives each time"),
        pytest.param(30 * EXAMPLES, False, id="lives that nobody has led", marks=pytest.mark.soak),
    ],
)
def test_whatever_happens_every_answer_is_as_old_as_it_says_and_no_older_than_it_may_be(
    redis_server: RedisServer, examples: int, *, is_known: bool
) -> None:
    calendly = Calendly(StandingClock())
    with serving(calendly) as url:

        class Here(Policy):
            def __init__(self) -> None:
                super().__init__(calendly, url, redis_server)

        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=examples,
                stateful_step_count=STEPS,
                derandomize=is_known,
                database=None,
                phases=(Phase.generate,),  # so few steps are read without being made fewer
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
