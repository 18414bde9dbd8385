"""When a notice is sent again, and when no more."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relay.schedule import LONGEST_ASKED, NONE, SPREAD, WAITS, asked_wait, next_wait

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_the_waits_grow_from_seconds_to_a_day() -> None:
    waits = [next_wait(attempts, NONE, 0.0) for attempts in range(1, 11)]

    seconds = [5, 30, 120, 600, 3600, 10_800, 21_600, 43_200, 86_400]
    assert waits == [*(timedelta(seconds=each) for each in seconds), None]


@given(
    attempts=st.integers(1, len(WAITS)), chance=st.floats(0, 1), asked=st.timedeltas(NONE, timedelta(days=9))
)
def test_no_wait_is_shorter_than_it_should_be_or_much_longer(
    attempts: int, chance: float, asked: timedelta
) -> None:
    wait = next_wait(attempts, asked, chance)

    assert wait is not None
    usual = WAITS[attempts - 1]
    assert max(usual, min(asked, LONGEST_ASKED)) <= wait <= max(usual * (1 + SPREAD), LONGEST_ASKED)


def test_those_that_failed_together_come_back_apart() -> None:
    assert next_wait(4, NONE, 0.0) != next_wait(4, NONE, 0.5)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        pytest.param("90", 90, id="seconds"),
        pytest.param("Mon, 23 Nov 2026 06:02:00 GMT", 120, id="a date"),
        pytest.param("Mon, 23 Nov 2026 05:00:00 GMT", 0, id="a date that is past"),
        pytest.param("", 0, id="nothing"),
        pytest.param("-5", 0, id="less than nothing"),
        pytest.param("1e9", 0, id="a number of another kind"),
        pytest.param("99999999999", 0, id="for ever"),
        pytest.param("soon", 0, id="a word"),
        pytest.param("Mon, 23 Nov 2026 06:02:00", 0, id="a date without a zone"),
        pytest.param("\u0661", 0, id="another digit"),
    ],
)
def test_a_wait_that_is_asked_for_is_understood(said: str, seconds: int) -> None:
    assert asked_wait(said, NOW) == timedelta(seconds=seconds)
