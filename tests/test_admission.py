"""What may come in: plain JSON of a bounded size, and nothing that parsers read differently."""

from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.types import Message

from app import API
from app.admission import MAX_BODY, JsonRoute
from app.errors import MalformedRequestError
from tests.support.service import Service, calls_of
from tests.support.simulation import Simulation

BOOKINGS = f"{API}/bookings"
JSON = {"Content-Type": "application/json", "Idempotency-Key": "k"}


async def _post(bff: Service, body: bytes, **headers: str) -> tuple[int, str]:
    named = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await bff.http.post(BOOKINGS, content=body, headers=named)
    assert b"marker" not in answer.content
    return answer.status_code, answer.json()["code"]


async def _in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), 1024):
        yield body[begin : begin + 1024]


@pytest.mark.fault("C03")
async def test_a_body_that_is_declared_too_large_is_refused_unread(bff: Service) -> None:
    assert await _post(bff, b" " * (MAX_BODY + 1)) == (413, "body_too_large")


@pytest.mark.fault("C03")
async def test_a_body_that_turns_out_too_large_is_refused(bff: Service) -> None:
    answer = await bff.http.post(BOOKINGS, content=_in_pieces(b" " * (MAX_BODY + 1)), headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_body_of_just_the_limit_is_read(bff: Service) -> None:
    body = b"{}".ljust(MAX_BODY)

    assert await _post(bff, body) == (422, "invalid_request")


async def test_a_body_in_pieces_is_put_together(bff: Service) -> None:
    answer = await bff.http.post(BOOKINGS, content=_in_pieces(b"{}".ljust(3000)), headers=JSON)

    assert answer.status_code == 422


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "9" * 400], ids=["negative", "float", "digit", "huge"])
async def test_a_length_that_is_none_is_refused(bff: Service, length: str) -> None:
    headers = {name.encode(): value.encode() for name, value in {**JSON, "Content-Length": length}.items()}

    answer = await bff.http.post(BOOKINGS, content=_in_pieces(b"{}"), headers=headers)

    assert answer.status_code == 413


@pytest.mark.fault("C11")
@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("", id="empty"),
        pytest.param("text/plain", id="text"),
        pytest.param("application/x-www-form-urlencoded", id="form"),
        pytest.param("multipart/form-data; boundary=x", id="multipart"),
        pytest.param("application/jsonp", id="something like JSON"),
        pytest.param("application/problem+json", id="another kind of JSON"),
        pytest.param("application/json, text/plain", id="two in one"),
        pytest.param("application/json; charset=utf-16", id="UTF-16"),
        pytest.param("application/json; charset=latin-1", id="Latin 1"),
        pytest.param("application/json; boundary=x", id="odd parameter"),
        pytest.param("marker/marker", id="made up"),
    ],
)
async def test_only_json_is_read(bff: Service, content_type: str) -> None:
    assert await _post(bff, b"{}", Content_Type=content_type) == (415, "unsupported_media_type")


async def test_a_body_without_a_type_is_not_read(bff: Service) -> None:
    answer = await bff.http.post(BOOKINGS, content=b"{}", headers={"Idempotency-Key": "k"})

    assert answer.status_code == 415


async def test_two_types_are_one_too_many(bff: Service) -> None:
    types = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]

    answer = await bff.http.post(BOOKINGS, content=b"{}", headers=[*types, ("Idempotency-Key", "k")])

    assert answer.status_code == 415


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("application/json; charset=utf-8", id="with charset"),
        pytest.param('APPLICATION/JSON;CHARSET="UTF-8"', id="in capitals"),
    ],
)
async def test_json_may_be_spelt_in_full(bff: Service, content_type: str) -> None:
    assert await _post(bff, b"{}", Content_Type=content_type) == (422, "invalid_request")


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, gzip", "marker"])
async def test_a_compressed_body_is_not_read(bff: Service, encoding: str) -> None:
    assert await _post(bff, b"{}", Content_Encoding=encoding) == (415, "unsupported_media_type")


@pytest.mark.fault("C05")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"   ", id="blanks"),
        pytest.param(b"marker", id="a word"),
        pytest.param(b'{"marker": ', id="half an object"),
        pytest.param(b"{} marker", id="something after it"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": Infinity}', id="Infinity"),
        pytest.param(b'{"a": -Infinity}', id="minus infinity"),
        pytest.param(b'{"a": 1e999}', id="a number beyond doubles"),
        pytest.param(b'{"a": -1e999}', id="a number below doubles"),
        pytest.param(b'{"a": ' + b"9" * 10_000 + b"}", id="a number of 10,000 digits"),
        pytest.param(rb'{"a": "\ud800"}', id="a lone surrogate"),
        pytest.param(rb'{"\udfff": "a"}', id="a lone surrogate as a name"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', id="a lone surrogate in bytes"),
        pytest.param(b'{"a": "\xff\xfe"}', id="no UTF-8"),
        pytest.param(b'{"a": "\xc0\xaf"}', id="overlong UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param("{}".encode("utf-16"), id="UTF-16"),
        pytest.param("{}".encode("utf-32"), id="UTF-32"),
        pytest.param(b'{"a": 1, "a": 2}', id="a name twice"),
        pytest.param(b'{"a": {"b": 1, "b": 1}}', id="a name twice, further in"),
        pytest.param(b"[" * 18 + b"]" * 18, id="too deep"),
        pytest.param(b'{"a":' * 17 + b"1" + b"}" * 17, id="too many objects deep"),
        pytest.param(b"[" * 30_000 + b"]" * 30_000, id="as deep as it goes"),
        pytest.param(b'{"a": "\x00"}', id="a bare NUL"),
        pytest.param(b"{'a': 1}", id="single quotes"),
        pytest.param(b'{"a": 01}', id="leading zero"),
        pytest.param(b'{"a": 1,}', id="trailing comma"),
    ],
)
async def test_what_is_not_plain_json_is_malformed(bff: Service, body: bytes) -> None:
    assert await _post(bff, body) == (400, "malformed_request")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="array"),
        pytest.param(b'"marker"', id="string"),
        pytest.param(b"5", id="number"),
        pytest.param(b"true", id="truth"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="empty object"),
        pytest.param(rb'{"eventTypeId": "marker \u0000"}', id="an escaped NUL"),
        pytest.param(b'{"marker": 1}', id="unknown field"),
    ],
)
async def test_plain_json_that_is_no_booking_is_invalid(bff: Service, body: bytes) -> None:
    assert await _post(bff, body) == (422, "invalid_request")


async def test_a_refused_body_costs_no_call(bff: Service, calendly: Simulation) -> None:
    await _post(bff, b"{}")

    assert await calls_of(calendly, "/users/me") == []


async def test_surrogates_that_are_a_pair_are_a_character(bff: Service) -> None:
    person = {"name": "Grace \U0001f600", "email": "grace@example.test"}

    answer = await bff.book(await bff.booking(invitee=person))

    assert answer.json()["invitee"]["name"] == "Grace \U0001f600"


async def test_whoever_leaves_while_sending_sent_nothing() -> None:
    async def left() -> Message:
        return {"type": "http.disconnect"}

    async def nobody(*_: object) -> None:
        raise AssertionError("nobody is to be called")

    route = JsonRoute("/bookings", nobody, methods=["POST"])
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}

    with pytest.raises(MalformedRequestError):
        await route.get_route_handler()(Request(scope, left))
