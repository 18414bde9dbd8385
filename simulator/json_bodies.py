"""Reading JSON that anybody may have sent."""

import msgspec


def parse_json(body: bytes) -> object:
    """Raises `ValueError` for all that is not strict JSON: NaN, lone surrogates and endless nesting too."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("not JSON") from error
