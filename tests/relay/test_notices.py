"""What a notice says, and by which id it is known again."""

import json

import msgspec
import pytest

from app.relay.notices import BookingData, body_of, notice_id
from tests.relay.examples import data, notice


def test_the_body_has_type_time_and_data_and_nothing_else() -> None:
    said = json.loads(body_of(notice()))

    assert list(said) == ["type", "timestamp", "data"]
    assert said["timestamp"] == "2026-11-23T06:00:00Z"
    assert said["data"]["bookingId"] == "bk_1"
    assert said["data"]["invitee"] == {"name": "Grace Example", "email": "grace@example.test"}


def test_a_booking_made_elsewhere_leaves_null_what_is_not_known() -> None:
    known = {"account_id", "status", "start", "end", "invitee"}
    full = data()

    bare = BookingData(**{name: getattr(full, name) for name in known})

    said = json.loads(msgspec.json.encode(bare))
    assert said["bookingId"] is said["eventTypeId"] is said["location"] is said["timeZone"] is None
    assert said["guests"] == said["answers"] == []
    assert said.keys() == json.loads(msgspec.json.encode(full)).keys()


def test_what_is_told_twice_has_the_same_id() -> None:
    assert notice_id("booking.canceled", "E", "I") == notice_id("booking.canceled", "E", "I")


def test_a_move_and_a_confirmation_of_the_same_seat_are_one_fact() -> None:
    assert notice_id("booking.confirmed", "E", "I") == notice_id("booking.rescheduled", "E", "I")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("booking.canceled", "E", "I"), id="another thing"),
        pytest.param(("booking.confirmed", "F", "I"), id="another event"),
        pytest.param(("booking.confirmed", "E", "J"), id="another invitee"),
    ],
)
def test_what_is_something_else_has_another_id(other: tuple[str, str, str]) -> None:
    assert notice_id(*other) != notice_id("booking.confirmed", "E", "I")  # type: ignore[arg-type]


def test_an_id_is_one_of_the_standard() -> None:
    id_ = notice_id("booking.confirmed", "E", "I")

    assert id_.startswith("msg_")
    assert "." not in id_
