"""Calendly's refusals: status, title, message and details as the reference quotes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from simulator.assumptions import Assumptions

INVALID_ARGUMENT = "Invalid Argument"
INVALID_PARAMETERS = "The supplied parameters are invalid."
PERMISSION_DENIED = "Permission Denied"
NO_PERMISSION = "You do not have permission"
NO_PERMISSION_FOR_RESOURCE = "You do not have permission to access this resource."
STRICT_CODE = "simulator_strict"
STRICT_MESSAGE = "Simulator strict mode: Calendly would ignore this in silence."


class Detail(Struct, frozen=True, omit_defaults=True):
    """One fault. `parameter` is Calendly's own path, sometimes with the prefix of its internal model."""

    message: str
    parameter: str | None = None
    code: str | None = None


class CalendlyError(Exception):
    """Answered as `{title, message, details?, required_scopes?}`."""

    def __init__(
        self,
        status: int,
        title: str,
        message: str,
        *,
        details: Sequence[Detail] = (),
        required_scopes: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers: Mapping[str, str] = {}
        self.body: dict[str, Any] = {"title": title, "message": message}
        if details:
            self.body["details"] = to_builtins(list(details))
        if required_scopes:
            self.body["required_scopes"] = list(required_scopes)


def invalid(*details: Detail, message: str = INVALID_PARAMETERS, status: int = 400) -> CalendlyError:
    return CalendlyError(status, INVALID_ARGUMENT, message, details=details)


def invalid_parameter(parameter: str, message: str) -> CalendlyError:
    return invalid(Detail(message, parameter))


def strictly_unknown(parameters: Sequence[str]) -> CalendlyError:
    """The simulator's own refusal, which says so."""
    details = [Detail("is unknown", parameter, STRICT_CODE) for parameter in parameters]
    return invalid(*details, message=STRICT_MESSAGE)


def unauthenticated() -> CalendlyError:
    return CalendlyError(401, "Unauthenticated", "The access token is invalid")


def denied(message: str) -> CalendlyError:
    return CalendlyError(403, PERMISSION_DENIED, message)


def insufficient_scope(scope: str) -> CalendlyError:
    message = f"This action requires the following scopes: {scope}"
    return CalendlyError(403, "Insufficient scope", message, required_scopes=[scope])


def not_found() -> CalendlyError:
    return CalendlyError(404, "Resource Not Found", "The server could not find the requested resource.")


def already_exists(message: str) -> CalendlyError:
    return CalendlyError(409, "Already Exists", message)


def rate_limited(assumptions: Assumptions, headers: Mapping[str, str]) -> CalendlyError:
    error = CalendlyError(429, assumptions.rate_limited_title, assumptions.rate_limited_message)
    error.headers = headers
    return error
