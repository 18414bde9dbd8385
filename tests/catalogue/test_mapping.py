"""Whatever Calendly's schema allows becomes an event type that a front end can be shown."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendly.models import EventType as WireEventType
from app.calendly.models import User
from app.catalogue.mapping import account_from, published_from
from app.catalogue.model import Account, EventType, Offer
from app.features.event_types.mapping import event_type_from, form_from

USER = "https://api.calendly.com/users/AAAAAAAAAAAAAAAA"
TEAM = "https://api.calendly.com/teams/BBBBBBBBBBBBBBBB"
ACCOUNT = Account(
    slug="ada",
    uri=USER,
    organization="https://api.calendly.com/organizations/CCCCCCCCCCCCCCCC",
    name="Ada Example",
    time_zone="Europe/Berlin",
    avatar_url="https://a.test/1",
)

TEXT = st.text(max_size=20)
KINDS = st.sampled_from(
    ["physical", "custom", "ask_invitee", "outbound_call", "inbound_call", "google_conference", "hologram"]
)
LOCATIONS = st.fixed_dictionaries(
    {"kind": KINDS},
    optional={
        "location": st.none() | TEXT,
        "phone_number": st.none() | TEXT,
        "additional_info": st.none() | TEXT,
        "odd": TEXT,
    },
)
QUESTIONS = st.fixed_dictionaries(
    {
        "name": TEXT,
        "type": st.sampled_from(["string", "text", "phone_number", "single_select", "multi_select", "odd"]),
        "position": st.integers(0, 20),
    },
    optional={
        "enabled": st.booleans(),
        "required": st.booleans(),
        "answer_choices": st.none() | st.lists(TEXT, max_size=4),
        "include_other": st.booleans(),
    },
)
EVENT_TYPES = st.fixed_dictionaries(
    {
        "uri": st.just("https://api.calendly.com/event_types/CCCCCCCCCCCCCCCC"),
        "scheduling_url": st.just("https://calendly.com/ada/x"),
        "duration": st.integers(1, 1440),
        "active": st.booleans(),
        "secret": st.booleans(),
    },
    optional={
        "name": st.none() | TEXT,
        "slug": st.none() | TEXT,
        "kind": st.none() | st.sampled_from(["solo", "group", "odd"]),
        "color": st.none() | TEXT,
        "locale": st.none() | TEXT,
        "description_plain": st.none() | TEXT,
        "pooling_type": st.none() | st.sampled_from(["round_robin", "collective", "multi_pool", "odd"]),
        "locations": st.none() | st.lists(LOCATIONS, max_size=4),
        "custom_questions": st.lists(QUESTIONS, max_size=4),
        "is_paid": st.booleans(),
        "booking_method": st.sampled_from(["instant", "poll", "odd"]),
        "position": st.integers(0, 50),
        "profile": st.none()
        | st.fixed_dictionaries({"type": TEXT, "name": TEXT, "owner": st.sampled_from([USER, TEAM])}),
        "deleted_at": st.none() | st.just("2026-01-01T00:00:00Z"),
        "odd": TEXT,
    },
)


def _wire(**fields: Any) -> WireEventType:
    known = {
        "uri": "https://api.calendly.com/event_types/CCCCCCCCCCCCCCCC",
        "scheduling_url": "https://calendly.com/ada/x",
        "name": "X",
        "slug": "x",
        "active": True,
        "secret": False,
        "duration": 30,
    }
    return msgspec.convert(known | fields, WireEventType)


def _published(*event_types: WireEventType) -> list[EventType]:
    return published_from(event_types, ACCOUNT, lambda uri: uri.rsplit("/", 1)[1])


@settings(deadline=None)
@given(st.lists(EVENT_TYPES, max_size=3))
def test_any_event_type_can_be_shown(given_types: list[dict[str, Any]]) -> None:
    wire = msgspec.convert(given_types, list[WireEventType])

    for published in _published(*wire):
        assert event_type_from(published).model_dump_json(by_alias=True)
        assert form_from(published, slug=published.slug).model_dump_json(by_alias=True)


@settings(deadline=None)
@given(st.lists(EVENT_TYPES, max_size=3))
def test_any_event_type_survives_its_way_through_the_cache(given_types: list[dict[str, Any]]) -> None:
    offer = Offer(ACCOUNT, _published(*msgspec.convert(given_types, list[WireEventType])))

    assert msgspec.json.decode(msgspec.json.encode(offer), type=Offer) == offer


@pytest.mark.parametrize(
    "fields",
    [{"active": False}, {"secret": True}, {"deleted_at": "2026-01-01T00:00:00Z"}],
    ids=["inactive", "secret", "deleted"],
)
def test_what_is_not_for_everybody_is_not_published(fields: dict[str, Any]) -> None:
    assert _published(_wire(**fields)) == []


def test_a_name_that_is_missing_is_the_slug() -> None:
    [published] = _published(_wire(name=None))

    assert published.name == "x"


@pytest.mark.parametrize(
    ("profile", "host", "avatar"),
    [
        pytest.param(None, "Ada Example", "https://a.test/1", id="no profile"),
        pytest.param(
            {"type": "User", "name": "Ada E.", "owner": USER}, "Ada E.", "https://a.test/1", id="own"
        ),
        pytest.param({"type": "Team", "name": "Team", "owner": TEAM}, "Team", None, id="a team's"),
    ],
)
def test_a_host_is_shown_as_on_the_hosted_page(profile: Any, host: str, avatar: str | None) -> None:
    [published] = _published(_wire(profile=profile))

    assert (published.host_name, published.host_avatar_url) == (host, avatar)


def test_the_hosts_order_is_kept() -> None:
    last, first = _wire(slug="last", position=9), _wire(slug="first", position=1)

    assert [each.slug for each in _published(last, first)] == ["first", "last"]


@pytest.mark.parametrize(
    ("named", "used"), [("Asia/Kolkata", "Asia/Kolkata"), ("Mars/Olympus", "UTC"), ("", "UTC")]
)
def test_an_account_in_a_zone_that_we_do_not_know_is_in_utc(named: str, used: str) -> None:
    user = msgspec.convert(
        {
            "uri": USER,
            "name": "Ada Example",
            "slug": "ada",
            "timezone": named,
            "email": "ada@example.test",
            "current_organization": USER,
        },
        User,
    )

    assert account_from(user).time_zone == used
