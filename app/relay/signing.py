"""Signatures of notices, as Standard Webhooks have them. Pure functions."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from hmac import digest


def signed_headers(secrets: Sequence[bytes], id_: str, timestamp: int, body: bytes) -> dict[str, str]:
    """One signature for each secret, so that a receiver may have any of them while they are exchanged.

    `timestamp` is that of the attempt, in Unix seconds: receivers refuse what is older than they allow.
    """
    content = b".".join((id_.encode(), str(timestamp).encode(), body))
    signatures = (b64encode(digest(secret, content, sha256)).decode() for secret in secrets)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
