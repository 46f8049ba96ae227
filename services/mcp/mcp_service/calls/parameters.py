"""The query parameters of the agents' log. What cannot be read is 400 `{"detail": "<name>: ..."}`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic.json_schema import JsonSchemaValue

from notechondria_contracts.fields import validation_messages
from notechondria_contracts.fields.rules import TRUE_VALUES, parse_datetime, refuse
from notechondria_shared.web.query import QueryInteger, QueryRule

MOST = 200
DEFAULT = 50
Outcome = Literal["ok", "error"]


@dataclass(frozen=True, slots=True)
class _Name(QueryRule):
    def read(self, text: str) -> str:
        if "\x00" in text:
            raise refuse(validation_messages.NUL_CHARACTER)
        return text

    def schema(self) -> JsonSchemaValue:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class _Outcome(QueryRule):
    def read(self, text: str) -> str:
        if text not in {"ok", "error"}:
            raise refuse(validation_messages.not_a_choice(text))
        return text

    def schema(self) -> JsonSchemaValue:
        return {"type": "string", "enum": ["ok", "error"]}


@dataclass(frozen=True, slots=True)
class _Flag(QueryRule):
    def read(self, text: str) -> bool:
        return text.lower() in TRUE_VALUES

    def schema(self) -> JsonSchemaValue:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class _Timestamp(QueryRule):
    def read(self, text: str) -> datetime:
        # A plus sign that was not encoded arrives as a blank.
        at = parse_datetime(text.replace(" ", "+"))
        if at is None:
            raise refuse(validation_messages.BAD_DATETIME)
        return at

    def schema(self) -> JsonSchemaValue:
        return {"type": "string", "format": "date-time"}


ToolFilter = Annotated[str | None, _Name(), Query(description="Only calls of this tool.")]
OutcomeFilter = Annotated[Outcome | None, _Outcome(), Query(description="Only calls that ended this way.")]
KeyFilter = Annotated[int | None, QueryInteger(), Query(description="Only calls with this API key, by its id.")]
ChangesOnly = Annotated[bool | None, _Flag(), Query(description="1 or true: only calls that change something.")]
Since = Annotated[datetime | None, _Timestamp(), Query(description="Only calls from this time on, ISO 8601.")]
Until = Annotated[datetime | None, _Timestamp(), Query(description="Only calls before this time, ISO 8601.")]
Limit = Annotated[
    int | None, QueryInteger(maximum=MOST), Query(description=f"Rows at most, 1 to {MOST}; default {DEFAULT}.")
]
Offset = Annotated[int | None, QueryInteger(minimum=0), Query(description="How many rows to skip.")]
