"""The machine as a whole: every state, every event, and every path through them."""

from itertools import product

import pytest

from app.intents import machine
from app.intents.machine import (
    ABSENCES,
    FINAL,
    TASKS,
    UNCERTAIN,
    Evidence,
    Happened,
    State,
    Task,
    after,
    is_conclusive,
    is_quiet,
    transitions,
)

ENDS = FINAL | {State.DROPPED}

HAPPENS_IN: dict[Task, frozenset[Happened]] = {
    Task.DROP: frozenset({Happened.LOST}),
    Task.WAIT: frozenset({Happened.LOST}),
    Task.LOOK: frozenset({Happened.FOUND, Happened.ABSENT}),
    Task.CANCEL_OLD: frozenset({Happened.CANCELED, Happened.STUCK}),
    Task.CANCEL_NEW: frozenset({Happened.CANCELED}),
}
"""What can come of each task."""

AS_DRAWN: dict[State, dict[Happened, str]] = {
    State.OPEN: {
        Happened.CLEARED: "sending",
        Happened.FOUND: "booked",
        Happened.REFUSED: "dropped",
        Happened.LOST: "dropped",
    },
    State.SENDING: {
        Happened.BOOKED: "booked",
        Happened.FOUND: "booked",
        Happened.REFUSED: "dropped",
        Happened.LOST: "unknown",
    },
    State.UNKNOWN: {
        Happened.BOOKED: "booked",
        Happened.FOUND: "booked",
        Happened.REFUSED: "dropped",
        Happened.ABSENT: "failed",
    },
    State.MOVING: {Happened.CANCELED: "confirmed", Happened.STUCK: "undoing"},
    State.UNDOING: {Happened.CANCELED: "failed"},
}
"""`booked` is the drawing's fork: on to `moving` for what moves, to `confirmed` for what does not."""

MOVES = pytest.mark.parametrize("moves", [False, True], ids=["books", "moves"])


def edges(*, moves: bool) -> list[tuple[State, Happened, State]]:
    found = [
        (state, happened, after(state, happened, moves=moves)) for state, happened in product(State, Happened)
    ]
    return [(state, happened, then) for state, happened, then in found if then is not None]


def reachable(start: State, *, moves: bool) -> set[State]:
    """Itself among them."""
    seen, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        following = {then for before, _, then in edges(moves=moves) if before is state} - seen
        seen |= following
        waiting += following
    return seen


@MOVES
def test_only_leave_to_send_leads_to_sending(*, moves: bool) -> None:
    ways = {(state, happened) for state, happened, then in edges(moves=moves) if then is State.SENDING}

    assert ways == {(State.OPEN, Happened.CLEARED)}


@MOVES
def test_nothing_leads_back_to_open(*, moves: bool) -> None:
    assert [edge for edge in edges(moves=moves) if edge[2] is State.OPEN] == []


@MOVES
@pytest.mark.parametrize("state", [state for state in State if state is not State.OPEN])
def test_what_was_sent_is_never_sent_again(state: State, *, moves: bool) -> None:
    sends = [
        edge
        for edge in edges(moves=moves)
        if edge[0] in reachable(state, moves=moves) and edge[2] is State.SENDING
    ]

    assert sends == []


@MOVES
@pytest.mark.parametrize("state", State)
def test_no_path_comes_to_the_same_state_twice(state: State, *, moves: bool) -> None:
    beyond = {then for before, _, then in edges(moves=moves) if before is state}

    assert all(state not in reachable(then, moves=moves) for then in beyond)


@MOVES
@pytest.mark.parametrize("state", sorted(ENDS))
def test_an_end_is_an_end(state: State, *, moves: bool) -> None:
    assert reachable(state, moves=moves) == {state}


@MOVES
def test_every_state_but_the_ends_goes_on(*, moves: bool) -> None:
    stuck = [
        state
        for state in reachable(State.OPEN, moves=moves) - ENDS
        if reachable(state, moves=moves) == {state}
    ]

    assert stuck == []


def test_every_state_is_reached_by_booking_or_by_moving() -> None:
    assert reachable(State.OPEN, moves=False) | reachable(State.OPEN, moves=True) == set(State)


def test_a_plain_booking_cancels_nothing() -> None:
    assert reachable(State.OPEN, moves=False).isdisjoint({State.MOVING, State.UNDOING})


@MOVES
@pytest.mark.parametrize("state", sorted(UNCERTAIN))
def test_what_is_booked_is_on_its_way_to_be_confirmed(state: State, *, moves: bool) -> None:
    booked = {after(state, happened, moves=moves) for happened in (Happened.BOOKED, Happened.FOUND)} - {None}

    assert booked == {State.MOVING if moves else State.CONFIRMED}


@MOVES
def test_only_a_proved_absence_or_a_given_up_move_fails(*, moves: bool) -> None:
    ways = {(state, happened) for state, happened, then in edges(moves=moves) if then is State.FAILED}

    assert ways == {(State.UNKNOWN, Happened.ABSENT), (State.UNDOING, Happened.CANCELED)}


@MOVES
def test_nothing_that_may_have_been_sent_is_dropped_for_being_lost(*, moves: bool) -> None:
    lost = {
        state
        for state, happened, then in edges(moves=moves)
        if (happened, then) == (Happened.LOST, State.DROPPED)
    }

    assert lost == {State.OPEN}


def test_every_state_that_is_not_an_end_has_a_task() -> None:
    assert set(TASKS) == set(State) - ENDS


@MOVES
@pytest.mark.parametrize("state", TASKS)
def test_whatever_a_task_may_bring_can_happen_to_its_state(state: State, *, moves: bool) -> None:
    bring = HAPPENS_IN[TASKS[state]]

    assert all(after(state, happened, moves=moves) is not None for happened in bring)


@MOVES
@pytest.mark.parametrize("state", TASKS)
def test_its_tasks_bring_an_intent_to_an_end(state: State, *, moves: bool) -> None:
    """Whichever way each of them turns out: the states after it are strictly fewer each time."""
    standing, rounds = {state}, 0
    while standing - ENDS:
        standing = {
            after(one, happened, moves=moves) or one
            for one in standing - ENDS
            for happened in HAPPENS_IN[TASKS[one]]
        }
        rounds += 1
        assert rounds <= len(State)

    assert standing <= ENDS


@MOVES
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("happened", Happened)
def test_the_table_is_what_was_drawn(state: State, happened: Happened, *, moves: bool) -> None:
    drawn = AS_DRAWN.get(state, {}).get(happened)
    fork = State.MOVING if moves else State.CONFIRMED

    then = after(state, happened, moves=moves)

    assert then == (fork if drawn == "booked" else drawn)


@MOVES
@pytest.mark.parametrize("happened", Happened)
def test_the_transitions_of_an_event_are_those_of_the_table(happened: Happened, *, moves: bool) -> None:
    expected = {state: then for state, one, then in edges(moves=moves) if one is happened}

    assert transitions(happened, moves=moves) == expected


@pytest.mark.parametrize("state", State)
def test_every_state_is_in_the_drawing(state: State) -> None:
    assert state.value in (machine.__doc__ or "")


EVENTS_DRAWN = {one: "clear" if one is Happened.CLEARED else one.name.lower() for one in Happened}


@pytest.mark.parametrize(("happened", "word"), EVENTS_DRAWN.items(), ids=lambda part: str(part).lower())
def test_every_event_is_in_the_drawing(happened: Happened, word: str) -> None:
    assert word in (machine.__doc__ or ""), happened


@pytest.mark.parametrize("state", State)
def test_a_state_is_a_word_that_a_script_can_read(state: State) -> None:
    assert state.value.isascii()
    assert state.value.isalpha()


@pytest.mark.parametrize(
    ("silence", "quiet"), [(0.0, False), (29.999, False), (30.0, True), (31.0, True)], ids=str
)
def test_it_is_quiet_from_the_end_of_the_period(silence: float, *, quiet: bool) -> None:
    assert is_quiet(Evidence(silence, 0), 30.0) is quiet


@pytest.mark.parametrize("absences", range(4))
def test_one_empty_look_proves_nothing(absences: int) -> None:
    assert is_conclusive(Evidence(1000.0, absences)) is (absences >= ABSENCES > 1)
