"""What is sealed opens under our keys and for its purpose alone; a keyed hash needs the key."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sealing import KeyedHash, Sealer, key_id

OLD, NEW, FOREIGN = (letter * 32 for letter in (b"o", b"n", b"f"))
PLAIN = b"Ada expects Grace"


def sealer(*keys: bytes, purpose: str = "tests") -> Sealer:
    return Sealer(keys or (OLD,), purpose)


@given(st.binary(max_size=2000))
def test_what_was_sealed_opens(plain: bytes) -> None:
    assert sealer().open(sealer().seal(plain)) == plain


@given(st.binary(max_size=100))
def test_sealed_text_needs_no_quoting_in_a_url_or_header(plain: bytes) -> None:
    assert sealer().seal(plain).replace("-", "a").replace("_", "a").isalnum()


def test_the_same_is_never_sealed_alike() -> None:
    sealed = {sealer().seal(PLAIN) for _ in range(100)}

    assert len(sealed) == 100


def test_sealed_text_shows_nothing_of_what_it_holds() -> None:
    raw = urlsafe_b64decode(sealer().seal(PLAIN) + "==")

    assert not any(PLAIN[at : at + 4] in raw for at in range(len(PLAIN) - 3))


def test_the_first_byte_is_the_version() -> None:
    assert urlsafe_b64decode(sealer().seal(PLAIN) + "==")[0] == 1


@pytest.mark.parametrize(
    ("sealing", "opening", "opened"),
    [
        pytest.param((OLD,), (NEW, OLD), PLAIN, id="an old seal while both keys are known"),
        pytest.param((NEW, OLD), (NEW,), PLAIN, id="a new seal after the old key has gone"),
        pytest.param((NEW, OLD), (OLD,), None, id="a new seal where only the old key is known"),
        pytest.param((OLD,), (NEW,), None, id="an old seal after its key has gone"),
        pytest.param((OLD,), (FOREIGN, NEW), None, id="a seal by somebody else"),
    ],
)
def test_the_first_key_seals_and_all_open(
    sealing: tuple[bytes, ...], opening: tuple[bytes, ...], opened: bytes | None
) -> None:
    sealed = sealer(*sealing).seal(PLAIN)

    assert sealer(*opening).open(sealed) == opened


def test_a_seal_for_one_purpose_does_not_open_for_another() -> None:
    sealed = sealer(purpose="manage").seal(PLAIN)

    assert sealer(purpose="outcome").open(sealed) is None


def flipped(sealed: str) -> list[str]:
    """All that differ from this sealed text in one bit of what it holds."""
    raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    return [
        urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]).rstrip(b"=").decode()
        for at, bit in product(range(len(raw)), range(8))
    ]


def test_no_bit_can_be_flipped() -> None:
    changed = flipped(sealer().seal(PLAIN))

    assert [text for text in changed if sealer().open(text) is not None] == []
    assert len(changed) == (1 + 12 + len(PLAIN) + 16) * 8


@pytest.mark.parametrize(
    "plain", [b"", b"a", b"ab"], ids=["no rest", "two bits of rest", "four bits of rest"]
)
def test_there_is_no_second_spelling_of_a_sealed_text(plain: bytes) -> None:
    sealed = sealer().seal(plain)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/="

    others = [sealed[:-1] + letter for letter in letters if letter != sealed[-1]]

    assert [text for text in others if sealer().open(text) is not None] == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda sealed: sealed[:-1], id="one character less"),
        pytest.param(lambda sealed: sealed[:-4], id="three bytes less"),
        pytest.param(lambda sealed: sealed[:38], id="a byte too short for an empty seal"),
        pytest.param(lambda sealed: sealed[:8], id="shorter than a nonce"),
        pytest.param(lambda sealed: sealed + "A", id="one character more"),
        pytest.param(lambda sealed: sealed + "AAAA", id="three bytes more"),
        pytest.param(lambda sealed: sealed + "=", id="padding"),
        pytest.param(lambda sealed: sealed + "\n", id="a line end"),
        pytest.param(lambda sealed: f" {sealed}", id="a blank"),
        pytest.param(lambda sealed: sealed + sealed, id="twice"),
        pytest.param(lambda _: "", id="nothing"),
        pytest.param(lambda _: "not base64!", id="not base64"),
        pytest.param(lambda _: "Größe 🗓", id="not ASCII"),
        pytest.param(lambda _: "\ud800", id="a lone surrogate"),
        pytest.param(lambda _: "A" * 2**20, id="a megabyte"),
    ],
)
def test_whatever_was_not_sealed_does_not_open(change: Callable[[str], str]) -> None:
    assert sealer(NEW, OLD).open(change(sealer().seal(PLAIN))) is None


@given(st.text(max_size=200))
def test_no_text_makes_opening_fail(text: str) -> None:
    assert sealer(NEW, OLD).open(text) is None


def test_without_a_key_nothing_can_be_sealed() -> None:
    with pytest.raises(ValueError, match="without a key"):
        Sealer((), "tests")


PARTS = [
    (),
    ("",),
    ("", ""),
    ("ab",),
    ("ab", "c"),
    ("a", "bc"),
    ("abc",),
    ("c", "ab"),
    ("AB", "c"),
    ("\ud800",),
]


def test_other_parts_have_another_hash() -> None:
    hashes = {KeyedHash(OLD, "tests").of(*parts) for parts in PARTS}

    assert len(hashes) == len(PARTS)


def test_the_hash_of_the_same_parts_is_the_same_in_every_process() -> None:
    assert (
        KeyedHash(OLD, "tests").of("account", "grace@example.test")
        == "e7216d552129689e54ecacbb6d5671e727612700e6af04793703bcd8e77a2fff"
    )


@pytest.mark.parametrize(
    ("key", "purpose", "same"),
    [
        pytest.param(OLD, "tests", True, id="the same"),
        pytest.param(NEW, "tests", False, id="another key"),
        pytest.param(OLD, "others", False, id="another purpose"),
    ],
)
def test_a_hash_depends_on_the_key_and_the_purpose(key: bytes, purpose: str, *, same: bool) -> None:
    one, other = KeyedHash(OLD, "tests"), KeyedHash(key, purpose)

    assert (one.of("x") == other.of("x")) is same


def test_the_id_of_a_key_tells_it_from_others() -> None:
    ids = {key_id(key, purpose) for key in (OLD, NEW) for purpose in ("tests", "others")}

    assert len(ids) == 4
    assert all(re.fullmatch("[0-9a-f]{16}", id_) for id_ in ids)


def test_what_is_sealed_about_one_thing_does_not_open_about_another() -> None:
    sealed = sealer().seal(PLAIN, b"ada")

    assert sealer().open(sealed, b"ada") == PLAIN
    assert [sealer().open(sealed, about) for about in (b"", b"grace", b"ad", b"adaa")] == [None] * 4


def test_what_was_sealed_about_nothing_opens_as_ever() -> None:
    """By a version that did not know what to be about something means."""
    kept = "AYRgGy2opueh7LTsvAtzUde4apbfxFudyVQxh4Kpj_ZMp3fzj3SskM9SFXRoEQ"

    assert sealer().open(kept) == PLAIN
    assert sealer().open(kept, b"ada") is None
