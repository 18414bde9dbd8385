"""Calendly's OAuth server: where hosts are sent to consent, and what is asked of it with their consent."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Self

import httpx
import structlog
from pydantic import SecretStr

from app.calendly.addresses import Origin
from app.calendly.connections import Connections, pool_opener
from app.calendly.exchange import UNSENT, Reply, ReplyError, exchange, timeouts, trouble_of
from app.calendly.fence import fenced
from app.calendly.options import Deadline, TransportOptions
from app.calendly.sender import HEADERS
from app.calendly_settings import CalendlySettings
from app.oauth.answers import pair_from
from app.oauth.failures import AuthorizationAwayError, AuthorizationError, refusal_from
from app.oauth.grant import TokenPair

OPTIONS = TransportOptions(
    read_deadline=timedelta(seconds=10), body_limit=64 * 1024, max_connections=8, max_keepalive_connections=2
)
"""A pair of tokens that comes late is better than one that is lost."""

GRACE = 0.5
"""Seconds after the deadline in which the HTTP client may leave by its own exits."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """As Calendly's developer portal knows us. `scopes`: those that are asked for, separated by blanks."""

    client_id: str
    client_secret: SecretStr | None
    """None for a native client."""
    scopes: str
    origin: str
    """Of the OAuth server."""
    api_origin: str
    """In which users and organizations have their URIs."""

    @classmethod
    def of(cls, settings: CalendlySettings) -> Self | None:
        """None where no application is set: then nobody can be connected."""
        if settings.oauth_client_id is None:
            return None
        return cls(
            client_id=settings.oauth_client_id,
            client_secret=settings.oauth_client_secret,
            scopes=settings.oauth_scopes,
            origin=settings.oauth_url,
            api_origin=settings.api_url,
        )


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """`form` is sent as such. `may_send` is asked immediately before the first byte."""

    path: str
    form: Mapping[str, str]
    headers: Mapping[str, str]
    may_send: Callable[[], bool]


class Authorization:
    """Connects when first used. Raises `ValueError` for an origin that a secret must not be sent to.

    Whatever is asked raises an `AuthorizationError` by the deadline.
    """

    def __init__(
        self, application: Application, clock: Callable[[], datetime], options: TransportOptions = OPTIONS
    ) -> None:
        self._application = application
        self._origin = Origin.parse(application.origin)
        self._api = Origin.parse(application.api_origin)
        self._clock = clock
        self._options = options
        self._connections = Connections(options.open_pool or pool_opener(options))

    @property
    def origin(self) -> str:
        """Where hosts consent."""
        return self._application.origin

    @property
    def scopes(self) -> list[str]:
        """That hosts are asked for."""
        return self._application.scopes.split()

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        """Where the host's browser is to go. `challenge`: of the verifier that `exchange` will be given."""
        asked = {
            "client_id": self._application.client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "scope": self._application.scopes,
            "state": state,
        }
        return str(self._origin.url("/oauth/authorize", asked))

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> TokenPair:
        """The first pair. `redirect_uri`: the one that the code was asked for with."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        pair = await self._tokens(form, _always)
        # Where it does not say, what was asked for was granted (RFC 6749, 5.1).
        asked = tuple(self._application.scopes.split())
        return pair if pair.scopes is not None else replace(pair, scopes=asked)

    async def refresh(self, refresh_token: str, may_send: Callable[[], bool] = _always) -> TokenPair:
        """The next pair: `refresh_token` is spent then. `may_send` is asked immediately before the first byte."""
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token}, may_send)

    async def revoke(self, token: str) -> None:
        """Neither an access token nor a refresh token is good for anything then."""
        secret = self._application.client_secret
        shown = {} if secret is None else {"client_secret": secret.get_secret_value()}
        form = {"client_id": self._application.client_id, **shown, "token": token}
        reply = await self._asked(_Question(path="/oauth/revoke", form=form, headers={}, may_send=_always))
        if reply.status != HTTPStatus.OK:
            raise self._refusal(reply)

    async def give_back(self, token: str) -> None:
        """As `revoke`, for what nobody here will use again: where it fails there is nothing more to be done."""
        try:
            await self.revoke(token)
        except AuthorizationError as error:
            log.warning("oauth.not_revoked", failure=type(error).__name__)

    async def aclose(self) -> None:
        await self._connections.aclose()

    async def _tokens(self, form: Mapping[str, str], may_send: Callable[[], bool]) -> TokenPair:
        asked_at = self._clock()
        name, secret = self._application.client_id, self._application.client_secret
        if secret is None:
            form, headers = {**form, "client_id": name}, {}
        else:
            credentials = b64encode(f"{name}:{secret.get_secret_value()}".encode()).decode()
            headers = {"Authorization": f"Basic {credentials}"}
        reply = await self._asked(
            _Question(path="/oauth/token", form=form, headers=headers, may_send=may_send)
        )
        if reply.status != HTTPStatus.OK:
            raise self._refusal(reply)
        return pair_from(reply, self._api, asked_at)

    def _refusal(self, reply: Reply) -> AuthorizationError:
        refusal = refusal_from(reply, self._clock())
        log.warning("oauth.refused", status=reply.status, failure=type(refusal).__name__)
        return refusal

    async def _asked(self, question: _Question) -> Reply:
        """Leaves one line in the log, with nothing of what was sent or answered."""
        started = time.monotonic()
        outcome: dict[str, str | int] = {}
        try:
            reply = await self._exchanged(question)
            outcome["status"] = reply.status
        except (httpx.HTTPError, ReplyError) as error:
            trouble = trouble_of(error)
            outcome["trouble"] = trouble.name.lower()
            raise AuthorizationAwayError(may_have_arrived=trouble not in UNSENT) from error
        except TimeoutError as error:
            outcome["trouble"] = "timed_out"
            raise AuthorizationAwayError(may_have_arrived=True) from error
        finally:
            seconds = round(time.monotonic() - started, 3)
            log.info("oauth.asked", path=question.path, seconds=seconds, **outcome)
        return reply

    async def _exchanged(self, question: _Question) -> Reply:
        deadline = Deadline(self._options.read_deadline, self._options.monotonic)
        async with asyncio.timeout(deadline.total + GRACE), self._connections.lend() as pool:
            request = httpx.Request(
                "POST",
                self._origin.url(question.path, {}),
                headers={**HEADERS, **question.headers},
                data=question.form,
                extensions=timeouts(self._options, deadline) | fenced(question.may_send),
            )
            return await exchange(pool, request, deadline, self._options.body_limit)
