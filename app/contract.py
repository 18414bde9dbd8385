"""The OpenAPI document: what FastAPI cannot know of our contract is added here."""

import json
from collections.abc import Mapping
from typing import Any, cast

from fastapi import FastAPI

from app import __version__
from app.problems import Problem

DESCRIPTION = """\
A booking backend between your own booking page and your Calendly account.

Five calls are the whole main job: **list** what can be booked, read the
**form** of one event type, read its **free times**, **check** a booking if you
like, and **book**. No Calendly token and no knowledge of Calendly is needed in
the browser.

* Instants are RFC 3339 with offset, dates `YYYY-MM-DD`, time zones IANA names.
* What goes wrong is a problem (RFC 9457, `application/problem+json`). Branch on
  its `code`; it never changes. [All problems](/problems).
* Unknown fields and query parameters are refused: a misspelt one never passes
  silently.

### What to do with the answer to a booking

Choose one `Idempotency-Key` (a UUID) for each attempt of a visitor and keep it
while you repeat that attempt: after a double click, a time-out, a reload. A
repetition is answered with the first outcome and never books again. The key is as
secret as the token that it gets: whoever knows both key and body gets the booking.

* **201**: booked. Show it, and keep `id` and `manage.token`: with them the visitor
  reads, cancels and reschedules. `manage` is null where the same booking was there
  already, under another key or from before the service lost its records; then
  Calendly's mail has the links.
* **202**, `confirming`: it was sent, and Calendly has not said what became of it. Say
  so, and do not book again. Read `GET /bookings/{id}` with the token, as often as
  `Retry-After` says, until it is `confirmed` or `failed`. After `failed` the same
  key may try again. Without a token (`manage` is null), repeat the same request.
* **409** `slot_taken`: somebody was quicker. Offer the `alternatives`, read the free
  times again, and book with a **new** key.
* **409** `booking_in_flight`: it is not settled yet. The first try with this key still
  runs, or the same was booked before and Calendly does not say whether it stands, or
  the service has just lost its records. Wait `retryAfter` seconds and repeat with the
  **same** key.
* **409** `form_changed`: read the form again. **409** `use_hosted_page`: send the
  visitor to `hostedUrl`; Calendly lets nobody else do this.
* **503** `booking_quota_spent`, `bookings_closed`, `upstream_busy` to a first try:
  nothing was booked. Offer `hostedUrl`, which is the page of this very slot, or of
  the event type where we have not come as far as the slot; or repeat with the same
  key after `retryAfter` seconds. **503** `overloaded`: nothing was begun; repeat as
  well. Reads get it first, while more is asked than can be answered.
* No answer, **500**, **502**, **504**: perhaps it was booked. Repeat with the **same**
  key until an answer comes that tells. After any of these, after `booking_in_flight`
  and after a 202, a **503** says nothing of the earlier try, which may still be
  booked: repeat with the **same** key, and do not offer `hostedUrl`.

While `location.status` is `pending`, the conference is being set up: read the
booking again a little later for its link. A **reschedule** books the new time and
then cancels the old one: the answer is a new booking with a token of its own, and
the invitee gets two mails.
"""

ABOUT: Mapping[str, Any] = {
    "title": "Calendly BFF",
    "version": __version__,
    "summary": "List, form, free times, book: Calendly behind a front end of your own.",
    "description": DESCRIPTION,
    "license_info": {"name": "MIT", "identifier": "MIT"},
    "servers": [{"url": "/", "description": "The service that serves this document."}],
    "openapi_tags": [
        {"name": "Event types", "description": "What can be booked, and what a booking must contain."},
        {"name": "Availability", "description": "When."},
        {
            "name": "Bookings",
            "description": "Booking it, once; and reading, canceling and moving it afterwards.",
        },
        {"name": "Operation", "description": "For operators and their machines."},
    ],
    "separate_input_output_schemas": False,
}
"""What the framework is told of the document."""


def complete(app: FastAPI) -> None:
    """Add to the document what the framework leaves out; not before somebody asks for it, for drawing takes a while."""
    draw = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            draw()["components"]["schemas"] |= _problem_schemas()
        return draw()

    # The framework's own way to another document; its types do not know of it.
    cast("Any", app).openapi = openapi


def _problem_schemas() -> dict[str, Any]:
    """What routes refer to by name: `Problem` is declared once, not once a route."""
    template = "#/components/schemas/{model}"
    problem = Problem.model_json_schema(ref_template=template, mode="serialization", by_alias=True)
    parts = problem.pop("$defs")
    return {**parts, "Problem": problem}


def document(app: FastAPI) -> str:
    """As it is committed: indented, with a newline at the end."""
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
