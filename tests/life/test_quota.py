"""What is refused, and what is only tried out, spends nothing of the quota that Calendly has for bookings.

One case for each problem there is, however it comes about: Calendly is sent no
booking, and counts none.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import API, errors
from app.errors import AppError
from app.read_queue import AT_ONCE, PATIENCE
from app.webhooks.subscriptions import PATH
from tests.life.stage import BRISK, Stage, bookings_sent, canceled, healed, made, sent
from tests.support.accounts import OPERATOR, connecting_service
from tests.support.hooks import believing, delivery
from tests.support.hooks import deliver as signed
from tests.support.ports import free_port
from tests.support.redis import CACHE, STATE, running_redis
from tests.support.service import Json, Service, booking_body, plan_fault, running_service, settings_for
from tests.support.simulation import ADA, Simulation

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
LIMIT = 10
"""Bookings that Calendly takes in a minute, on the plan that these tests are on."""

FOR_GOOD = 1000


@dataclass
class Rig:
    """`booking`: one that was made before, where the case needs it. `stack` is closed when all has been tried."""

    bff: Service
    stage: Stage
    folder: Path
    stack: AsyncExitStack
    body: Json
    booking: Json = field(default_factory=dict)

    @property
    def calendly(self) -> Simulation:
        return self.stage.calendly

    async def post(self, path: str, **options: Any) -> httpx.Response:
        headers = {"Idempotency-Key": KEY} | options.pop("headers", {})
        return await self.bff.http.post(f"{API}/bookings{path}", headers=headers, **options)


Arrange = Callable[[Rig], Awaitable[None]]
Try = Callable[[Rig], Awaitable[httpx.Response]]


async def preflight(rig: Rig) -> httpx.Response:
    return await rig.bff.preflight(rig.body)


async def book(rig: Rig) -> httpx.Response:
    return await rig.bff.book(rig.body, KEY)


async def reschedule(rig: Rig) -> httpx.Response:
    return await rig.bff.manage(rig.booking, "/reschedule", {"start": rig.body["start"]})


def posts(path: str, **options: Any) -> Try:
    """Something that is no booking at all."""

    async def send(rig: Rig) -> httpx.Response:
        return await rig.post(path, **options)

    return send


def both(**options: Any) -> tuple[Try, Try]:
    return posts("", **options), posts("/preflight", **options)


async def book_without_key(rig: Rig) -> httpx.Response:
    return await rig.bff.http.post(f"{API}/bookings", json=rig.body)


async def deliver_unsigned(rig: Rig) -> httpx.Response:
    return await rig.bff.http.post(PATH, json=delivery())


async def deliver(rig: Rig) -> httpx.Response:
    return await signed(rig.bff.http, delivery(), rig.calendly.clock())


async def deliver_never(rig: Rig) -> httpx.Response:
    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    return await rig.bff.http.post(PATH, content=body())


async def put(rig: Rig) -> httpx.Response:
    return await rig.bff.http.put(f"{API}/bookings", json=rig.body)


async def reschedule_without_token(rig: Rig) -> httpx.Response:
    return await rig.post("/bk_1/reschedule", json={"start": rig.body["start"]})


async def read_behind_a_crowd(rig: Rig) -> httpx.Response:
    """On a machine that has no time for it."""
    *crowd, last = [asyncio.create_task(rig.bff.get("/event-types")) for _ in range(AT_ONCE + 1)]
    rig.stack.push_async_callback(asyncio.wait, set(crowd))
    await asyncio.sleep(0)
    time.sleep(PATIENCE + 0.1)  # noqa: ASYNC251 - nobody's turn comes
    return await last


def says(**changes: Any) -> Arrange:
    """The body is that of the first free time, but for these fields."""

    async def arrange(rig: Rig) -> None:
        rig.body |= changes

    return arrange


def fails(kind: str, **fault: Any) -> Arrange:
    """Calendly tells nothing of event types and free times."""

    async def arrange(rig: Rig) -> None:
        rig.stage.redis.flush()
        rig.bff.forget()
        await plan_fault(rig.calendly, kind, path="^/event_type", times=FOR_GOOD, **fault)

    return arrange


async def is_broken(rig: Rig) -> None:
    rig.bff.app.state.resources = None


async def one_is_running(rig: Rig) -> None:
    await plan_fault(rig.calendly, "delay", path="^/invitees$", method="POST", seconds=0.5)
    running = asyncio.create_task(book(rig))
    rig.stack.push_async_callback(asyncio.wait, {running})
    await sent(rig.calendly, 1)


async def one_was_canceled(rig: Rig) -> None:
    rig.booking = await made(rig.bff, start=(await rig.bff.free("intro-call"))[1])
    await canceled(rig.bff, rig.booking)


async def one_has_the_key(rig: Rig) -> None:
    await rig.bff.book(rig.body | {"start": (await rig.bff.free("intro-call"))[1]}, KEY)


async def the_quota_is_spent(rig: Rig) -> None:
    await plan_fault(rig.calendly, "status", status=429, path="^/invitees$", method="POST")
    other = {"name": "Other Example", "email": "other@example.test"}
    await rig.bff.book(rig.body | {"invitee": other})


async def the_store_is_unfit(rig: Rig) -> None:
    own = rig.stack.enter_context(running_redis(rig.folder, maxmemory_policy="allkeys-lru"))
    settings = settings_for(
        str(rig.calendly.http.base_url), redis_url=own.url(CACHE), state_url=own.url(STATE)
    )
    rig.bff = await rig.stack.enter_async_context(running_service(settings, rig.calendly.clock, BRISK))


async def nobody_waits(rig: Rig) -> None:
    owned = rig.bff.app.state.resources
    rig.bff.app.state.resources = replace(owned, webhooks=replace(owned.webhooks, within=0.05))


async def deliveries_have_no_store(rig: Rig) -> None:
    settings = settings_for(
        str(rig.calendly.http.base_url),
        redis_url=rig.stage.redis.url(CACHE),
        state_url=f"redis://127.0.0.1:{free_port()}/0",
    )
    running = running_service(believing(settings), rig.calendly.clock, BRISK)
    rig.bff = await rig.stack.enter_async_context(running)


async def links_are_made(rig: Rig) -> None:
    """By operators, while there is a state store."""
    state_url = f"redis://127.0.0.1:{free_port()}/0"
    serving = connecting_service(rig.calendly, rig.stage.redis, token=ADA, state_url=state_url)
    rig.bff = await rig.stack.enter_async_context(serving)


async def link(rig: Rig) -> httpx.Response:
    return await rig.bff.http.post("/connect/links", headers=OPERATOR)


async def link_without_key(rig: Rig) -> httpx.Response:
    return await rig.bff.http.post("/connect/links")


async def nothing(_: Rig) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Case:
    error: type[AppError]
    arrange: Arrange = nothing
    tries: tuple[Try, ...] = (book, preflight)


CASES = (
    Case(errors.InternalError, is_broken),
    Case(
        errors.MalformedRequestError, tries=both(content=b"{", headers={"Content-Type": "application/json"})
    ),
    Case(errors.IdempotencyKeyMissingError, tries=(book_without_key,)),
    Case(errors.ManageTokenRequiredError, tries=(reschedule_without_token,)),
    Case(errors.SignatureRefusedError, tries=(deliver_unsigned,)),
    Case(errors.NotFoundError, says(eventTypeId="secret-offer")),
    Case(errors.MethodNotAllowedError, tries=(put,)),
    Case(errors.BodyTooSlowError, nobody_waits, tries=(deliver_never,)),
    Case(errors.SlotTakenError, says(start="2026-11-24T03:00:00+01:00")),
    Case(errors.FormChangedError, says(formVersion="0123456789ab")),
    Case(errors.BookingInFlightError, one_is_running, tries=(book,)),
    Case(errors.BookingNotChangeableError, one_was_canceled, tries=(reschedule,)),
    Case(errors.UseHostedPageError, says(eventTypeId="paid-session")),
    Case(errors.BodyTooLargeError, tries=both(content=b" " * 70_000)),
    Case(errors.UnsupportedMediaTypeError, tries=both(data={"eventTypeId": "intro-call"})),
    Case(errors.InvalidRequestError, says(guests=["grace@example.test"])),
    Case(errors.IdempotencyKeyReusedError, one_has_the_key, tries=(book,)),
    Case(errors.BookingsClosedError, the_store_is_unfit),
    Case(errors.UpstreamFailedError, fails("status", status=500)),
    Case(errors.UpstreamRefusedUsError, fails("status", status=401)),
    Case(errors.UpstreamBusyError, fails("status", status=429)),
    Case(errors.BookingQuotaSpentError, the_quota_is_spent),
    Case(errors.OperatorKeyRequiredError, links_are_made, tries=(link_without_key,)),
    Case(errors.StateAwayError, links_are_made, tries=(link,)),
    Case(errors.OverloadedError, tries=(read_behind_a_crowd,)),
    Case(errors.DeliveryNotKeptError, deliveries_have_no_store, tries=(deliver,)),
    Case(errors.UpstreamTimeoutError, fails("delay", seconds=30)),
)


@pytest.fixture
async def rig(bff: Service, stage: Stage, tmp_path: Path) -> AsyncIterator[Rig]:
    await stage.calendly.settings(tier="paid")
    body = booking_body("intro-call", (await bff.free("intro-call"))[0])
    async with AsyncExitStack() as stack:
        yield Rig(bff, stage, tmp_path, stack, body)


async def _quota_left(calendly: Simulation) -> int:
    """As Calendly says when it is sent one more."""
    answer = await calendly.send(await calendly.booking("no-place"))
    assert answer.status_code == 201, answer.text
    return int(answer.headers["X-RateLimit-Remaining"])


async def _counted(calendly: Simulation) -> int:
    """Bookings that Calendly took."""
    items: list[Json] = (await calendly.http.get("/_simulator/calls")).json()["items"]
    return len([call for call in items if (call["path"], call["status"]) == ("/invitees", 201)])


def test_there_is_a_case_for_every_problem() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type)]

    every = {each for each in classes if issubclass(each, AppError) and "code" in vars(each)}

    assert {case.error for case in CASES} == every


@pytest.mark.parametrize("case", [pytest.param(case, id=case.error.code) for case in CASES])
async def test_a_refusal_costs_no_booking(rig: Rig, case: Case) -> None:
    await case.arrange(rig)
    before = len(await bookings_sent(rig.calendly))

    answers = await asyncio.gather(*(attempt(rig) for attempt in case.tries))

    assert {answer.json().get("code") for answer in answers} == {case.error.code}
    assert len(await bookings_sent(rig.calendly)) == before
    await rig.stack.aclose()
    await healed(rig.calendly)
    taken = await _counted(rig.calendly)
    assert await _quota_left(rig.calendly) == LIMIT - taken - 1


async def test_a_preflight_that_finds_nothing_wrong_costs_no_booking(rig: Rig) -> None:
    answers = [await preflight(rig) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert await bookings_sent(rig.calendly) == []
    assert await _quota_left(rig.calendly) == LIMIT - 1
