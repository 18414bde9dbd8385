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
        {"name": "Bookings", "description": "Booking it, once."},
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
