"""Who may look at a booking: its token's holder, and nobody who guesses, tampers, waits or comes from next door."""

import asyncio
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import quantiles

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app import API
from app.errors import NotFoundError
from app.features.bookings.desk import Desk
from app.features.bookings.desks import Desks
from app.features.bookings.manage import Claims, ManageTokens
from app.features.bookings.managing import BookingManager
from app.sealing import Sealer
from tests.security.asking import Asked, ask
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import Json, Service, running_service, settings_for
from tests.support.simulation import GRACE, Simulation

GUESSES = 100_000
OVER_HTTP = 2_000
LONGEST_DIFFERENCE = 0.005
"""Seconds between the 95th percentiles of two kinds of failure: less tells nobody anything across a network."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Ada's service with two bookings, one of them expired by now, and a neighbour's on the same keys."""

    bff: Service
    booking: Json
    other: Json
    expired: Json
    foreign: Json


@pytest.fixture
async def scene(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Scene]:
    url = str(calendly.http.base_url)
    settings = settings_for(url, redis_url=redis.url(CACHE), state_url=redis.url(STATE))
    account = settings.calendly.model_copy(update={"token": SecretStr(GRACE)})
    neighbour = settings.model_copy(update={"calendly": account})
    async with running_service(neighbour, calendly.clock) as theirs:
        foreign = await _made(theirs, "office-hours")
    async with running_service(settings, calendly.clock) as bff:
        expired = await _made(bff, "intro-call")
        calendly.clock.advance(days=14)
        booking, other = await _made(bff, "intro-call"), await _made(bff, "intro-call")
        yield Scene(bff, booking, other, expired, foreign)


async def _made(bff: Service, slug: str) -> Json:
    answer = await bff.book(await bff.booking(slug))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def token_of(booking: Json) -> str:
    return str(booking["manage"]["token"])


def raw(token: str) -> bytes:
    return urlsafe_b64decode(token + "=" * (-len(token) % 4))


def text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def with_bit_flipped(token: str, bit: int) -> str:
    sealed = bytearray(raw(token))
    sealed[bit // 8 % len(sealed)] ^= 1 << bit % 8
    return text(bytes(sealed))


def desk_of(scene: Scene) -> Desk:
    return Desks(scene.bff.app.state.resources).of(scene.bff.account, scene.booking["eventTypeId"])


def claims_of(scene: Scene) -> Claims:
    """Whatever the genuine token says, which an attacker may know."""
    claims = desk_of(scene).tokens.read(token_of(scene.booking), scene.bff.app.state.resources.clock())
    assert claims is not None
    return claims


def sealed_by_somebody(scene: Scene) -> str:
    """The right words under a key that is none of ours."""
    return ManageTokens(Sealer((secrets.token_bytes(32),), "manage")).issue(claims_of(scene))


def sealed_for_something_else(scene: Scene) -> str:
    """The right words under our keys, but for another purpose: as a stored intent is sealed."""
    return ManageTokens(scene.bff.app.state.resources.sealers("intent")).issue(claims_of(scene))


def forgeries(scene: Scene) -> dict[str, tuple[str, str]]:
    """An id and a token each, of which none may be answered."""
    id_, token = scene.booking["id"], token_of(scene.booking)
    other = token_of(scene.other)
    half = len(token) // 2
    return {
        "random": (id_, text(secrets.token_bytes(len(raw(token))))),
        "no base64": (id_, "not a token"),
        "its last character cut off": (id_, token[:-1]),
        "its half": (id_, token[:half]),
        "one character": (id_, token[:1]),
        "one character more": (id_, f"{token}A"),
        "padded": (id_, f"{token}=="),
        "in capitals": (id_, token.upper()),
        "the first bit flipped": (id_, with_bit_flipped(token, 0)),
        "a bit of the nonce flipped": (id_, with_bit_flipped(token, 20)),
        "a bit of the claims flipped": (id_, with_bit_flipped(token, 400)),
        "a bit of the tag flipped": (id_, with_bit_flipped(token, 8 * len(raw(token)) - 1)),
        "halves of two tokens": (id_, token[:half] + other[half:]),
        "the nonce of another": (id_, text(raw(other)[:13] + raw(token)[13:])),
        "another booking's": (id_, other),
        "for another booking": (scene.other["id"], token),
        "for a booking that is none": ("bk_000000000000000000000000", token),
        "expired": (scene.expired["id"], token_of(scene.expired)),
        "another account's": (scene.foreign["id"], token_of(scene.foreign)),
        "another account's on this id": (id_, token_of(scene.foreign)),
        "sealed by somebody else": (id_, sealed_by_somebody(scene)),
        "sealed for something else": (id_, sealed_for_something_else(scene)),
    }


ROUTES = (
    ("GET", "", b""),
    ("GET", "/calendar.ics", b""),
    ("POST", "/cancel", b"{}"),
    ("POST", "/reschedule", b'{"start": "2026-12-08T11:00:00+01:00"}'),
)


def alike(asked: Asked) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """All of an answer but the id of its request."""
    id_ = dict(asked.headers)["x-request-id"]
    headers = tuple((name, value) for name, value in asked.headers if name != "x-request-id")
    return asked.status, asked.body.replace(id_.encode(), b""), headers


@pytest.mark.fault("B14")
async def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(
    scene: Scene, calendly: Simulation
) -> None:
    forged = forgeries(scene)

    answers = {
        (name, method, part): await ask(scene.bff.app, method, f"{API}/bookings/{id_}{part}", token, body)
        for name, (id_, token) in forged.items()
        for method, part, body in ROUTES
    }

    kinds = {alike(answer): which for which, answer in answers.items()}
    assert len(kinds) == 1, list(kinds.values())
    assert {answer.status for answer in answers.values()} == {404}
    items: list[Json] = (await calendly.http.get("/_simulator/bookings")).json()["items"]
    assert {event["status"] for event in items} == {"active"}


async def test_the_genuine_tokens_are_good_where_the_forgeries_are_not(scene: Scene) -> None:
    answers = [
        await ask(scene.bff.app, "GET", f"{API}/bookings/{booking['id']}", token_of(booking))
        for booking in (scene.booking, scene.other)
    ]

    assert [answer.status for answer in answers] == [200, 200]


def guesses(scene: Scene) -> Iterator[tuple[str, str]]:
    """Without end: at random, and as near to a genuine token as can be."""
    id_, token = scene.booking["id"], token_of(scene.booking)
    size = len(raw(token))
    for turn in cycle(range(8 * size)):
        yield id_, with_bit_flipped(token, turn)
        yield id_, text(secrets.token_bytes(size))
        yield id_, text(raw(token)[:1] + secrets.token_bytes(12) + raw(token)[13:])
        yield f"bk_{secrets.token_hex(12)}", token
        yield id_, token[: 1 + turn % (len(token) - 1)]


@pytest.mark.fault("B14")
async def test_no_guess_is_ever_admitted(scene: Scene) -> None:
    manager = BookingManager(desk_of(scene))
    hits = 0

    for id_, token in islice(guesses(scene), GUESSES):
        try:
            await manager.admitted(id_, token)
        except NotFoundError:
            continue
        hits += 1

    assert hits == 0
    assert (await manager.admitted(scene.booking["id"], token_of(scene.booking))).booking == scene.booking[
        "id"
    ]


@pytest.mark.fault("B14")
async def test_no_guess_is_ever_answered(scene: Scene) -> None:
    app = scene.bff.app

    statuses = {
        (await ask(app, "GET", f"{API}/bookings/{id_}", token)).status
        for id_, token in islice(guesses(scene), OVER_HTTP)
    }

    assert statuses == {404}


async def _seconds(app: FastAPI, id_: str, token: str) -> float:
    started = time.perf_counter()
    await ask(app, "GET", f"{API}/bookings/{id_}", token)
    return time.perf_counter() - started


async def _p95s(scene: Scene, repeats: int) -> list[float]:
    """For each kind of failure; asked in turn, so that all share what else the machine does."""
    chosen = forgeries(scene)
    kinds = [
        chosen[name] for name in ("random", "for a booking that is none", "expired", "another account's")
    ]
    taken: list[list[float]] = [[] for _ in kinds]
    for _ in range(repeats):
        for each, (id_, token) in zip(taken, kinds, strict=True):
            each.append(await _seconds(scene.bff.app, id_, token))
    return [quantiles(each, n=20)[-1] for each in taken]


@pytest.mark.fault("B14")
async def test_how_long_it_takes_does_not_tell_what_is_wrong(scene: Scene) -> None:
    differences: list[float] = []

    for _ in range(6):
        p95s = await _p95s(scene, 60)
        differences.append(max(p95s) - min(p95s))
        if differences[-1] < LONGEST_DIFFERENCE:
            break
        await asyncio.sleep(0.2)  # whatever kept the machine busy may be over by then

    assert min(differences) < LONGEST_DIFFERENCE
