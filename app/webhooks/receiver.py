"""Takes deliveries in: whether they are genuine, whether they are new, and written down before anybody is told so."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from app.errors import AppError, DeliveryNotKeptError, NotFoundError, SignatureRefusedError
from app.store.state import StoreAwayError
from app.webhooks.deliveries import NOTED, Delivery, UnreadableDeliveryError, as_hint, read
from app.webhooks.hosts import Hosts
from app.webhooks.inbox import Inbox, Put
from app.webhooks.signatures import Verdict, verdict
from app.webhooks.worker import Count

RETRY = 60
"""Seconds after which to come again; Calendly comes when it pleases."""

HINT = "hint-"
"""Before the identity of what is no more than a hint: what is told properly later is no duplicate of it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """`keys` are those that deliveries may be signed with, at least one. `nudge` is told of each that is new."""

    keys: Sequence[bytes]
    inbox: Inbox
    hosts: Hosts
    count: Count
    nudge: Callable[[], None]
    clock: Callable[[], datetime]

    async def take(self, account: str | None, signature: str | None, body: bytes) -> None:
        """Of the account with this id, or of the one without an address of its own.

        Returns where it need not come again. Raises `SignatureRefusedError`; `NotFoundError` for an account
        that is not served (yet); `DeliveryNotKeptError` where it could not be written down.
        """
        judged = verdict(signature, body, self.keys, self.clock())
        if judged is Verdict.FORGED:
            self.count("forged")
            raise SignatureRefusedError
        id_ = await self._account(account)
        try:
            received = read(body)
        except UnreadableDeliveryError:
            # To come again would not make it readable, and a day of failures ends the subscription.
            log.exception("webhooks.delivery_unreadable")
            self.count("unreadable")
            return
        if received.delivery is None:
            self.count("noted" if received.event in NOTED else "ignored")
        elif judged is Verdict.STALE:
            await self._keep_hint(id_, received.identity, received.delivery)
        else:
            await self._keep(id_, received.identity, received.delivery)

    async def _account(self, account: str | None) -> str:
        try:
            id_ = account or await self.hosts.own()
            host = await self.hosts.of(id_)
        except AppError as error:
            self.count("not_kept")
            raise DeliveryNotKeptError(retry_after=RETRY) from error
        if host is None:
            raise NotFoundError
        return id_

    async def _keep_hint(self, account: str, identity: str, delivery: Delivery) -> None:
        """A copy, if it has come before. One that never came at its time tells of clocks that differ, or of a Calendly
        that signs once for all its attempts: somebody should know. Nothing of it is believed, but that there may be
        something to see.
        """
        with self._stored():
            if await self.inbox.has_seen(account, identity):
                put = Put.DUPLICATE
            else:
                put = await self.inbox.put(account, HINT + identity, as_hint(delivery))
        self._require_room(put)
        self.count("stale" if put is Put.NEW else "replayed")
        if put is Put.NEW:
            log.error("webhooks.delivery_stale")
            self.nudge()

    async def _keep(self, account: str, identity: str, delivery: Delivery) -> None:
        with self._stored():
            put = await self.inbox.put(account, identity, delivery)
        self._require_room(put)
        self.count("new" if put is Put.NEW else "duplicate")
        self.nudge()

    @contextmanager
    def _stored(self) -> Iterator[None]:
        """Whatever cannot be written down is to come again."""
        try:
            yield
        except StoreAwayError as error:
            self.count("not_kept")
            raise DeliveryNotKeptError(retry_after=RETRY) from error

    def _require_room(self, put: Put) -> None:
        if put is Put.FULL:
            self.count("not_kept")
            log.error("webhooks.inbox_full")
            raise DeliveryNotKeptError(retry_after=RETRY)
