"""Who may tell us of bookings."""

import hmac
from datetime import UTC, datetime, timedelta

import pytest

from app.webhooks.signatures import MOST, Verdict, verdict

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BODY = b'{"event":"invitee.created"}'
KEY, OTHER = b"a-signing-key-of-the-tests", b"another-signing-key-of-the-tests"


def signed(key: bytes = KEY, at: datetime = NOW, body: bytes = BODY) -> str:
    """By the words of Calendly's documentation, and not by our code."""
    seconds = str(int(at.timestamp()))
    return f"t={seconds},v1={hmac.new(key, f'{seconds}.'.encode() + body, 'sha256').hexdigest()}"


def test_a_signature_is_known_by_heart() -> None:
    """Reckoned once with `openssl dgst -sha256 -hmac`."""
    header = "t=1795413600,v1=bbdc2da923392ca7017c96a7ec3d3305283badb243385b257e8f9323fe5088a7"

    assert verdict(header, BODY, [KEY], NOW) is Verdict.GENUINE


@pytest.mark.parametrize("keys", [[KEY], [KEY, OTHER], [OTHER, KEY]])
def test_what_any_active_key_has_signed_is_genuine(keys: list[bytes]) -> None:
    assert verdict(signed(), BODY, keys, NOW) is Verdict.GENUINE


@pytest.mark.parametrize("order", [(KEY, OTHER), (OTHER, KEY)])
def test_one_good_signature_of_several_is_enough(order: tuple[bytes, bytes]) -> None:
    first, second = (signed(key).partition(",")[2] for key in order)

    assert verdict(f"{signed().partition(',')[0]},{first},{second}", BODY, [KEY], NOW) is Verdict.GENUINE


def test_schemes_of_later_years_may_stand_beside_it() -> None:
    assert verdict(f"{signed()},v2=something,v0=0", BODY, [KEY], NOW) is Verdict.GENUINE


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-181, Verdict.STALE),
        (-180, Verdict.GENUINE),
        (180, Verdict.GENUINE),
        (181, Verdict.STALE),
        (-(10**9), Verdict.STALE),
    ],
)
def test_a_signature_holds_for_three_minutes(seconds: int, expected: Verdict) -> None:
    header = signed(at=NOW + timedelta(seconds=seconds))

    assert verdict(header, BODY, [KEY], NOW) is expected


def test_a_time_beyond_all_calendars_is_stale() -> None:
    seconds = "9" * 12
    header = f"t={seconds},v1={hmac.new(KEY, f'{seconds}.'.encode() + BODY, 'sha256').hexdigest()}"

    assert verdict(header, BODY, [KEY], NOW) is Verdict.STALE


TIME, DIGEST = signed().split(",")
FORGED = {
    "no header": None,
    "an empty one": "",
    "another's key": signed(OTHER),
    "another body": signed(body=BODY + b" "),
    "no time": DIGEST,
    "no signature": TIME,
    "two times": f"{TIME},{TIME},{DIGEST}",
    "another time": signed().replace(TIME, "t=1795413601"),
    "a time with a sign": signed().replace("t=", "t=+"),
    "a time in other digits": signed().replace("t=1", "t=\u0661"),
    "a time that is none": f"t=now,{DIGEST}",
    "a time without end": f"t={'1' * 400},{DIGEST}",
    "half a digest": signed()[:-32],
    "a digest in capitals": f"{TIME},v1={DIGEST.removeprefix('v1=').upper()}",
    "a digest that is none": f"{TIME},v1={'g' * 64}",
    "a digest of other letters": f"{TIME},v1=" + "\u00e9" * 64,
    "another scheme": signed().replace("v1", "v0"),
    "too many signatures": ",".join([TIME, *[f"v1={'0' * 64}"] * MOST, DIGEST]),
    "beyond what is looked at": ",".join([TIME, *["x=y"] * 400, DIGEST]),
    "zeros": f"{TIME},v1={'0' * 64}",
}


@pytest.mark.parametrize("header", [pytest.param(value, id=name) for name, value in FORGED.items()])
def test_everything_else_is_forged(header: str | None) -> None:
    assert verdict(header, BODY, [KEY], NOW) is Verdict.FORGED


def test_a_forgery_that_is_old_is_a_forgery() -> None:
    header = signed(OTHER, at=NOW - timedelta(hours=1))

    assert verdict(header, BODY, [KEY], NOW) is Verdict.FORGED


def test_without_a_key_nothing_can_be_judged() -> None:
    with pytest.raises(ValueError, match="without a key"):
        verdict(signed(), BODY, [], NOW)
