"""Phone numbers: as people write them in, E.164 out."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.form import limits

PHONE: Final = rf"^[+0-9 \u00a0()./\u2010-\u2015-]{{3,{limits.PHONE}}}$"
"""What a phone number may be written with.

No letters, commas or semicolons: so neither an extension, which neither a text
message nor Calendly can dial, nor a sentence with a number somewhere in it.
"""

_phone = re.compile(PHONE)


def e164(value: str, region: str | None) -> str | None:
    """None when it is no number that can exist. `region` reads a number without country code."""
    if not _phone.fullmatch(value):
        return None
    # Here, so that no start waits for a library of which few visitors have need.
    import phonenumbers  # noqa: PLC0415

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _known(region: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415

    if region not in SUPPORTED_REGIONS:
        raise PydanticCustomError("region_unknown", "This is not a region that has phone numbers.")
    return region


REGION: Final = "^[A-Z]{2}$"

Region = Annotated[
    str,
    Field(
        max_length=2,
        description="Where a phone number without country code belongs: an ISO 3166 code of two letters.",
        examples=["DE"],
        json_schema_extra={"pattern": REGION},
    ),
    AfterValidator(_known),
]
