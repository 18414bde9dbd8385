"""Readings under way of what becomes untrue: whoever asks afterwards does not join them."""

import asyncio

import pytest

from app.slots.loads import Loads
from tests.slots.readings import DAY, DAYS, INTRO, WORKSHOP, Readings, asking_for, others


@pytest.mark.parametrize("is_all", [False, True], ids=["these days", "all days"])
async def test_who_asks_after_news_does_not_join_what_was_asked_before(
    loads: Loads, readings: Readings, *, is_all: bool
) -> None:
    before = await asking_for(loads, readings, [DAY])
    if is_all:
        loads.spoil_all()
    else:
        loads.spoil([DAY])

    after = await asking_for(loads, readings, [DAY])
    readings.let.set()
    await asyncio.gather(before, after)

    assert [load.untrue for load in readings.begun] == [{DAY}, set()]


async def test_days_that_are_still_true_are_joined_as_before(loads: Loads, readings: Readings) -> None:
    before = await asking_for(loads, readings, DAYS[:2])
    loads.spoil([DAYS[0], DAYS[4]])

    after = await asking_for(loads, readings, [DAYS[1]])
    readings.let.set()
    await asyncio.gather(before, after)

    assert [load.untrue for load in readings.begun] == [{DAYS[0]}]


async def test_news_are_of_all_event_types(loads: Loads, readings: Readings) -> None:
    for event_type in (INTRO, WORKSHOP):
        loads.begin(event_type, [DAY], readings)

    loads.spoil([DAY])

    assert [loads.is_under_way(each, DAY) for each in (INTRO, WORKSHOP)] == [False, False]
    readings.let.set()
    await others()


async def test_a_reading_from_before_that_ends_leaves_the_later_one_to_be_joined(loads: Loads) -> None:
    old, new = Readings(), Readings()
    before = await asking_for(loads, old, [DAY])
    loads.spoil_all()
    after = [await asking_for(loads, new, [DAY])]
    old.let.set()
    await before
    await others()

    after.append(await asking_for(loads, new, [DAY]))
    new.let.set()
    await asyncio.gather(*after)

    assert len(new.begun) == 1
