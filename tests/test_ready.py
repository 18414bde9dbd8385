"""What ready answers, and all that is remembered of how they are asked for, take of memory: never more than is told."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from app.negotiation import BR, GZIP, IDENTITY, LONGEST_WISH, Encodings
from app.ready import LONGEST_PLACE, Place, Ready, ReadyAnswers, Term
from tests.support.traced import traced

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ROUTE = "/api/v1/event-types/{eventTypeId}/availability"
MIB = 1024 * 1024


def place(number: int, length: int = 130) -> Place:
    """Of so many bytes."""
    asked = f"/api/v1/event-types/visit-{number:07}/availability?timeZone=Europe/Berlin&n={number:07}"
    return asked.ljust(length, "x").encode()


def answer(number: int = 0, days: int = 7) -> Ready:
    """As the service makes them: 28 slots a day."""
    body = {"asOf": number, "days": [_day(date(2026, 12, 1) + timedelta(days=day)) for day in range(days)]}
    return Ready.of(
        json.dumps(body).encode(),
        term=Term(NOW, NOW),
        is_marked=False,
        cache_control="public, max-age=5, stale-while-revalidate=25, stale-if-error=3600",
        route=ROUTE,
    )


def _day(day: date) -> dict[str, object]:
    starts = [f"{day}T{hour:02}:{minute:02}:00+01:00" for hour in range(8, 22) for minute in (0, 30)]
    return {"date": str(day), "slots": [{"start": start, "spotsLeft": 1} for start in starts]}


@pytest.mark.parametrize(
    ("days", "length"),
    [
        pytest.param(1, 130, id="a day"),
        pytest.param(7, 130, id="a week"),
        pytest.param(62, 130, id="two months"),
        pytest.param(0, LONGEST_PLACE, id="nothing, to a long question"),
    ],
)
def test_an_answer_takes_no_more_than_is_counted(days: int, length: int) -> None:
    """In whichever encodings it was asked for."""
    ready, taken = ReadyAnswers(), list[int]()

    with traced(taken):
        for number in range(20):
            kept = answer(number, days)
            for encoding in (BR, GZIP, IDENTITY):
                kept.form(encoding)
            ready.keep(place(number, length), kept)

    assert ready.weight / 2 < taken[0] < ready.weight


def test_of_twenty_thousand_distinct_questions_no_more_is_kept_than_fits() -> None:
    ready, same = ReadyAnswers(MIB), answer()

    for number in range(20_000):
        ready.keep(place(number), same)

    assert len(ready) == MIB // same.weight
    assert ready.weight == len(ready) * same.weight
    assert ready.find(place(19_999)) is same
    assert ready.find(place(0)) is None


def test_a_question_that_is_longer_than_any_sensible_one_is_not_remembered() -> None:
    ready = ReadyAnswers()

    ready.keep(place(0, LONGEST_PLACE), answer())
    ready.keep(place(1, LONGEST_PLACE + 1), answer())

    assert len(ready) == 1


def test_an_answer_that_is_made_again_is_counted_once() -> None:
    ready = ReadyAnswers()

    for number in range(3):
        ready.keep(place(0), answer(number))

    assert (len(ready), ready.weight) == (1, answer(2).weight)


def test_however_encodings_are_wished_for_little_is_remembered_of_it() -> None:
    encodings, taken = Encodings(), list[int]()

    with traced(taken):
        found = {
            encodings.best(f"br;q=0.{number}".ljust(size).encode())
            for number in range(1, 1000)
            for size in (90, 9000)
        }

    assert found == {BR}
    assert taken[0] < 2 * 256 * LONGEST_WISH
