"""What Calendly says of a booking's place, as a visitor is told it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calendly.models import EventLocation
from app.features.bookings.mapping import _location_from

LINK = "https://meet.example.test/abc"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param({"status": None, "join_url": LINK}, "ready", id="a link alone"),
        pytest.param({"status": "pushed", "join_url": LINK}, "ready", id="done, with its link"),
        pytest.param({"status": "pushed"}, "ready", id="done"),
        pytest.param({"status": None}, "pending", id="nothing yet"),
        pytest.param({"status": "processing"}, "pending", id="being set up"),
        pytest.param({"status": "unheard-of"}, "pending", id="a status that we do not know"),
        pytest.param({"status": "failed"}, "failed", id="failed"),
    ],
)
@pytest.mark.parametrize("kind", ["google_conference", "zoom", "gotomeeting"])
def test_a_conference_with_a_link_is_ready_whatever_its_status(
    kind: str, said: dict[str, Any], status: str
) -> None:
    shown = _location_from(EventLocation(type=kind, **said))

    assert shown is not None
    assert (shown.status, shown.join_url) == (status, said.get("join_url"))


WORDS = st.none() | st.text()


@given(
    st.builds(EventLocation, type=WORDS, location=WORDS, additional_info=WORDS, status=WORDS, join_url=WORDS)
)
def test_any_place_that_calendly_may_name_can_be_shown(place: EventLocation) -> None:
    shown = _location_from(place)

    assert shown is None or shown.model_dump_json(by_alias=True)
