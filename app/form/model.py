"""What an event type asks for, in our words: places, questions, and the version of both.

Structs, so that they can be kept in the cache and read back as JSON.
"""

from typing import Literal

import msgspec


class LocationInput(msgspec.Struct, frozen=True, rename="camel"):
    """What the visitor must add to an option."""

    type: Literal["phone", "place"]
    label: str
    required: bool = True


class LocationOption(msgspec.Struct, frozen=True, rename="camel"):
    """`sends` is the host's own text, which Calendly wants back word for word; it is not for display."""

    id: str
    kind: str
    label: str
    detail: str | None
    input: LocationInput | None
    bookable: bool
    sends: str | None


class Locations(msgspec.Struct, frozen=True, rename="camel"):
    """`none`: nothing is sent. `fixed`: the one option is filled in. `choice`: the visitor must say."""

    mode: Literal["none", "fixed", "choice"]
    options: tuple[LocationOption, ...] = ()

    @property
    def bookable(self) -> bool:
        """False where Calendly wants a place and we can name none: only the hosted page is left."""
        return self.mode == "none" or any(option.bookable for option in self.options)


QuestionType = Literal["string", "text", "phone", "single_select", "multi_select"]


class Question(msgspec.Struct, frozen=True, rename="camel"):
    """`label` is Calendly's exact text: the answer is filed under it. A select always has choices."""

    id: str
    label: str
    type: QuestionType
    required: bool
    choices: tuple[str, ...] | None
    allow_other: bool
    position: int


class Form(msgspec.Struct, frozen=True, rename="camel"):
    """Everything that decides what a booking of one event type must hold."""

    version: str
    locations: Locations
    questions: tuple[Question, ...]

    @property
    def bookable(self) -> bool:
        return self.locations.bookable
