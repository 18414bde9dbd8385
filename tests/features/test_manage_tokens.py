"""A manage token says what it was given, to nobody else, for as long as it was given."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.features.bookings.manage import Claims, ManageTokens
from app.sealing import Sealer

KEY = b"k" * 32
NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
EVENT_TYPE, ACCOUNT, EVENT, INVITEE = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "abcd")
FIRST = Claims(
    booking="bk_0123456789abcdef01234567",
    account=ACCOUNT,
    event_type=EVENT_TYPE,
    start=datetime(2026, 12, 1, 8, 0, tzinfo=UTC),
    email="grace@example.test",
    expires_at=NOW + timedelta(days=16),
    root="bk_0123456789abcdef01234567",
)
MOVED = replace(
    FIRST,
    booking="bk_89abcdef0123456789abcdef",
    event=EVENT,
    invitee=INVITEE,
    generation=2,
    replaced="bk_456789abcdef0123456789ab",
)
MADE_BY_THE_FIRST_VERSION = (
    "AbqivYMvB_J0c-hngsX6jVw3731tcX_t0FvFm5bYdscLQuJqmbn42zCD3cSCUnKqsCGm3A8ez7sFsxv4Nze35YAF4moeMTsA"
    "Rn07DCLrIUh3Z8RYiu_02_Bl9Mk37KZl4fFyA9UJyJofTsd7yIoJH0iY8VSJ8-5HLp6daRQzdAHLEKnVT72iWt_Pzaa28Ek_"
    "qisXvxZB-V0cIT-9slgJK9OAnc0RSbrHNMHhc7yMemUCNJmg1pd9A2RXgGP88h9M6o6YxvDgDgHpPNexkMg1OWmXj--Lw_Hs"
    "9SMa5vzM8IHhIRdXzLXkzHhUAA24TgrB"
)
"""Of MOVED, under KEY. Visitors hold tokens like this one: it must open in every later version."""


def sealer(purpose: str = "manage") -> Sealer:
    return Sealer((KEY,), purpose)


def tokens() -> ManageTokens:
    return ManageTokens(sealer())


def sealed(plain: object) -> str:
    return sealer().seal(msgspec.msgpack.encode(plain))


TEXTS = st.text(st.characters(codec="utf-8"), max_size=60) | st.uuids().map(str)
TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-8))])).filter(
    lambda time: 1900 < time.year < 9000
)


@given(
    st.builds(
        Claims,
        booking=TEXTS,
        account=TEXTS,
        event_type=TEXTS,
        start=TIMES,
        email=TEXTS,
        expires_at=TIMES,
        event=st.none() | TEXTS,
        invitee=st.none() | TEXTS,
        root=TEXTS,
        generation=st.integers(0, 10_000),
        replaced=st.none() | TEXTS,
    )
)
def test_what_was_issued_is_read(claims: Claims) -> None:
    just_in_time = claims.expires_at - timedelta(microseconds=1)

    assert tokens().read(tokens().issue(claims), just_in_time) == claims


@pytest.mark.parametrize(
    "event_type", [EVENT_TYPE.upper(), EVENT_TYPE.replace("-", ""), f"{{{EVENT_TYPE}}}", "AAAAAAAAAAAAAAAA"]
)
def test_an_id_keeps_its_spelling(event_type: str) -> None:
    claims = replace(FIRST, event_type=event_type)

    assert tokens().read(tokens().issue(claims), NOW) == claims


def test_times_are_read_in_utc() -> None:
    claims = replace(FIRST, start=FIRST.start.astimezone(timezone(timedelta(hours=9))))

    read = tokens().read(tokens().issue(claims), NOW)

    assert read is not None
    assert (read.start.tzinfo, read.expires_at.tzinfo) == (UTC, UTC)


@pytest.mark.parametrize("field", ["start", "expires_at"])
def test_a_time_without_offset_is_refused(field: str) -> None:
    naive: dict[str, Any] = {field: NOW.replace(tzinfo=None)}

    with pytest.raises(ValueError, match="offset"):
        replace(FIRST, **naive)


def test_a_token_stays_below_400_characters() -> None:
    claims = replace(MOVED, email=f"{'grace' * 8}@mail.example.test")

    assert len(tokens().issue(claims)) < 400


def test_two_tokens_of_one_booking_differ() -> None:
    assert tokens().issue(FIRST) != tokens().issue(FIRST)


@pytest.mark.parametrize(
    ("now", "read"),
    [
        pytest.param(FIRST.expires_at - timedelta(microseconds=1), FIRST, id="just before"),
        pytest.param(FIRST.expires_at, None, id="at the moment"),
        pytest.param(FIRST.expires_at + timedelta(days=365), None, id="a year later"),
        pytest.param(FIRST.expires_at.astimezone(timezone(timedelta(hours=14))), None, id="in another zone"),
    ],
)
def test_a_token_expires_at_its_moment(now: datetime, read: Claims | None) -> None:
    assert tokens().read(tokens().issue(FIRST), now) == read


@pytest.mark.fault("B14")
@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="none"),
        pytest.param("guessed", id="a guess"),
        pytest.param("A" * 300, id="a guess of the right length"),
        pytest.param("Größe", id="not ASCII"),
        pytest.param(ManageTokens(Sealer((b"f" * 32,), "manage")).issue(FIRST), id="by somebody else"),
        pytest.param(ManageTokens(sealer("outcome")).issue(FIRST), id="for another purpose"),
    ],
)
def test_what_is_not_a_token_of_ours_is_nothing(token: str) -> None:
    assert tokens().read(token, NOW) is None


@pytest.mark.parametrize(
    "plain",
    [
        pytest.param([], id="no claims at all"),
        pytest.param({}, id="without claims"),
        pytest.param({"b": 5}, id="claims of the wrong type"),
        pytest.param({5: "b"}, id="claims without a name"),
        pytest.param({"b": b"five"}, id="bytes that are no UUID"),
    ],
)
def test_a_seal_of_ours_around_something_else_is_nothing(plain: object) -> None:
    assert tokens().read(sealed(plain), NOW) is None


def test_a_seal_of_ours_around_a_time_without_offset_is_nothing() -> None:
    fields = msgspec.to_builtins(FIRST) | {"x": "2099-01-01T00:00:00"}

    assert tokens().read(sealed(fields), NOW) is None


class LaterClaims(Claims, frozen=True, kw_only=True):
    note: str | None = None
    priority: int = 0


def test_claims_of_a_later_version_are_passed_over() -> None:
    later = LaterClaims(**msgspec.structs.asdict(MOVED), note="by the window", priority=3)

    assert tokens().read(tokens().issue(later), NOW) == MOVED


def test_claims_that_an_earlier_version_did_not_make_have_their_default() -> None:
    required = {"b": "bk_1", "a": ACCOUNT, "t": EVENT_TYPE, "s": FIRST.start, "m": "", "x": NOW, "r": "bk_1"}

    read = tokens().read(sealed(required), NOW - timedelta(days=1))

    assert read is not None
    assert (read.event, read.invitee, read.generation, read.replaced) == (None, None, 0, None)


def test_a_token_of_the_first_version_is_read() -> None:
    assert tokens().read(MADE_BY_THE_FIRST_VERSION, NOW) == MOVED
