"""When to look again: soon at first, not past the end of the quiet period, rarely in the end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.intents.machine import State
from app.intents.model import Standing
from app.intents.options import ProtocolOptions
from app.intents.resolver import next_look
from app.settings import Settings
from tests.intents.examples import matter


def unknown(age: float, looks: int, absences: int = 0) -> Standing:
    return Standing(
        id="bk_1",
        state=State.UNKNOWN,
        fence=1,
        age=age,
        absences=absences,
        looks=looks,
        overdue=True,
        matter=matter(),
        result=None,
        answer=None,
    )


USUAL = ProtocolOptions()


@given(st.floats(0, 1e6), st.integers(0, 10**6), st.integers(0, 5))
def test_a_wait_is_never_shorter_than_nothing_nor_longer_than_the_rarest(
    age: float, looks: int, absences: int
) -> None:
    wait = next_look(unknown(age, looks), absences, USUAL)

    assert timedelta(0) < wait <= USUAL.rare_wait


@given(st.floats(0, 29), st.integers(0, 10**6))
def test_the_end_of_the_quiet_period_is_not_slept_through(age: float, looks: int) -> None:
    wait = next_look(unknown(age, looks), 0, USUAL)

    assert age + wait.total_seconds() <= USUAL.quiet.total_seconds() + 0.001


@pytest.mark.parametrize(
    ("standing", "wait"),
    [
        pytest.param(unknown(40.0, 0), USUAL.first_look, id="first"),
        pytest.param(unknown(40.0, 3), USUAL.first_look * 8, id="ever-rarer"),
        pytest.param(unknown(40.0, 50), USUAL.longest_wait, id="not-too-rare"),
        pytest.param(unknown(40.0, 50, 1), USUAL.first_look, id="one-empty-look"),
        pytest.param(unknown(901.0, 0, 1), USUAL.rare_wait, id="after-the-alarm"),
    ],
)
def test_looks_are_soon_at_first_and_rare_in_the_end(standing: Standing, wait: timedelta) -> None:
    assert next_look(standing, standing.absences, USUAL) == wait


def test_the_usual_figures_fit_each_other() -> None:
    options = ProtocolOptions.of(booking_timeout=timedelta(seconds=18), quiet=timedelta(seconds=30))

    assert options.send_within < options.lease
    assert options.send_within < options.answer_within


@pytest.mark.parametrize("seconds", [1, 3, 8])
def test_nobody_else_takes_up_what_is_looked_at_however_slow_a_read_may_be(seconds: int) -> None:
    read = timedelta(seconds=seconds)
    options = ProtocolOptions.of(
        booking_timeout=timedelta(seconds=18), quiet=timedelta(seconds=30), read_timeout=read
    )

    assert min(options.lease, options.hold) > 4 * read


def test_the_defaults_are_those_of_the_settings() -> None:
    usual = Settings()

    options = ProtocolOptions.of(
        booking_timeout=usual.calendly.booking_timeout,
        quiet=usual.bff.quiet_period,
        read_timeout=usual.calendly.read_timeout,
    )

    assert options == ProtocolOptions()
