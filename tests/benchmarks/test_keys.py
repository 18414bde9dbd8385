"""What is asked for, and how often."""

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.time_zones import time_zones
from benchmarks.keys import ZONES, questions, zipf

FIRST = date(2026, 12, 1)


@given(st.integers(1, 2000), st.integers(1, 5))
def test_all_questions_are_different(count: int, kinds: int) -> None:
    asked = questions(count, [f"kind-{number}" for number in range(kinds)], FIRST)

    assert len({question.path for question in asked}) == count


def test_every_zone_is_one_that_the_service_takes() -> None:
    assert set(ZONES) <= time_zones()
    assert len(set(ZONES)) == len(ZONES)


def test_the_most_popular_key_is_asked_twice_as_often_as_the_next() -> None:
    counts = [count for _, count in Counter(zipf(1000, 100_000, seed=1)).most_common()]

    assert 1.8 < counts[0] / counts[1] < 2.2
    assert 8 < counts[0] / counts[9] < 12


def test_the_same_keys_are_popular_in_every_round() -> None:
    favourites = {Counter(zipf(1000, 10_000, seed=seed)).most_common(1)[0][0] for seed in range(5)}

    assert len(favourites) == 1


def test_rounds_differ_and_can_be_repeated() -> None:
    assert zipf(100, 50, seed=1) == zipf(100, 50, seed=1)
    assert zipf(100, 50, seed=1) != zipf(100, 50, seed=2)
