"""Takes up the intents that nobody looks after: whose answer never came, or whose process died."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import structlog

from app.background import whatever_goes_wrong
from app.calendly.client import CalendlyClient
from app.errors import AppError
from app.intents.ledger import Event
from app.intents.likeness import is_called, says_the_same
from app.intents.lookup import Look, Meant, Sighting, look
from app.intents.machine import TASKS, Evidence, Happened, State, Task, is_conclusive, is_quiet
from app.intents.model import Matter, Result, Standing
from app.intents.naming import NamesUnknownError
from app.intents.options import ProtocolOptions
from app.intents.settlement import Means, Settlement, result_of
from app.store.state import StoreAwayError

Step = Callable[[str, Matter, Result], Awaitable[State]]

AT_ONCE = 4
"""Intents that one process takes up at a time: the calls they cost are those of the visitors."""

log = structlog.get_logger()


class Resolver:
    """One in every process; the store gives each intent to one of them at a time."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._settlement = Settlement(means)

    async def run(self) -> None:
        """Until cancelled. Whatever goes wrong in a round, there is a next one."""
        while True:
            # That the store is away, or the names are not known, has been logged.
            with whatever_goes_wrong("intents.resolver_failed"), suppress(StoreAwayError, NamesUnknownError):
                if await self._round() >= AT_ONCE:
                    continue
            await asyncio.sleep(self._means.options.poll.total_seconds())

    async def _round(self) -> int:
        """How many were due."""
        await self._means.naming.look_after()
        _, overdue = await self._means.ledger.unsettled()
        if not overdue:
            return 0
        due = await self._means.ledger.claim_due(AT_ONCE, self._means.options.hold)
        for outcome in await asyncio.gather(*map(self._take_up, due), return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("intents.resolver_failed", exc_info=outcome)
        return len(due)

    async def _take_up(self, id_: str) -> None:
        try:
            standing = await self._means.ledger.load(id_)
            if standing is not None:
                await self._resume(standing)
        except StoreAwayError:
            log.warning("intents.left_for_later")

    async def _resume(self, standing: Standing) -> None:
        match TASKS.get(standing.state):
            case Task.DROP:
                await self._means.ledger.advance(standing.id, Event(happened=Happened.LOST, overdue=True))
            case Task.WAIT:
                lost = Event(happened=Happened.LOST, due_in=timedelta(0), overdue=True)
                await self._means.ledger.advance(standing.id, lost)
            case Task() as task:
                await self._ask_calendly(standing, task)

    async def _ask_calendly(self, standing: Standing, task: Task) -> None:
        client = await self._speaker(standing)
        if client is None:
            await self._left(standing)
            return
        match task, standing.result:
            case Task.LOOK, _:
                await self._look(client, standing)
            case Task.CANCEL_OLD, Result() as result:
                await self._continued(standing, self._settlement.moved, result)
            case Task.CANCEL_NEW, Result() as result:
                await self._continued(standing, self._settlement.undone, result)

    async def _speaker(self, standing: Standing) -> CalendlyClient | None:
        """None where another service has the same store, whose account can see and cancel this booking; where the
        account was disconnected; and while it is not known whose account this process speaks for.
        """
        try:
            wanted = standing.matter.wanted
            return await self._means.speaker(wanted.user, wanted.event_type)
        except AppError as error:
            log.warning("intents.account_unknown", error=error.code)
            return None

    async def _continued(self, standing: Standing, step: Step, result: Result) -> None:
        if await step(standing.id, standing.matter, result) is standing.state:
            await self._again(standing, absences=0)

    async def _look(self, client: CalendlyClient, standing: Standing) -> None:
        try:
            seen = await look(client, standing.matter.wanted, meant_by(standing.matter))
            if seen.sighting is not None:
                await self._found(client, standing, seen.sighting)
                return
        except AppError as error:
            log.warning("intents.look_failed", error=error.code)
            seen = Look(None, complete=False)
        await self._not_seen(standing, complete=seen.complete)

    async def _found(self, client: CalendlyClient, standing: Standing, sighting: Sighting) -> None:
        """What does not say the same may be somebody else's, or this visitor's own in a spelling of Calendly's.

        Nobody can tell, so it is not called failed, and nobody gets hold of it. For a
        move nothing may follow from it, or the time that the visitor has would be given up for another's.
        """
        matter = standing.matter
        other = not meant_by(matter)(sighting.event, sighting.invitee)
        if other and (matter.replaces is not None or not self._is_quiet(standing)):
            await self._again(standing, absences=0)
            return
        if other:
            log.warning("intents.another_found", intent=standing.id)
        result = result_of(client, sighting.invitee, other=other)
        await self._settlement.booked(standing.id, matter, result, Happened.FOUND)

    def _is_quiet(self, standing: Standing) -> bool:
        silence = Evidence(standing.age, standing.absences)
        return is_quiet(silence, self._means.options.quiet.total_seconds())

    async def _not_seen(self, standing: Standing, *, complete: bool) -> None:
        counts = complete and self._is_quiet(standing)
        absences = standing.absences + counts
        if not is_conclusive(Evidence(standing.age, absences)):
            await self._again(standing, absences=absences)
        elif await self._means.ledger.advance(standing.id, Event(happened=Happened.ABSENT)):
            log.warning("intents.not_booked")

    async def _again(self, standing: Standing, *, absences: int) -> None:
        if standing.age > self._means.options.alarm_after.total_seconds():
            log.error("intents.unresolved", intent=standing.id, state=standing.state)
        wait = next_look(standing, absences, self._means.options)
        await self._means.ledger.postpone(
            standing.id, standing.state, looks=standing.looks + 1, absences=absences, due_in=wait
        )

    async def _left(self, standing: Standing) -> None:
        await self._means.ledger.postpone(
            standing.id,
            standing.state,
            looks=standing.looks,
            absences=standing.absences,
            due_in=self._means.options.first_look,
        )


def meant_by(matter: Matter) -> Meant:
    """Whether it says what was asked for. By the name alone, where an earlier version has kept no more."""
    if matter.asked is None:
        return lambda _, invitee: is_called(matter.wanted.name, invitee)
    return partial(says_the_same, matter.asked)


def next_look(standing: Standing, absences: int, options: ProtocolOptions) -> timedelta:
    """Soon while an absence is being proved, ever more rarely while nothing can be seen."""
    if standing.age > options.alarm_after.total_seconds():
        return options.rare_wait
    if absences:
        return options.first_look
    wait = min(options.first_look * 2.0 ** min(standing.looks, 10), options.longest_wait)
    until_quiet = options.quiet - timedelta(seconds=standing.age)
    return min(wait, until_quiet) if until_quiet > timedelta(0) else wait
