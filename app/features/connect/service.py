"""Connects an account: from the link that an operator makes to the answer that comes back from Calendly."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

import structlog

from app.accounts.accounts import Accounts
from app.accounts.connecting import AlreadyServedError, Connecting
from app.errors import NotFoundError, StateAwayError, UpstreamError
from app.oauth.failures import AuthorizationError, ClientRefusedError, GrantRefusedError
from app.oauth.invitations import INVITED_FOR
from app.store.state import StoreAwayError

CALLBACK = "/oauth/callback"
"""Where Calendly sends hosts back to. To be named in Calendly's developer portal, behind our origin."""

DENIED = "access_denied"
"""What Calendly says (RFC 6749, 4.1.2.1) where the host does not consent."""

RETRY_AFTER = 10
"""Seconds until it makes sense to try again, where the state store is away."""

log = structlog.get_logger()


class Ending(Enum):
    """Of the attempt to connect an account."""

    CONNECTED = auto()
    REFUSED = auto()
    """By the host."""
    TOO_LATE = auto()
    """Nothing was begun with this link or state, or it is used, or too old: which of them, nobody is told."""
    ALREADY_SERVED = auto()
    AWAY = auto()
    """Calendly gave no usable answer: what came with the host is spent."""
    UNKNOWN_TO_CALENDLY = auto()
    """Our id, secret or request is: nothing that a host could mend."""
    STORE_AWAY = auto()


@dataclass(frozen=True, slots=True)
class Ended:
    """`name`: of the account, where Calendly has told."""

    ending: Ending
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    expires_at: datetime


class ConnectService:
    """Raises `NotFoundError` where nobody can be connected: no application is set, or not where browsers reach us."""

    def __init__(self, connecting: Connecting | None, accounts: Accounts) -> None:
        if connecting is None or connecting.served_at is None:
            raise NotFoundError
        self._connecting = connecting
        self._served_at = connecting.served_at
        self._accounts = accounts

    async def make_link(self) -> Link:
        """Raises `StateAwayError`."""
        try:
            token = await self._connecting.invitations.make()
        except StoreAwayError as error:
            raise StateAwayError(retry_after=RETRY_AFTER) from error
        return Link(f"{self._served_at}/connect/{token}", self._connecting.clock() + INVITED_FOR)

    @property
    def leads_to(self) -> str:
        """The origin of Calendly's consent page."""
        return self._connecting.authorization.origin

    async def looked_at(self, token: str) -> Ending | None:
        """Why the link cannot be followed; None where it can. Uses nothing up."""
        try:
            return None if await self._connecting.invitations.is_open(token) else Ending.TOO_LATE
        except StoreAwayError:
            return Ending.STORE_AWAY

    async def begin(self, token: str) -> str | Ending:
        """Uses the link up: the address of Calendly's consent page, or why there is none."""
        try:
            pending = await self._connecting.invitations.begin(token)
        except StoreAwayError:
            return Ending.STORE_AWAY
        if pending is None:
            return Ending.TOO_LATE
        return self._connecting.authorization.authorize_url(
            redirect_uri=self._redirect_uri, state=pending.state, challenge=pending.challenge
        )

    async def finish(self, state: str | None, code: str | None, error: str | None) -> Ended:
        """As Calendly sends the host back. Whatever comes of it, this state is used up."""
        try:
            return await self._finished(state or "", code, error)
        except StoreAwayError:
            ending = Ending.STORE_AWAY
        except AlreadyServedError:
            ending = Ending.ALREADY_SERVED
        except GrantRefusedError:
            ending = Ending.TOO_LATE
        except ClientRefusedError:
            ending = Ending.UNKNOWN_TO_CALENDLY
        except AuthorizationError:
            ending = Ending.AWAY
        log.warning("connect.failed", ending=ending.name.lower())
        return Ended(ending)

    async def _finished(self, state: str, code: str | None, error: str | None) -> Ended:
        pending = await self._connecting.invitations.finish(state)
        if pending is None:
            return Ended(Ending.TOO_LATE)
        if error is not None or code is None:
            return Ended(Ending.REFUSED if error == DENIED else Ending.UNKNOWN_TO_CALENDLY)
        grant = await self._connecting.connect(pending, code, self._redirect_uri)
        return Ended(Ending.CONNECTED, await self._name_of(grant.user))

    async def _name_of(self, user: str) -> str | None:
        try:
            account = await self._accounts.of_user(user)
            return None if account is None else (await account.catalogue.account()).name
        except UpstreamError:
            return None

    @property
    def _redirect_uri(self) -> str:
        return self._served_at + CALLBACK
