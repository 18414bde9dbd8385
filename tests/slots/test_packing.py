"""A day's slots in few bytes: whatever goes in comes out, and what nobody has packed is refused."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.slots.model import Slot
from app.slots.packing import START, packed, unpacked
from app.slots.planning import midnight

DAY = date(2026, 12, 1)
QUARTER = timedelta(minutes=15)
SPELT = "%Y-%m-%dT%H:%M:%SZ"

Paged = Callable[[datetime], str | None]
"""What page a slot of that start has."""


def _own(start: datetime) -> str:
    return f"https://calendly.com/ada/intro/{start:{SPELT}}?month={start:%Y-%m}"


def _twice(start: datetime) -> str:
    return f"https://calendly.com/bob/{start:{SPELT}}/{start:{SPELT}}"


def _same(_start: datetime) -> str:
    return "https://calendly.com/ada/intro"


def _no_page(_start: datetime) -> None:
    return None


PAGED: list[Paged] = [_own, _twice, _same, _no_page, lambda _: ""]
OFFSETS = st.integers(0, 95).map(lambda count: count * QUARTER) | st.integers(0, 86_399_999_999).map(
    lambda count: timedelta(microseconds=count)
)
SPOTS = st.sampled_from([1, 1, 3]) | st.integers(1, 2**63 - 1)


@st.composite
def _pages(draw: st.DrawFn) -> Paged | None:
    """The same for a whole day, or None where each slot has another."""
    return draw(st.sampled_from([*PAGED, None]))


@st.composite
def _days(draw: st.DrawFn) -> tuple[date, list[Slot]]:
    """A date, and slots in order; their pages can be told from patterns."""
    day, shared = draw(st.dates()), draw(_pages())
    starts = [midnight(day) + offset for offset in sorted(draw(st.sets(OFFSETS, max_size=40)))]
    pages = [(shared or draw(st.sampled_from(PAGED)))(start) for start in starts]
    slots = [Slot(start, draw(SPOTS), page) for start, page in zip(starts, pages, strict=True)]
    return day, slots


def _usual(paged: Paged = _own, count: int = 16) -> list[Slot]:
    """From nine to five, every half hour."""
    starts = [midnight(DAY) + timedelta(hours=9) + 2 * QUARTER * number for number in range(count)]
    return [Slot(start, 1, paged(start)) for start in starts]


def _opened(value: bytes) -> Sequence[Slot] | None:
    """None for what is refused, as whoever reads it from Redis takes it."""
    try:
        return unpacked(DAY, value)
    except (ValueError, OverflowError):
        return None


@given(_days())
def test_any_slots_come_out_as_they_went_in(made: tuple[date, list[Slot]]) -> None:
    day, slots = made

    assert unpacked(day, packed(day, slots)) == slots


@example(START)
@example("{sta2026-12-01T00:00:00Zrt}")
@example("2026-12-01T00:00:00Z" * 2)
@given(st.text())
def test_any_page_is_kept_or_left_out_and_never_another(page: str) -> None:
    [slot] = unpacked(DAY, packed(DAY, [Slot(midnight(DAY), 1, page)]))

    assert slot.page == (None if START in page else page)


@pytest.mark.parametrize(
    ("slots", "most"),
    [
        pytest.param([], 6, id="empty"),
        pytest.param(_usual(_no_page), 16 + 12, id="without pages"),
        pytest.param(_usual(), 16 + 80, id="with pages"),
        pytest.param(_usual(_no_page, 30), 30 + 14, id="a long one"),
    ],
)
def test_a_usual_day_takes_few_bytes(slots: list[Slot], most: int) -> None:
    assert len(packed(DAY, slots)) <= most


@given(st.binary())
def test_any_bytes_are_slots_or_refused(value: bytes) -> None:
    found = _opened(value)

    assert found is None or all(isinstance(slot, Slot) for slot in found)


@given(st.data())
def test_a_broken_day_is_slots_or_refused(data: st.DataObject) -> None:
    value = bytearray(packed(DAY, _usual(count=5)))
    for _ in range(data.draw(st.integers(1, 3))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))

    found = _opened(bytes(value[: data.draw(st.integers(0, len(value)))]))

    assert found is None or all(isinstance(slot, Slot) for slot in found)


NUMBERS = st.integers(-(2**63), 2**64 - 1)
LIKELY = st.tuples(
    NUMBERS,
    st.lists(NUMBERS, max_size=3),
    NUMBERS | st.lists(NUMBERS, max_size=3),
    st.none() | st.text() | st.lists(st.none() | st.text(), max_size=3),
)


@given(LIKELY)
def test_what_only_looks_like_a_day_is_slots_or_refused(fields: tuple[object, ...]) -> None:
    found = _opened(msgspec.msgpack.encode(fields))

    assert found is None or all(isinstance(slot, Slot) for slot in found)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([900, [1, 1], [1]], id="spots for fewer"),
        pytest.param([900, [1], [1, 1]], id="spots for more"),
        pytest.param([900, [1, 1], 1, ["/"]], id="pages for fewer"),
        pytest.param([900, [1], 1, None, 1], id="a field too many"),
        pytest.param([900, [1]], id="a field too few"),
        pytest.param([900, [1], "1"], id="spots of another kind"),
        pytest.param({"unit": 900}, id="by name"),
        pytest.param([2**63 - 1, [2**63 - 1], 1], id="beyond all days"),
    ],
)
def test_what_nobody_has_packed_is_refused(fields: object) -> None:
    assert _opened(msgspec.msgpack.encode(fields)) is None
