"""Readings under way: one for everybody, and nobody takes anybody along."""

import asyncio
import gc
import time
from datetime import timedelta
from typing import Any

import pytest

from app.errors import UpstreamError, UpstreamTimeoutError
from app.slots.loads import Load, Loads, those
from app.slots.model import Day
from tests.slots.readings import DAY, DAYS, INTRO, NOW, WORKSHOP, Readings, asking_for, others


async def test_everybody_who_asks_meanwhile_shares_one_reading(loads: Loads, readings: Readings) -> None:
    asking = [await asking_for(loads, readings, [DAY]) for _ in range(5)]
    readings.let.set()

    found = await asyncio.gather(*asking)

    assert found == [{DAY: Day(DAY, NOW, [])}] * 5
    assert readings.days == [{DAY}]


async def test_only_those_days_are_read_that_nobody_reads(loads: Loads, readings: Readings) -> None:
    first = await asking_for(loads, readings, DAYS[:2])
    second = await asking_for(loads, readings, DAYS[1:3])
    readings.let.set()

    assert set(await first) == set(DAYS[:2])
    assert set(await second) == set(DAYS[:3])
    assert readings.days == [set(DAYS[:2]), {DAYS[2]}]


async def test_days_that_no_call_spans_are_read_side_by_side(loads: Loads, readings: Readings) -> None:
    far = DAY + timedelta(days=31)
    asking = await asking_for(loads, readings, [far, DAY])
    begun = list(readings.days)
    readings.let.set()

    assert set(await asking) == {DAY, far}
    assert begun == [{DAY}, {far}]


async def test_another_event_type_is_another_reading(loads: Loads, readings: Readings) -> None:
    asking = [await asking_for(loads, readings, [DAY], event_type) for event_type in (INTRO, WORKSHOP)]
    readings.let.set()
    await asyncio.gather(*asking)

    assert [load.event_type for load in readings.begun] == [INTRO, WORKSHOP]


async def test_what_has_been_read_is_read_again_for_who_asks_later(loads: Loads, readings: Readings) -> None:
    readings.let.set()
    await loads.join(INTRO, [DAY], readings)
    was_under_way = loads.is_under_way(INTRO, DAY)

    await loads.join(INTRO, [DAY], readings)

    assert not was_under_way
    assert len(readings.begun) == 2


async def test_nothing_is_read_for_who_asks_for_nothing(loads: Loads, readings: Readings) -> None:
    assert await loads.join(INTRO, [], readings) == {}
    assert readings.begun == []


async def test_what_is_begun_is_under_way_until_it_ends(loads: Loads, readings: Readings) -> None:
    before = loads.is_under_way(INTRO, DAY)
    [task] = loads.begin(INTRO, [DAY], readings)
    meanwhile = [loads.is_under_way(INTRO, DAY), loads.is_under_way(WORKSHOP, DAY)]
    readings.let.set()
    await task
    await others()

    assert (before, *meanwhile, loads.is_under_way(INTRO, DAY)) == (False, True, False, False)


async def test_whoever_leaves_takes_nobody_along(loads: Loads, readings: Readings) -> None:
    leaving, staying = [await asking_for(loads, readings, [DAY]) for _ in range(2)]
    leaving.cancel()
    await others()
    readings.let.set()

    assert set(await staying) == {DAY}
    assert leaving.cancelled()


async def test_a_reading_goes_on_though_everybody_has_left(loads: Loads, readings: Readings) -> None:
    leaving = await asking_for(loads, readings, [DAY])
    leaving.cancel()
    await others()

    late = await asking_for(loads, readings, [DAY])
    readings.let.set()

    assert set(await late) == {DAY}
    assert len(readings.begun) == 1


async def test_a_failure_fails_everybody_who_waited_once(loads: Loads, readings: Readings) -> None:
    asking = [await asking_for(loads, readings, [DAY]) for _ in range(3)]
    readings.error = error = UpstreamTimeoutError()
    readings.let.set()
    failed = await asyncio.gather(*asking, return_exceptions=True)
    readings.error = None

    assert failed == [error] * 3
    assert set(await loads.join(INTRO, [DAY], readings)) == {DAY}
    assert len(readings.begun) == 2


async def test_who_waits_for_two_readings_fails_with_the_first_and_the_other_goes_on(loads: Loads) -> None:
    failing, well = Readings(UpstreamTimeoutError()), Readings()
    other = await asking_for(loads, well, [DAYS[1]])
    asking = await asking_for(loads, failing, DAYS[:2])
    failing.let.set()

    with pytest.raises(UpstreamTimeoutError):
        await asking

    well.let.set()
    assert set(await other) == {DAYS[1]}


async def test_a_failure_that_nobody_waits_for_is_not_reported(loads: Loads) -> None:
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    failing = Readings(UpstreamTimeoutError())
    failing.let.set()

    loads.begin(INTRO, [DAY], failing)
    await others()
    gc.collect()

    assert not loads.is_under_way(INTRO, DAY)
    assert reported == []


async def _failed(loads: Loads) -> tuple[float, UpstreamError]:
    """When a reading was begun that failed, and what with."""
    began, failing = time.monotonic(), Readings(UpstreamTimeoutError())
    failing.let.set()
    with pytest.raises(UpstreamTimeoutError) as failure:
        await loads.join(INTRO, DAYS[:2], failing)
    await others()
    return began, failure.value


async def test_who_has_waited_since_before_fails_with_it(loads: Loads) -> None:
    began, error = await _failed(loads)

    with pytest.raises(UpstreamTimeoutError) as failure:
        loads.require_none_failed(INTRO, [DAYS[2], DAYS[1]], began)

    assert failure.value is error


async def test_who_has_not_waited_for_it_does_not_fail_with_it(loads: Loads) -> None:
    began, _ = await _failed(loads)

    loads.require_none_failed(INTRO, DAYS, None)
    loads.require_none_failed(INTRO, DAYS, time.monotonic() + 1)
    loads.require_none_failed(INTRO, DAYS[2:], began)
    loads.require_none_failed(WORKSHOP, DAYS, began)


async def test_who_left_a_reading_is_no_failure_of_it(loads: Loads, readings: Readings) -> None:
    began = time.monotonic()
    [task] = loads.begin(INTRO, [DAY], readings)
    task.cancel()
    await others()

    loads.require_none_failed(INTRO, [DAY], began)
    assert not loads.is_under_way(INTRO, DAY)


def test_of_what_was_found_the_wanted_days_are_taken() -> None:
    found = {day: Day(day, NOW, []) for day in DAYS[:2]}

    assert those(DAYS[1:], found) == {DAYS[1]: found[DAYS[1]]}


def test_a_reading_is_itself_alone() -> None:
    assert Load(INTRO, frozenset({DAY})) != Load(INTRO, frozenset({DAY}))
