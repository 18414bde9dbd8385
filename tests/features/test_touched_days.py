"""A booking makes the days beside it untrue as well, for whatever runs into it over midnight (UTC)."""

from datetime import UTC, datetime

import pytest

from tests.support.service import Service, booking_body
from tests.support.simulation import Simulation

DAY = {"from": "2026-12-01", "to": "2026-12-01", "timeZone": "America/Los_Angeles"}
"""A working day of a host over there ends at one in the morning in UTC."""

MIDNIGHT = datetime(2026, 12, 2, tzinfo=UTC)
WINDOW = {"start_time": "2026-12-01T08:00:00.000000Z", "end_time": "2026-12-02T08:00:00.000000Z"}


def _instants(starts: list[str]) -> list[datetime]:
    return [datetime.fromisoformat(start).astimezone(UTC) for start in starts]


@pytest.mark.parametrize(
    "slug", [pytest.param("deep-dive", id="a longer one"), pytest.param("visit", id="one with a buffer")]
)
async def test_what_begins_before_midnight_and_would_run_into_a_booking_is_offered_no_longer(
    bff: Service, calendly: Simulation, slug: str
) -> None:
    await calendly.http.patch("/_simulator/users/ada", json={"timezone": "America/Los_Angeles"})
    before = _instants(await bff.free(slug, **DAY))

    booked = await bff.book(booking_body("intro-call", "2026-12-02T00:00:00Z"))

    after = _instants(await bff.free(slug, **DAY))
    assert booked.status_code == 201
    assert [each for each in before if each < MIDNIGHT and each not in after]
    assert after == _instants(await calendly.starts(slug, **WINDOW))


async def test_what_begins_after_midnight_and_has_a_buffer_before_it_is_offered_no_longer(
    bff: Service, calendly: Simulation
) -> None:
    await calendly.http.patch("/_simulator/users/ada", json={"timezone": "America/Los_Angeles"})
    await calendly.change("visit", before_buffer=30, after_buffer=0, duration=30)
    before = _instants(await bff.free("visit", **DAY))

    booked = await bff.book(booking_body("call-us", "2026-12-01T23:30:00Z"))

    after = _instants(await bff.free("visit", **DAY))
    assert booked.status_code == 201
    assert MIDNIGHT in before
    assert MIDNIGHT not in after
    assert after == _instants(await calendly.starts("visit", **WINDOW))
