"""What a front end sees of an event type and its form."""

from typing import Any, Literal

from pydantic import Field

from app.shapes import Shape


class Host(Shape):
    name: str = Field(examples=["Ada Example"])
    avatar_url: str | None


class LocationInput(Shape):
    """What the visitor adds to an option, as `location.value` of a booking."""

    type: Literal["phone", "place"]
    label: str = Field(examples=["Your phone number"])
    required: bool


class LocationOption(Shape):
    id: str = Field(description="Sent as `location.optionId`.", examples=["physical-1"])
    kind: str = Field(description="Calendly's kind; new ones may appear.", examples=["physical"])
    label: str = Field(examples=["In person"])
    detail: str | None = Field(description="An address or a number, where the host gave one.")
    input: LocationInput | None
    bookable: bool = Field(description="False: shown for completeness, but it cannot be booked here.")


class Location(Shape):
    """`none`: send no location. `fixed`: the one option is filled in. `choice`: the visitor must choose."""

    mode: Literal["none", "fixed", "choice"]
    options: list[LocationOption]


class Question(Shape):
    id: str = Field(description="Sent as `answers[].questionId`.", examples=["q_5f1d3a9c07"])
    label: str = Field(examples=["What is it about?"])
    type: Literal["string", "text", "phone", "single_select", "multi_select"]
    required: bool
    choices: list[str] | None
    allow_other: bool = Field(description="An answer of the visitor's own is welcome beside the choices.")


class EventType(Shape):
    """What can be booked."""

    id: str = Field(examples=["INTROCALLAAAAAAA"])
    slug: str | None = Field(examples=["intro-call"])
    name: str = Field(examples=["Intro call"])
    description: str | None
    duration_minutes: int = Field(examples=[30])
    kind: str = Field(description="`solo` or `group`; new ones may appear.", examples=["solo"])
    color: str | None = Field(examples=["#0069ff"])
    locale: str | None = Field(examples=["en"])
    account: str = Field(
        description="Through which it is offered. What a team offers has that of one member, in the lists of all.",
        examples=["ada"],
    )
    host: Host
    time_zone: str = Field(description="The host's zone (IANA).", examples=["Europe/Berlin"])
    bookable: bool
    not_bookable_reason: Literal["paid", "poll", "location_unsupported"] | None
    hosted_url: str = Field(description="Calendly's own page for it.")
    location: Location
    questions: list[Question]


class EventTypes(Shape):
    items: list[EventType]
    incomplete: bool = Field(
        description="True: there are more, of accounts that cannot be read at the moment."
    )


class FieldChoice(Shape):
    value: str
    label: str
    help: str | None = Field(description="More about this choice, such as an address.")


class FormField(Shape):
    """How one field of the form may be shown."""

    pointer: str = Field(
        description="RFC 6901 pointer to the value in the body of `POST /bookings`.",
        examples=["/invitee/email"],
    )
    label: str = Field(examples=["Email"])
    input: str = Field(description="The control that fits; new ones may appear.", examples=["email"])
    required: bool
    choices: list[FieldChoice] | None
    allow_other: bool
    help: str | None
    max_length: int | None
    question_id: str | None = Field(description="The question that this field answers.")
    when: str | None = Field(description="Ask this only when this location option is chosen.")


class Form(Shape):
    """What a booking of one event type must and may contain."""

    version: str = Field(
        description="Send it as `formVersion`, to be told when the form has changed.",
        examples=["5e0c1d6a9f21"],
    )
    schema_: dict[str, Any] = Field(
        alias="schema", description="JSON Schema 2020-12 of the body of `POST /bookings` for this event type."
    )
    fields: list[FormField] = Field(description="The same for display, in order.")
