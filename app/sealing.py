"""Secrets of ours: statements that only we can write and read, and hashes that only we can compute.

Each purpose has sub-keys of its own, so that what was made for one is nothing
to another, and no key is used twice.
"""

import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_SUB_KEY_BYTES = 32
_NONCE_BYTES = 12
"""96 bits, drawn at random: safe for four thousand million seals under one key (NIST SP 800-38D, 8.3)."""

_TAG_BYTES = 16
_NONCE = slice(len(_VERSION), len(_VERSION) + _NONCE_BYTES)
_SHORTEST = len(_VERSION) + _NONCE_BYTES + _TAG_BYTES

_LENGTH_BYTES = 8


class Sealer:
    """AES-256-GCM under sub-keys of `keys`: the first seals, all open.

    Sealed is: version, nonce, ciphertext and tag, as base64url. The version and
    the purpose are authenticated along with it, and so is what it is said to be
    `about`, such as the name it is kept under: under another it does not open.
    """

    def __init__(self, keys: Sequence[bytes], purpose: str) -> None:
        self._purpose = purpose.encode()
        self._ciphers = [AESGCM(key) for key in _sub_keys(keys, "seal", purpose)]

    def seal(self, plain: bytes, about: bytes = b"") -> str:
        """URL-safe text without padding, 39 characters longer than `plain` is in base64; never the same twice."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, plain, self._bound(_VERSION, about))
        return _text(_VERSION + nonce + sealed)

    def open(self, sealed: str, about: bytes = b"") -> bytes | None:
        """What was sealed; None for any text that was not sealed for this purpose, about this, under one of these keys.

        Every key is tried even after one fits: the time it takes does not tell
        which did, or whether any did.
        """
        raw = _bytes(sealed)
        if len(raw) < _SHORTEST:
            return None
        opened = [self._opened(cipher, raw, about) for cipher in self._ciphers]
        return next((plain for plain in opened if plain is not None), None)

    def _opened(self, cipher: AESGCM, raw: bytes, about: bytes) -> bytes | None:
        # The version is whatever it claims to be: another than ours was never authenticated.
        version = raw[: _NONCE.start]
        try:
            return cipher.decrypt(raw[_NONCE], raw[_NONCE.stop :], self._bound(version, about))
        except InvalidTag:
            return None

    def _bound(self, version: bytes, about: bytes) -> bytes:
        """What is authenticated but not sealed. No purpose holds a zero byte; without `about` there is none."""
        return version + self._purpose + (b"\0" + about if about else b"")


class KeyedHash:
    """HMAC-SHA256 under a sub-key of `key`: nobody without it can confirm a guess."""

    def __init__(self, key: bytes, purpose: str) -> None:
        (self._key,) = _sub_keys([key], "hash", purpose)

    def of(self, *parts: str) -> str:
        """64 hexadecimal digits; other for parts that are split otherwise."""
        mac = HMAC(self._key, SHA256())
        for part in parts:
            # A lone surrogate is no text, but it is no reason to fail either.
            data = part.encode(errors="surrogatepass")
            mac.update(len(data).to_bytes(_LENGTH_BYTES) + data)
        return mac.finalize().hex()


def key_id(key: bytes, purpose: str) -> str:
    """16 hexadecimal digits that tell this key from others, and nothing else of it."""
    (sub_key,) = _sub_keys([key], "id", purpose)
    return sub_key[:8].hex()


def _sub_keys(keys: Sequence[bytes], use: str, purpose: str) -> list[bytes]:
    if not keys:
        raise ValueError("without a key nothing can be sealed or hashed")
    info = f"{use}:{purpose}".encode()
    return [HKDF(SHA256(), length=_SUB_KEY_BYTES, salt=None, info=info).derive(key) for key in keys]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """What `_text` made this text of; empty where it did not make it.

    Base64 has several spellings of the same bytes. One is enough: otherwise a
    token could be changed and still be good.
    """
    try:
        raw = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
    return raw if _text(raw) == text else b""
