"""JSON Schema 2020-12 as an independent judge, formats included."""

from importlib import import_module
from typing import Any

# Imported by name: the package carries no types, and we need two calls of it.
_jsonschema: Any = import_module("jsonschema")


def assert_is_schema(schema: dict[str, Any]) -> None:
    _jsonschema.Draft202012Validator.check_schema(schema)


def is_valid(schema: dict[str, Any], value: Any) -> bool:
    judge = _jsonschema.Draft202012Validator(schema, format_checker=_jsonschema.FormatChecker())
    return bool(judge.is_valid(value))
