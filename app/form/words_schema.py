"""The pieces that the JSON Schema of a form is put together from.

Control characters are forbidden by `not`: a pattern that lists what is allowed
would let a last line feed through wherever `$` stops before it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.form import limits
from app.form.phones import PHONE
from app.form.text import BLANK, CONTROL, CONTROL_IN_TEXT, VISIBLE

Schema = dict[str, Any]

NULL: Final[Schema] = {"type": "null"}

ONE_LINE: Final[Schema] = {"type": "string", "maxLength": limits.LINE, "not": {"pattern": CONTROL}}
LINE: Final[Schema] = ONE_LINE | {"minLength": 1, "pattern": VISIBLE}
TEXT: Final[Schema] = {
    "type": "string",
    "maxLength": limits.TEXT,
    "pattern": VISIBLE,
    "not": {"pattern": CONTROL_IN_TEXT},
}
PHONE_NUMBER: Final[Schema] = {"type": "string", "pattern": PHONE, "not": {"pattern": CONTROL}}

NOTHING: Final[Schema] = {
    "anyOf": [
        NULL,
        {"type": "string", "maxLength": limits.TEXT, "pattern": BLANK},
        {"type": "array", "maxItems": 0},
    ]
}
"""What counts as no answer."""


def or_null(*schemas: Schema) -> Schema:
    return {"anyOf": [*schemas, NULL]}


def closed(properties: Mapping[str, Any], required: Sequence[str]) -> Schema:
    """An object that holds nothing else."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
