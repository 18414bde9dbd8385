"""What passes for a phone number."""

import re

PHONE = re.compile(r"\+[1-9]\d{6,14}")
PUNCTUATION = str.maketrans("", "", " -.()")


def is_phone(text: str) -> bool:
    """E.164, with the usual punctuation forgiven."""
    return bool(PHONE.fullmatch(text.translate(PUNCTUATION)))
