"""One attempt to deliver one notice: to an address that was looked at, and to no other."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

import httpx

from app import __version__
from app.relay.lookups import Lookups
from app.relay.schedule import NONE, asked_wait
from app.relay.signing import signed_headers
from app.relay.targets import ForbiddenAddressError, Resolve, Target, addresses_of

DEADLINE = timedelta(seconds=15)
"""For one attempt, from the look at its name to the status of the answer."""

_BUSY = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})


class Verdict(Enum):
    TAKEN = "delivered"
    AGAIN = "failed"
    NEVER = "gone"
    """The receiver says that it wants no more of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`said`: a status, or what kept us from one, in a word of ours; `wait`: for as long the receiver asks us to."""

    verdict: Verdict
    said: str
    wait: timedelta = NONE


def system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderOptions:
    """`private`: this machine and private networks may be called, too. `trust`: whose certificates are believed."""

    private: bool = False
    resolve: Resolve = field(default_factory=Lookups)
    deadline: timedelta = DEADLINE
    trust: ssl.SSLContext | None = None
    clock: Callable[[], datetime] = system_clock


class Sender:
    """Keeps no connection: the name is looked up for every attempt, and what it leads to is looked at."""

    def __init__(self, secrets: Sequence[bytes], options: SenderOptions) -> None:
        for name in ("httpx", "httpcore"):
            # They would print whole URLs, a secret of the receiver's among them.
            logging.getLogger(name).setLevel(logging.WARNING)
        self._secrets = secrets
        self._options = options
        self._trust = options.trust or httpx.create_ssl_context()

    async def send(self, target: Target, id_: str, body: bytes) -> Answer:
        """Never raises but when it is cancelled."""
        try:
            async with asyncio.timeout(self._options.deadline.total_seconds()):
                return await self._sent(target, id_, body)
        except ForbiddenAddressError:
            return Answer(Verdict.AGAIN, "forbidden_address")
        except (TimeoutError, httpx.TimeoutException):
            return Answer(Verdict.AGAIN, "timed_out")
        except httpx.ConnectError as error:
            return Answer(Verdict.AGAIN, "untrusted" if _is_about_tls(error) else "unreachable")
        except httpx.HTTPError:
            return Answer(Verdict.AGAIN, "broken_off")
        except OSError:
            return Answer(Verdict.AGAIN, "unresolved")

    async def _sent(self, target: Target, id_: str, body: bytes) -> Answer:
        addresses = await addresses_of(target, self._options.resolve, private=self._options.private)
        *others, last = addresses
        for address in others:
            try:
                return await self._sent_to(address, target, id_, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # not a byte of it was sent
        return await self._sent_to(last, target, id_, body)

    async def _sent_to(self, address: str, target: Target, id_: str, body: bytes) -> Answer:
        """The URL names the address itself, so that nobody looks the name up again; the name is in `Host`, and the
        certificate has to be for it.
        """
        url = httpx.URL(target.url)
        stamp = int(self._options.clock().timestamp())
        headers = {
            "Host": url.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "User-Agent": f"calendly-bff/{__version__}",
            **signed_headers(self._secrets, id_, stamp, body),
        }
        async with httpx.AsyncClient(
            verify=self._trust,
            trust_env=False,
            follow_redirects=False,
            timeout=_timeouts(self._options.deadline),
        ) as client:
            request = client.build_request(
                "POST",
                url.copy_with(host=address),
                content=body,
                headers=headers,
                extensions={"sni_hostname": target.host},
            )
            # The status says all: what else it answers is left where it is.
            response = await client.send(request, stream=True)
            await response.aclose()
        return self._answer(response)

    def _answer(self, response: httpx.Response) -> Answer:
        said = str(response.status_code)
        if response.is_success:
            return Answer(Verdict.TAKEN, said)
        if response.status_code == httpx.codes.GONE:
            return Answer(Verdict.NEVER, said)
        if response.status_code not in _BUSY:
            return Answer(Verdict.AGAIN, said)
        asked = response.headers.get("retry-after", "")
        return Answer(Verdict.AGAIN, said, asked_wait(asked, self._options.clock()))


def _timeouts(deadline: timedelta) -> httpx.Timeout:
    whole = deadline.total_seconds()
    return httpx.Timeout(whole, connect=whole / 3)


def _is_about_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
