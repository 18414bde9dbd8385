"""What stands on a stream, and what is kept of it."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.streams.news import (
    AvailabilityChanged,
    Entry,
    News,
    Position,
    Reset,
    SlotFreed,
    SlotTaken,
    beat,
    decoded,
    encoded,
    event,
    greeting,
    reset,
)

AT = Position("5e0c1d6a", 1764579612345, 2)
START = datetime(2026, 12, 1, 9, 0, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("news", "told"),
    [
        pytest.param(
            SlotTaken("intro", START),
            b'event: slot.taken\ndata: {"eventTypeId":"intro","start":"2026-12-01T08:00:00Z"}',
            id="taken",
        ),
        pytest.param(
            SlotFreed("intro", START),
            b'event: slot.freed\ndata: {"eventTypeId":"intro","start":"2026-12-01T08:00:00Z"}',
            id="freed",
        ),
        pytest.param(
            AvailabilityChanged([date(2026, 12, 1)]),
            b'event: availability.changed\ndata: {"eventTypeId":"intro","dates":["2026-12-01"]}',
            id="changed",
        ),
        pytest.param(
            AvailabilityChanged(None),
            b'event: availability.changed\ndata: {"eventTypeId":"intro","dates":null}',
            id="changed on any date",
        ),
        pytest.param(Reset(), b"event: reset\ndata: {}", id="reset"),
    ],
)
def test_an_event_has_an_id_a_name_and_data(news: News, told: bytes) -> None:
    assert event(Entry(AT, news), "intro") == b"id: 5e0c1d6a-1764579612345-2\n" + told + b"\n\n"


@pytest.mark.parametrize(
    "news", [SlotTaken("intro", START.astimezone(UTC)), AvailabilityChanged(None), Reset()]
)
def test_what_is_kept_is_read_again(news: News) -> None:
    assert decoded(encoded(news)) == news


@pytest.mark.parametrize("kept", [b"", b"\xff", b"[]", b'{"type":"slot.sold"}', b'{"type":"slot.taken"}'])
def test_what_nobody_could_have_written_is_no_news(kept: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decoded(kept)


def test_slots_concern_their_event_type_and_days_concern_all() -> None:
    concerned = [
        [Entry(AT, news).concerns(event_type) for event_type in ("intro", "visit")]
        for news in (SlotTaken("intro", START), SlotFreed("intro", START), AvailabilityChanged(None), Reset())
    ]

    assert concerned == [[True, False], [True, False], [True, True], [True, True]]


def test_positions_are_in_order_within_their_log_and_others_are_always_news() -> None:
    later, elsewhere = Position("5e0c1d6a", 1764579612345, 10), Position("00000000", 1, 0)

    assert (later.is_after(AT), AT.is_after(later), AT.is_after(AT)) == (True, False, False)
    assert (elsewhere.is_after(AT), AT.is_after(None)) == (True, True)


@pytest.mark.parametrize(
    "text", ["", "x", "5e0c1d6a-1", "5E0C1D6A-1-2", "5e0c1d6a-1-2-3", f"5e0c1d6a-{'9' * 30}-0"]
)
def test_what_is_no_position_is_none(text: str) -> None:
    assert Position.parsed(text) is None
    assert Position.parsed(str(AT)) == AT


def test_browsers_are_told_when_to_come_back_and_not_all_at_once() -> None:
    told = {greeting() for _ in range(100)}

    assert len(told) > 50
    assert all(1000 <= int(each.removeprefix(b"retry: ")) <= 4000 for each in told)


def test_a_sign_of_life_is_a_comment_that_moves_the_browser_on() -> None:
    assert (beat(AT), beat(None)) == (b":\nid: 5e0c1d6a-1764579612345-2\n\n", b":\n\n")


def test_who_is_to_begin_anew_gets_an_id_of_its_own_even_where_nobody_knows_the_place() -> None:
    told = [reset(None).decode() for _ in range(2)]
    ids = [each.removesuffix("\nevent: reset\ndata: {}\n\n").removeprefix("id: ") for each in told]

    assert reset(AT) == b"id: 5e0c1d6a-1764579612345-2\nevent: reset\ndata: {}\n\n"
    assert len(set(ids)) == 2
    assert all(Position.parsed(each) for each in ids)
