"""Query parameters as the contract reads them: typed for OpenAPI, lenient for clients.

    Limit = Annotated[int | None, QueryInteger(1, 100), Query(description="Rows at most.")]

A blank value counts as absent (decision 7). What cannot be read is 400 `{"detail": "limit: ..."}` (notes §1), or
ignored where the contract says so (planner §0).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from notechondria_contracts.fields import validation_messages
from notechondria_contracts.fields.rules import BIGINT_MAX, Date, Id, parse_datetime, refuse

FIELD_ERROR = "query_field"
"""The type of refusals that leave as `{"<name>": [text]}`; all others are `{"detail": "<name>: text"}`."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,1000}", re.ASCII)
_ON = frozenset({"1", "true"})


class QueryRule(ABC):
    """A pydantic annotation for one query parameter: text in, typed value or None out."""

    def convert(self, text: object) -> object:
        """The typed value; None for a blank text."""
        trimmed = str(text).strip()
        return self.read(trimmed) if trimmed else None

    @abstractmethod
    def read(self, text: str) -> object:
        """The value of a text that is not blank, or a refusal."""

    @abstractmethod
    def schema(self) -> JsonSchemaValue:
        """The JSON schema of what clients should send."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.convert)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return self.schema()


@dataclass(frozen=True, slots=True)
class QueryInteger(QueryRule):
    """A whole number, cut to `minimum`..`maximum`; `lenient` ignores what is none, `strict` refuses what is beyond."""

    minimum: int = -BIGINT_MAX
    maximum: int = BIGINT_MAX
    lenient: bool = False
    strict: bool = False

    def read(self, text: str) -> int | None:
        """The number within its bounds."""
        if not _INTEGER.fullmatch(text):
            if self.lenient:
                return None
            raise refuse(validation_messages.NOT_INTEGER)
        number = int(text)
        if self.strict and number < self.minimum:
            raise refuse(validation_messages.too_small(self.minimum))
        if self.strict and number > self.maximum:
            raise refuse(validation_messages.too_large(self.maximum))
        return max(self.minimum, min(number, self.maximum))

    def schema(self) -> JsonSchemaValue:
        """An integer with its bounds."""
        described: JsonSchemaValue = {"type": "integer"}
        if self.minimum != -BIGINT_MAX:
            described["minimum"] = self.minimum
        if self.maximum != BIGINT_MAX:
            described["maximum"] = self.maximum
        return described


@dataclass(frozen=True, slots=True)
class QueryId(QueryRule):
    """The id of a row; 0 counts as absent (decision 7), and a number beyond every id finds nothing."""

    def read(self, text: str) -> int | None:
        """The id."""
        value = Id(zero_is_null=True).convert(text)
        return None if value is None else int(value)

    def schema(self) -> JsonSchemaValue:
        """An integer."""
        return {"type": "integer"}


@dataclass(frozen=True, slots=True)
class QueryFlag(QueryRule):
    """True for `1` and `true`, or the words that are named, in any letter case; everything else is False."""

    words: frozenset[str] = _ON

    def read(self, text: str) -> bool:
        """Whether the flag is on."""
        return text.lower() in self.words

    def schema(self) -> JsonSchemaValue:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class QueryText(QueryRule):
    """A trimmed text; a NUL character is 400 `{"<name>": [text]}` (decision 27). Blank is `""`."""

    format: str = ""
    """The format that OpenAPI shows."""
    lenient: bool = False
    """Whoever reads the text takes anything, a NUL character too."""

    def convert(self, text: object) -> str:
        """The trimmed text."""
        return self.read(str(text).strip())

    def read(self, text: str) -> str:
        """The text."""
        if "\x00" in text and not self.lenient:
            raise PydanticCustomError(FIELD_ERROR, "{message}", {"message": validation_messages.NUL_CHARACTER})
        return text

    def schema(self) -> JsonSchemaValue:
        """A string."""
        return {"type": "string", "format": self.format} if self.format else {"type": "string"}


@dataclass(frozen=True, slots=True)
class QueryChoice(QueryRule):
    """One of some words; another word is read as absent, or refused where the rule is `strict`.

    `plain_type` is `"integer"` where the words are numbers; `fold_case` reads words in any letter case.
    """

    words: tuple[str, ...]
    plain_type: str = "string"
    fold_case: bool = False
    strict: bool = False

    def read(self, text: str) -> str | int | None:
        """The word, as a number where they are numbers."""
        text = text.lower() if self.fold_case else text
        if text not in self.words:
            if self.strict:
                raise refuse(validation_messages.not_a_choice(text))
            return None
        return int(text) if self.plain_type == "integer" else text

    def schema(self) -> JsonSchemaValue:
        """An enum."""
        values = [int(word) for word in self.words] if self.plain_type == "integer" else list(self.words)
        return {"type": self.plain_type, "enum": values}


@dataclass(frozen=True, slots=True)
class QueryDate(QueryRule):
    """A calendar date, `YYYY-MM-DD`; anything else is refused."""

    def read(self, text: str) -> date:
        """The date."""
        return Date().convert(text)

    def schema(self) -> JsonSchemaValue:
        """A date."""
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class QueryTimestamp(QueryRule):
    """A time in ISO 8601, UTC without an offset; anything else is refused."""

    def read(self, text: str) -> datetime:
        """The time, in UTC."""
        # A plus sign that was not encoded arrives as a blank.
        at = parse_datetime(text.replace(" ", "+"))
        if at is None:
            raise refuse(validation_messages.BAD_DATETIME)
        return at

    def schema(self) -> JsonSchemaValue:
        """A date-time."""
        return {"type": "string", "format": "date-time"}
