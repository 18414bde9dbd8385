"""What a process remembers of ready answers beside them: no more than there are event types and accounts."""

from datetime import UTC, datetime

import pytest

from app import API
from app.accounts.accounts import Accounts
from app.answers import Basis, SharedAnswers
from app.ready import Place, Ready, ReadyAnswers, Term
from tests.support.service import Service
from tests.support.traced import traced

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MANY = 20_000
LITTLE = 10
"""Bytes for each of them. To remember it takes ten times as much; the interpreter keeps some room for itself."""


def _answers(memory: ReadyAnswers) -> SharedAnswers:
    return SharedAnswers(memory, Accounts(), lambda: False, lambda: NOW)


def _ready() -> Ready:
    return Ready.of(
        b"{}",
        term=Term(NOW, NOW),
        is_marked=True,
        cache_control="public, max-age=1",
        route=f"{API}/event-types/{{eventTypeId}}/availability",
    )


def _place(name: str, number: int) -> Place:
    """`number` says, bit by bit, which letters of the name are escaped."""
    spelt = "".join(f"%{ord(letter):02x}" if number >> bit & 1 else letter for bit, letter in enumerate(name))
    return f"{API}/event-types/{spelt}/availability".encode()


async def test_in_however_many_ways_a_name_is_spelt_none_is_remembered_but_with_its_answer(
    bff: Service,
) -> None:
    same, basis, taken = _ready(), Basis.of([bff.account]), list[int]()
    answers = _answers(ReadyAnswers(2 * same.weight))
    first, *others = [_place("QTTLNSCVBVMOEDET", number) for number in range(MANY)]
    answers.keep(first, same, basis, answers.turn)

    with traced(taken):
        for place in others:
            answers.keep(place, same, basis, answers.turn)

    assert len(answers.memory) == 2
    assert taken[0] < LITTLE * MANY


def _old(looked: list[str], *accounts: str, is_old: bool = True) -> Ready:
    """Old in part; it notes when it is looked whether Calendly is back."""

    def look() -> bool:
        looked.append("+".join(accounts))
        return is_old

    ready = _ready()
    ready.accounts, ready.look_again = accounts, look
    return ready


def test_no_account_waits_for_another_ones_look() -> None:
    looked, answers = list[str](), _answers(ReadyAnswers())

    for accounts in [("ada",), ("ada",), ("grace",), ("grace",), ("ada",)]:
        answers.look_again(_old(looked, *accounts))

    assert looked == ["ada", "grace"]


def test_what_belongs_to_several_is_looked_at_where_one_of_them_was_not() -> None:
    looked, answers = list[str](), _answers(ReadyAnswers())

    for accounts in [("ada",), ("ada", "grace"), ("grace",), ("grace", "ada")]:
        answers.look_again(_old(looked, *accounts))

    assert looked == ["ada", "ada+grace"]


def test_once_an_account_has_come_or_gone_all_are_looked_at_anew() -> None:
    looked, answers = list[str](), _answers(ReadyAnswers())

    answers.look_again(_old(looked, "ada"))
    answers.forget()
    answers.look_again(_old(looked, "ada"))

    assert looked == ["ada", "ada"]


@pytest.mark.parametrize("is_old", [True, False])
def test_an_answer_of_which_nothing_is_old_any_more_is_made_anew(*, is_old: bool) -> None:
    answers, place = _answers(ReadyAnswers()), _place("intro", 0)
    ready = _old([], "ada", is_old=is_old)
    answers.memory.keep(place, ready)

    answers.look_again(ready)

    assert (answers.memory.find(place) is ready) == is_old
