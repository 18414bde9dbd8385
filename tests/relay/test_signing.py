"""Signatures: one for each secret, over id, time and body, as any receiver of Standard Webhooks verifies them."""

from base64 import b64encode
from hashlib import sha256
from hmac import new
from typing import Any

import pytest

from app.relay.signing import signed_headers
from tests.relay.examples import OTHER_SECRET, SECRET, secret_key
from tests.relay.receiver import Received

BODY = b'{"type":"booking.confirmed"}'

VECTORS = [
    pytest.param(
        b"0123456789abcdef01234567",
        "msg_1",
        1795413600,
        b"{}",
        "v1,vIfvNMpxAuCt0k75iKvG9AVQ3SbbGDKnK+b5pQoMZbE=",
        id="nothing to say",
    ),
    pytest.param(
        b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "msg_2",
        0,
        '{"name":"Zoë"}'.encode(),
        "v1,eAB3f0YchLOwHONYQeEPv/HcSLeBcJX8rWlBU60lin8=",
        id="letters beyond ASCII",
    ),
]
"""Worked out with `openssl dgst -sha256 -mac HMAC -macopt hexkey:…`."""


@pytest.mark.parametrize(("secret", "id_", "timestamp", "body", "signature"), VECTORS)
def test_a_signature_is_what_another_program_makes_of_it(
    secret: bytes, id_: str, timestamp: int, body: bytes, signature: str
) -> None:
    headers = signed_headers([secret], id_, timestamp, body)

    assert headers == {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }


def test_each_secret_signs_so_that_a_receiver_may_have_either() -> None:
    headers = signed_headers([secret_key(SECRET), secret_key(OTHER_SECRET)], "msg_1", 1, BODY)

    received = Received("/", headers, BODY)
    assert received.is_signed_with(SECRET)
    assert received.is_signed_with(OTHER_SECRET)
    assert len(headers["webhook-signature"].split(" ")) == 2


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"id_": "msg_2"}, id="another id"),
        pytest.param({"timestamp": 2}, id="another time"),
        pytest.param({"body": BODY + b" "}, id="another body"),
        pytest.param({"secrets": [secret_key(OTHER_SECRET)]}, id="another secret"),
    ],
)
def test_a_signature_is_good_for_nothing_else(changed: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"secrets": [secret_key()], "id_": "msg_1", "timestamp": 1, "body": BODY}

    signatures = [signed_headers(**each)["webhook-signature"] for each in (usual, usual | changed)]

    assert signatures[0] != signatures[1]


def test_where_one_part_ends_is_signed_as_well() -> None:
    key = secret_key()
    expected = b64encode(new(key, b"a.1.b", sha256).digest()).decode()

    assert signed_headers([key], "a", 1, b"b")["webhook-signature"] == f"v1,{expected}"
