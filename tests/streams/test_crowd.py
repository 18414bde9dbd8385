"""Many who listen at two replicas hear of each booking. `make soak-streams` has more of them."""

from pathlib import Path

from tests.soak.findings import table
from tests.soak.pages import run_deaf, run_pages
from tests.soak.streams import run_bookings, run_crowd


async def test_all_who_listen_hear_of_each_booking_within_a_second(tmp_path: Path) -> None:
    findings = await run_bookings(tmp_path, 2, listeners=60)

    assert findings.kept, table([findings])


async def test_whoever_listens_costs_little_and_leaves_nothing(tmp_path: Path) -> None:
    findings = await run_crowd(tmp_path, 600)

    assert findings.kept, table([findings])


async def test_all_who_listen_hear_what_happens_on_calendlys_pages(tmp_path: Path) -> None:
    findings = await run_pages(tmp_path, 1, listeners=60)

    assert findings.kept, table([findings])


async def test_where_calendly_signs_with_another_key_nobody_hears(tmp_path: Path) -> None:
    findings = await run_deaf(tmp_path, 1)

    assert findings.kept, table([findings])
