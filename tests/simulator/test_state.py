"""What a reset of the simulator leaves to nobody."""

from datetime import UTC, datetime

from simulator.state import State


def test_no_secret_is_given_again_after_a_reset_though_the_clock_stands_still() -> None:
    state = State(lambda: datetime(2026, 11, 23, 7, tzinfo=UTC))
    before = state.fresh_secret("refresh-token")

    state.clear()

    assert state.fresh_secret("refresh-token") != before
