"""What Calendly wraps its things in, and what it sends instead of them when it refuses."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Resource(msgspec.Struct, Generic[T], frozen=True):
    """The envelope of one thing."""

    resource: T


class Pagination(msgspec.Struct, frozen=True):
    """Where the next page is: a whole URL, or null on the last one."""

    next_page: str | None = None


class Collection(msgspec.Struct, Generic[T], frozen=True):
    """The envelope of many. Some of Calendly's lists have no pagination at all."""

    collection: list[T]
    pagination: Pagination | None = None


class ErrorDetail(msgspec.Struct, frozen=True):
    parameter: str | None = None
    message: str | None = None
    code: str | None = None


class ErrorBody(msgspec.Struct, frozen=True):
    """What Calendly says when it refuses. For our table of failures alone: it is never shown to a visitor."""

    title: str | None = None
    message: str | None = None
    details: list[ErrorDetail] | None = None
    required_scopes: list[str] | None = None

    def __repr__(self) -> str:
        """Say what kind of refusal it is, not its text, which may repeat what a visitor typed."""
        return f"<ErrorBody {self.codes()}>"

    def codes(self) -> tuple[str, ...]:
        return tuple(detail.code for detail in self.details or () if detail.code)
