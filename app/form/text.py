r"""What counts as blank and as a control character.

Spelt as regular expressions that mean the same in Python and in ECMAScript,
so that the form's JSON Schema and our own check cannot differ about them.
That is why no `\s` stands here: the two languages disagree about it.
"""

import re
from typing import Final

_BLANKS = r" \t\n\v\f\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

BLANK: Final = f"^[{_BLANKS}]*$"
VISIBLE: Final = f"[^{_BLANKS}]"
"""Found in a string that holds anything to see."""

CONTROL: Final = r"[\u0000-\u001f\u007f-\u009f]"
CONTROL_IN_TEXT: Final = r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]"
"""Several lines may hold tab, line feed and carriage return."""

_visible = re.compile(VISIBLE)
_outer_blanks = re.compile(rf"\A[{_BLANKS}]+|[{_BLANKS}]+\Z")
_control = re.compile(CONTROL)
_control_in_text = re.compile(CONTROL_IN_TEXT)
_surrogate = re.compile(r"[\ud800-\udfff]")


def is_blank(value: str) -> bool:
    return _visible.search(value) is None


def trimmed(value: str) -> str:
    return _outer_blanks.sub("", value)


def has_control(value: str, *, lines: bool = False) -> bool:
    """With `lines`, tab and line ends are no control characters."""
    return (_control_in_text if lines else _control).search(value) is not None


def is_encodable(value: str) -> bool:
    """Whether it can be sent at all: half of a surrogate pair, which JSON can spell, cannot."""
    return _surrogate.search(value) is None
