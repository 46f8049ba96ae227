"""How tools declare their arguments: absent is not null, an id is a positive number."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue
from pydantic_core import MISSING

from mcp_service.tools.forms import ADDED

UNSET: Any = MISSING
"""Default of an optional argument; `sent` leaves it out, JSON schemas do not mention it."""

LARGEST_ID = 10**18 - 1


def sent(**arguments: JsonValue) -> dict[str, JsonValue]:
    """The arguments that the agent sent."""
    return {name: value for name, value in arguments.items() if value is not UNSET}


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        message = "Input should be a whole number, not true or false"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports a ValueError with the field's name
    return value


def _positive(value: int) -> int:
    if not 0 < value <= LARGEST_ID:
        message = "There is no such id"
        raise ValueError(message)
    return value


Whole = Annotated[int, BeforeValidator(_no_boolean)]
Id = Annotated[int, BeforeValidator(_no_boolean), AfterValidator(_positive)]
NoteId = Annotated[Id, Field(description="Integer id of the note")]
CourseId = Annotated[Id, Field(description="Integer id of the course")]
EventId = Annotated[Id, Field(description="Integer id of the event")]
SessionId = Annotated[Id, Field(description="Integer id of the work session")]
FeedId = Annotated[Id, Field(description="Integer id of the feed")]

Answer = Annotated[Literal["brief", "full"], Field(description="full answers the whole note", json_schema_extra=ADDED)]
Limit = Annotated[Whole, Field(description="Rows at most", json_schema_extra=ADDED)]
Offset = Annotated[Whole, Field(description="Rows to skip", json_schema_extra=ADDED)]
FAR = 2**62
"""What an offset is cut to."""


def within(number: int, least: int, most: int) -> int:
    """The number, cut to `least`..`most`."""
    return min(max(number, least), most)
