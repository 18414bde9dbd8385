"""What Calendly's OAuth server refuses, and what its silence means: decided from a reply alone."""

from datetime import datetime
from http import HTTPStatus

import msgspec

from app.calendly.exchange import Reply
from app.calendly.waits import DEFAULT_WAIT, LONGEST_WAIT, asked_wait


class AuthorizationError(Exception):
    """There are no tokens. Says nothing of what was sent or answered."""


class GrantRefusedError(AuthorizationError):
    """The code or the refresh token is not good, or no longer."""


class ClientRefusedError(AuthorizationError):
    """Not the grant, but our own id or secret: the settings are wrong, for every account alike."""


class AuthorizationAwayError(AuthorizationError):
    """There is no answer of any use. `may_have_arrived`: what was sent may be spent all the same."""

    def __init__(self, *, may_have_arrived: bool) -> None:
        super().__init__("may have arrived" if may_have_arrived else "has not arrived")
        self.may_have_arrived = may_have_arrived


class TokenQuotaError(AuthorizationError):
    """This user's tokens of the minute are spent; what was sent is not. `retry_after`: seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many tokens in a minute")
        self.retry_after = retry_after


class _Refusal(msgspec.Struct, frozen=True):
    """RFC 6749 section 5.2."""

    error: str


_ABOUT_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client"})


def refusal_from(reply: Reply, now: datetime) -> AuthorizationError:
    """What any reply but a good one means. With which status Calendly sends which code is not documented: of a refusal
    the code decides, and the status only where there is none that we know.
    """
    may_say_why = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    code = _code(reply) if may_say_why else ""
    if code == "invalid_grant":
        return GrantRefusedError()
    if code in _ABOUT_THE_CLIENT:
        return ClientRefusedError()
    match reply.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return TokenQuotaError(asked_wait(reply.headers, now, LONGEST_WAIT) or DEFAULT_WAIT)
        case HTTPStatus.UNAUTHORIZED:
            return ClientRefusedError()
    # Of what a proxy says for a server that has failed nobody knows how far that had come. A refusal has done nothing.
    is_refusal = HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return AuthorizationAwayError(may_have_arrived=not is_refusal)


def _code(reply: Reply) -> str:
    try:
        return msgspec.json.decode(reply.body, type=_Refusal).error
    except msgspec.MsgspecError:
        return ""
