"""Every failure that has a public code, named after what it means to whoever asked.

    AppError
    ├── MalformedRequestError, IdempotencyKeyMissingError           400
    ├── ManageTokenRequiredError, OperatorKeyRequiredError,
    │   SignatureRefusedError                                      401
    ├── NotFoundError                                              404
    ├── MethodNotAllowedError                                      405
    ├── BodyTooSlowError                                           408
    ├── SlotTakenError, FormChangedError, BookingInFlightError,
    │   BookingNotChangeableError, UseHostedPageError              409
    ├── BodyTooLargeError                                          413
    ├── UnsupportedMediaTypeError                                  415
    ├── InvalidRequestError, IdempotencyKeyReusedError             422
    ├── BookingsClosedError, OverloadedError, StateAwayError,
    │   DeliveryNotKeptError                                       503
    └── UpstreamError: what Calendly, or the way to it, did
        ├── UpstreamFailedError, UpstreamRefusedUsError            502
        ├── UpstreamBusyError, BookingQuotaSpentError              503
        └── UpstreamTimeoutError                                   504

`code` is public and never changes. `problems.py` draws them (RFC 9457).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request.

    `pointer` is an RFC 6901 pointer into the body, or `/query/<name>`,
    `/header/<name>` for what stands outside it. Neither `code` nor `message`
    may hold anything the visitor sent.
    """

    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """A slot that can be booked instead: `start` is RFC 3339 in the visitor's zone."""

    start: str
    spots_left: int


@dataclass(kw_only=True, eq=False)
class AppError(Exception):
    """A failure with a public code. `detail` is ours: never the visitor's or Calendly's words."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    advice: ClassVar[str]
    """What to do about it, for the pages about problems."""

    detail: str | None = None
    hosted_url: str | None = None
    retry_after: int | None = None
    """Seconds."""

    def __str__(self) -> str:
        return self.detail or self.title


class InternalError(AppError):
    status = 500
    code = "internal"
    title = "Something went wrong on our side."
    advice = "Nothing you sent is to blame. Quote the request id to whoever runs this service."


class MalformedRequestError(AppError):
    status = 400
    code = "malformed_request"
    title = "The body is not well-formed JSON."
    advice = "Send UTF-8 JSON without NaN, Infinity, duplicate names or lone surrogates."


class IdempotencyKeyMissingError(AppError):
    status = 400
    code = "idempotency_key_missing"
    title = "A booking needs an Idempotency-Key header."
    advice = (
        "Choose a new key, such as a UUID, for each attempt to book; repeat it when you repeat that attempt."
    )


class ManageTokenRequiredError(AppError):
    status = 401
    code = "manage_token_required"
    title = "This needs the manage token of the booking."
    advice = "Send the token that came with the booking: `Authorization: Bearer …`."


class SignatureRefusedError(AppError):
    status = 401
    code = "signature_refused"
    title = "This delivery is not signed by Calendly."
    advice = "Only Calendly delivers here: the key that signs must be one of CALENDLY_WEBHOOK_KEYS."


class OperatorKeyRequiredError(AppError):
    status = 401
    code = "operator_key_required"
    title = "This needs the operator's key."
    advice = "Send what `BFF_OPERATOR_KEY` says: `Authorization: Bearer …`. Never from a browser."


class NotFoundError(AppError):
    status = 404
    code = "not_found"
    title = "There is nothing here."
    advice = "Unknown, hidden and expired things are answered alike."


class MethodNotAllowedError(AppError):
    status = 405
    code = "method_not_allowed"
    title = "This method is not offered here."
    advice = "The Allow header names those that are."


class BodyTooSlowError(AppError):
    status = 408
    code = "body_too_slow"
    title = "The body did not come in time."
    advice = "Send it again, all of it within ten seconds."


@dataclass(kw_only=True, eq=False)
class SlotTakenError(AppError):
    status = 409
    code = "slot_taken"
    title = "This time is no longer free."
    advice = "Offer the alternatives, if there are any, and read the free times again."

    alternatives: Sequence[Alternative] = ()


@dataclass(kw_only=True, eq=False)
class FormChangedError(AppError):
    status = 409
    code = "form_changed"
    title = "What this booking asks for has changed."
    advice = "Read the form again and show it; the answer names its version."

    form_version: str


class BookingInFlightError(AppError):
    status = 409
    code = "booking_in_flight"
    title = "This booking is not settled yet."
    advice = "Wait as long as Retry-After says and repeat the request, a booking with the same key."


class BookingNotChangeableError(AppError):
    status = 409
    code = "booking_not_changeable"
    title = "This booking can no longer be changed."
    advice = "It is canceled, was never made, has been moved to another time, or has begun. Read it again."


class UseHostedPageError(AppError):
    status = 409
    code = "use_hosted_page"
    title = "This can only be done on Calendly's own page."
    advice = "Send the visitor to the hosted page: Calendly lets nobody else do this."


class BodyTooLargeError(AppError):
    status = 413
    code = "body_too_large"
    title = "The body is too large."
    advice = "At most 64 KiB are read, and 256 KiB of a delivery of Calendly's."


class UnsupportedMediaTypeError(AppError):
    status = 415
    code = "unsupported_media_type"
    title = "The body must be application/json."
    advice = "Set Content-Type to application/json, without compression."


@dataclass(kw_only=True, eq=False)
class InvalidRequestError(AppError):
    status = 422
    code = "invalid_request"
    title = "The request is not valid."
    advice = "Each fault has a pointer to where it is, and a code to decide by."

    faults: Sequence[Fault]


class IdempotencyKeyReusedError(AppError):
    status = 422
    code = "idempotency_key_reused"
    title = "This Idempotency-Key belongs to another request."
    advice = "Use one key for one body; choose a new key for a new booking."


class UpstreamError(AppError):
    """Calendly, or the way to it: no fault of the visitor's. An older answer may do instead."""


class UpstreamFailedError(UpstreamError):
    status = 502
    code = "upstream_failed"
    title = "Calendly did not give a usable answer."
    advice = "Try again later, or send the visitor to the hosted page."


class UpstreamRefusedUsError(UpstreamError):
    status = 502
    code = "upstream_refused_us"
    title = "Calendly does not accept this service's access."
    advice = "The operator must renew the token or its scopes; the hosted page still works."


class UpstreamBusyError(UpstreamError):
    status = 503
    code = "upstream_busy"
    title = "Calendly takes no more calls at the moment."
    advice = "Wait as long as Retry-After says."


class BookingQuotaSpentError(UpstreamError):
    status = 503
    code = "booking_quota_spent"
    title = "No more bookings can be made through the API at the moment."
    advice = "Calendly limits bookings through its API. The hosted page still works."


class BookingsClosedError(AppError):
    status = 503
    code = "bookings_closed"
    title = "Bookings are closed at the moment."
    advice = "What is known of free times is still served. Try again later, or send the visitor to the hosted page."


class StateAwayError(AppError):
    status = 503
    code = "state_away"
    title = "What must not be lost cannot be kept at the moment."
    advice = "Nothing was begun. Repeat the request after as many seconds as Retry-After says."


class OverloadedError(AppError):
    status = 503
    code = "overloaded"
    title = "More is asked than can be answered at the moment."
    advice = (
        "Wait as long as Retry-After says. Reads are refused first; of a refused booking nothing was begun."
    )


class DeliveryNotKeptError(AppError):
    status = 503
    code = "delivery_not_kept"
    title = "This delivery could not be written down."
    advice = "Calendly delivers it again. The operator should look at the state store."


class UpstreamTimeoutError(UpstreamError):
    status = 504
    code = "upstream_timeout"
    title = "Calendly did not say what became of the request."
    advice = "For a booking: it may have been made. Repeat it with the same key, never with a new one."
