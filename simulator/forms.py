"""Plain forms, `application/x-www-form-urlencoded`: what OAuth clients and our own pages send."""

from urllib.parse import parse_qsl

FORM_TYPE = "application/x-www-form-urlencoded"


def is_form(content_type: str) -> bool:
    return content_type.split(";", maxsplit=1)[0].strip().lower() == FORM_TYPE


def parse_form(body: bytes) -> dict[str, list[str]]:
    """Every value of each field, in the order sent; bytes that are no UTF-8 become replacement characters."""
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode(errors="replace"), keep_blank_values=True, errors="replace"):
        fields.setdefault(name, []).append(value)
    return fields


def single_fields(body: bytes) -> dict[str, str]:
    """The first value of each field."""
    return {name: values[0] for name, values in parse_form(body).items()}
