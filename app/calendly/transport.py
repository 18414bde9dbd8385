"""One call well made: within its deadline, repeated where that is safe, failing in a way we can explain.

Every call runs in a task of its own, which nobody who waits for it can cancel: a caller that leaves, or one
whose deadline passes, leaves the call behind, and the HTTP client is left by its own exits. (Cancelled
inside, its pool loses connections for good.) What hangs longer still is cancelled after all, and the client
replaced.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import httpx
from pydantic import SecretStr

from app.calendly.access import Access, PersonalToken
from app.calendly.addresses import Origin
from app.calendly.breaker import Breaker, Trial
from app.calendly.call import Call, SetbackError, is_success, setback_from, setback_of, value_of
from app.calendly.calls import Calls
from app.calendly.exchange import UNSENT, Reply, ReplyError, Trouble, instant_from, trouble_of
from app.calendly.failures import Refusal, error_body, failure_of
from app.calendly.metering import Meter
from app.calendly.options import Deadline, TransportOptions
from app.calendly.quota import VISITS, Quota, Unlimited
from app.calendly.reports import report_attempt, report_refusal, report_skew
from app.calendly.retries import RetryBudget
from app.calendly.sender import Sender
from app.errors import AppError, UpstreamBusyError

T = TypeVar("T")


class Transport:
    """Opens nothing until the first call. Raises `ValueError` for an origin that the token must not be
    sent to.
    """

    def __init__(
        self,
        *,
        origin: str,
        token: SecretStr | Access,
        clock: Callable[[], datetime],
        options: TransportOptions | None = None,
        quota: Quota | None = None,
    ) -> None:
        self.origin = Origin.parse(origin)
        self._clock = clock
        self._options = options or TransportOptions()
        access = PersonalToken(token) if isinstance(token, SecretStr) else token
        self._sender = Sender(self.origin, access, self._options)
        self._meter = Meter(quota or Unlimited(), clock)
        self.breaker = Breaker(self._options.monotonic)
        self._retries = RetryBudget(self._options.monotonic)
        self._reads = Calls(slots=self._options.read_slots, patience=self._options.pool_timeout)
        self._lookups = Calls(slots=self._options.lookup_slots, patience=self._options.lookup_patience)
        self._writes = Calls(slots=self._options.write_slots, patience=self._options.write_patience)
        self._closing = False
        self.clock_skew: timedelta | None = None
        """How far Calendly's clock was ahead of ours, by the latest reply that had a date."""

    def read_deadline(self) -> Deadline:
        """For several reads that are one to the visitor, such as the pages of a list."""
        return Deadline(self._options.read_deadline, self._options.monotonic)

    async def read(self, call: Call[T], deadline: Deadline | None = None) -> T:
        """Costs at most two requests. Raises an `AppError` by the deadline, and at once what the breaker raises:
        a silent Calendly may hold every slot.
        """
        self.breaker.require(call)
        calls = self._reads if call.purpose in VISITS else self._lookups
        return await self._run(calls, call, deadline or self.read_deadline())

    async def write(self, call: Call[T]) -> T:
        """Sends once, and again only where not a byte was sent.

        Raises `OutcomeUnknownError` where Calendly may have acted on it; any other `AppError` means
        that it has not. A caller that is cancelled has not stopped what was sent.
        """
        deadline = Deadline(self._options.write_deadline, self._options.monotonic)
        return await self._run(self._writes, call, deadline)

    async def aclose(self) -> None:
        """Takes no more calls; waits for writes as long as a write may take, and for reads not at all."""
        self._closing = True
        await self._writes.finish(self._options.write_deadline.total_seconds())
        await self._lookups.finish(0)
        await self._reads.finish(0)
        await self._meter.finish()
        await self._sender.aclose()

    async def _run(self, calls: Calls, call: Call[T], deadline: Deadline) -> T:
        if self._closing:
            raise UpstreamBusyError(retry_after=1)
        try:
            return await calls.run(partial(self._persist, call, deadline), deadline)
        except TimeoutError as error:
            raise failure_of(Trouble.TIMED_OUT, is_write=call.is_write) from error

    async def _persist(self, call: Call[T], deadline: Deadline) -> T:
        self._retries.note()
        try:
            return await self._attempt(call, deadline)
        except SetbackError as setback:
            await self._wait_to_repeat(call, setback, deadline)
        try:
            return await self._attempt(call, deadline)
        except SetbackError as setback:
            raise setback.failure from setback

    async def _wait_to_repeat(self, call: Call[T], setback: SetbackError, deadline: Deadline) -> None:
        """Raises what went wrong, where repeating makes no sense or would come too late."""
        if not setback.repeatable or not self.breaker.is_open_to(call):
            raise setback.failure from setback
        if call.purpose in VISITS and not self._retries.take():
            raise setback.failure from setback
        wait = max(setback.asked_wait or 0, self._options.retry_wait())
        if wait < deadline.left():
            await asyncio.sleep(wait)
        elif setback.asked_wait:
            # It would be the visitor who waits: better to say at once for how long.
            raise UpstreamBusyError(retry_after=setback.asked_wait) from setback
        else:
            raise setback.failure from setback

    async def _attempt(self, call: Call[T], deadline: Deadline) -> T:
        """One that the breaker or the quota does not admit is none."""
        with self.breaker.trying(call) as trial:
            permit = await self._meter.admit(call, deadline)
            return await self._admitted(call, permit, deadline, trial)

    async def _admitted(self, call: Call[T], permit: str, deadline: Deadline, trial: Trial) -> T:
        """Leaves one line in the log: which operation, how it went and how long, nothing of the URL."""
        started = self._options.monotonic()
        outcome: dict[str, str | int] = {}
        try:
            reply = await self._sent(call, permit, deadline)
            outcome["status"] = reply.status
            trial.answered(reply.status)
            self._compare_clocks(reply)
            await self._meter.observe(call, reply, deadline)
            return self._judged(call, reply)
        except (httpx.HTTPError, ReplyError) as error:
            trouble = trouble_of(error)
            outcome["trouble"] = trouble.name.lower()
            trial.failed(trouble)
            raise setback_of(call, trouble) from error
        except asyncio.CancelledError:
            trial.failed(Trouble.TIMED_OUT)
            raise
        finally:
            spent = self._options.monotonic() - started
            report_attempt(call.operation, spent, **outcome)

    async def _sent(self, call: Call[T], permit: str, deadline: Deadline) -> Reply:
        """Returns the permit where not a byte left us: our own failures all come before the first."""
        try:
            return await self._sender.send(call, deadline)
        except (AppError, httpx.HTTPError, ReplyError) as error:
            if isinstance(error, AppError) or trouble_of(error) in UNSENT:
                await self._meter.give_back(call, permit, deadline)
            raise

    def _compare_clocks(self, reply: Reply) -> None:
        said = instant_from(reply.headers.get("date", ""))
        if said is not None:
            self.clock_skew = said - self._clock()
            report_skew(self.clock_skew)

    def _judged(self, call: Call[T], reply: Reply) -> T:
        if is_success(reply):
            return value_of(call, reply)
        refusal = Refusal(call.operation, call.is_write, reply, error_body(reply), self._clock())
        setback = setback_from(refusal)
        report_refusal(refusal, setback.failure)
        raise setback
