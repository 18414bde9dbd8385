"""`GET /bookings/{id}/calendar.ics` through a booking's life, as a parser of another make reads it."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from tests.life.stage import Stage, canceled, canceled_by_host, made, moved
from tests.support.keys import OTHER_KEY, SECRET_KEY
from tests.support.redis import RedisServer
from tests.support.service import Json, Service
from tests.support.simulation import Simulation

vobject: Any = import_module("vobject")
"""The other make; by name, because it comes without types."""

STARTS = [f"2026-11-23T{hour}:00:00+01:00" for hour in ("11", "12", "13")]


async def entry(bff: Service, booking: Json) -> dict[str, Any]:
    """Name and value of each property of the one event in the file."""
    answer = await bff.manage(booking, "/calendar.ics")
    assert answer.status_code == 200, answer.text
    calendar = vobject.readOne(answer.text, validate=True)
    return {child.name: child.value for child in calendar.vevent.getChildren()}


async def test_the_file_says_what_the_booking_says(bff: Service) -> None:
    booking = await made(bff)

    shown = await entry(bff, booking)

    assert (shown["STATUS"], shown["SUMMARY"]) == ("CONFIRMED", "Intro call (Ada Example)")
    assert (shown["DTSTART"], shown["DTEND"]) == (
        datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 8, 30, tzinfo=UTC),
    )
    assert shown["UID"].startswith(booking["id"])


async def test_the_file_is_one_to_save_and_for_nobody_else(bff: Service) -> None:
    answer = await bff.manage(await made(bff), "/calendar.ics")

    assert answer.headers["Content-Type"].startswith("text/calendar; charset=utf-8")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="booking.ics"'
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_join_link_is_in_the_file_once_it_is_there(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    before = await entry(bff, booking)
    calendly.clock.advance(seconds=2)

    after = await entry(bff, booking)

    link = (await bff.manage(booking)).json()["location"]["joinUrl"]
    assert (before.get("URL"), after["URL"]) == (None, link)


async def test_each_move_is_the_same_entry_with_a_higher_sequence(bff: Service) -> None:
    booking = await made(bff)
    shown = [await entry(bff, booking)]

    for start in STARTS:
        booking = await moved(bff, booking, start)
        shown.append(await entry(bff, booking))

    sequences = [int(each["SEQUENCE"]) for each in shown]
    assert len({each["UID"] for each in shown}) == 1
    assert sequences == sorted(set(sequences))
    assert [each["STATUS"] for each in shown] == ["CONFIRMED"] * 4
    assert shown[-1]["DTSTART"] == datetime.fromisoformat(STARTS[-1])


async def test_a_cancellation_is_the_same_entry_with_a_higher_sequence(bff: Service) -> None:
    booking = await made(bff)
    before = await entry(bff, booking)
    await canceled(bff, booking)

    after = await entry(bff, booking)

    assert (after["STATUS"], after["UID"]) == ("CANCELLED", before["UID"])
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])


async def test_canceled_after_a_move_counts_up_from_there(bff: Service) -> None:
    booking = await moved(bff, await made(bff), STARTS[0])
    before = await entry(bff, booking)
    await canceled(bff, booking)

    after = await entry(bff, booking)

    assert (after["STATUS"], after["UID"]) == ("CANCELLED", before["UID"])
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])


async def test_the_old_file_of_a_moved_booking_never_outranks_the_new(bff: Service) -> None:
    old = await made(bff)
    new = await moved(bff, old, STARTS[0])

    before, after = await entry(bff, old), await entry(bff, new)

    assert (before["STATUS"], before["UID"]) == ("CANCELLED", after["UID"])
    assert int(before["SEQUENCE"]) < int(after["SEQUENCE"])


async def test_what_the_host_canceled_is_canceled_in_the_file(bff: Service, calendly: Simulation) -> None:
    booking = await made(bff)
    before = await entry(bff, booking)
    await canceled_by_host(calendly)

    after = await entry(bff, booking)

    assert (after["STATUS"], after["UID"]) == ("CANCELLED", before["UID"])
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])


@pytest.mark.fault("R09")
async def test_the_entry_is_the_same_after_the_store_lost_everything(
    bff: Service, redis: RedisServer
) -> None:
    booking = await moved(bff, await made(bff), STARTS[0])
    before = await entry(bff, booking)
    redis.flush()

    assert await entry(bff, booking) == before


async def test_the_entry_is_the_same_under_a_new_key(stage: Stage, bff: Service) -> None:
    booking = await made(bff)
    before = await entry(bff, booking)

    async with stage.service(OTHER_KEY, SECRET_KEY) as rotated:
        assert await entry(rotated, booking) == before


async def test_two_bookings_are_two_entries(bff: Service) -> None:
    one, other = await entry(bff, await made(bff)), await entry(bff, await made(bff))

    assert one["UID"] != other["UID"]
