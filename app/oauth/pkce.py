"""Proof key for code exchange (RFC 7636), by S256: only whoever began to connect can finish it."""

import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

_VERIFIER_BYTES = 32
"""43 characters in base64url, which is what RFC 7636 advises."""


def new_verifier() -> str:
    return secrets.token_urlsafe(_VERIFIER_BYTES)


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
