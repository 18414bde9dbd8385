"""The style of every JSON object we answer: camelCase, frozen, and open, so that a later field breaks nobody."""

from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.alias_generators import to_camel

Hint: TypeAlias = Any
"""Of a field's type."""


OPTIONAL: dict[str, Any] = {"default_factory": lambda: None}
"""A field that may be left out, without a word on what it is then."""


class Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class FastShape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """For what is answered by the thousand: made and written several times faster than a `Shape`.

    Nothing is checked when one is made. A field that may be left out is `UNSET` where it is.
    """


@cache
def documented(kind: type[FastShape]) -> type[Shape]:
    """The same as a model, for the API document: nothing is ever made of it."""
    hints = get_type_hints(kind, include_extras=True)
    fields: dict[str, Any] = {
        each.name: (
            _modelled(hints[each.name]),
            Field(
                alias=each.encode_name, **_told_of(hints[each.name]), **({} if each.required else OPTIONAL)
            ),
        )
        for each in msgspec.structs.fields(kind)
    }
    return create_model(kind.__name__, __base__=Shape, __doc__=kind.__doc__, **fields)


def _told_of(hint: Hint) -> dict[str, Hint]:
    """What is said of a field, in pydantic's words."""
    origin: Hint = get_origin(hint)
    if origin is not Annotated:
        return {}
    told: msgspec.Meta = get_args(hint)[1]
    said = {"description": told.description, "examples": told.examples}
    return {name: value for name, value in said.items() if value is not None}


def _modelled(hint: Hint) -> Hint:
    if isinstance(hint, type) and issubclass(hint, FastShape):
        return documented(hint)
    origin: Hint = get_origin(hint)
    inner = get_args(hint)
    if origin is None or origin is Literal:
        return hint
    if origin is Annotated:
        return _modelled(inner[0])
    parts = tuple(_modelled(each) for each in inner if each is not msgspec.UnsetType)
    return reduce(or_, parts) if origin in {Union, UnionType} else origin[parts]
