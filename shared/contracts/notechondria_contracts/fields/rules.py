"""Field rules: `Annotated[str, Text(max_length=120)]` reads a field as the contract wants it.

Each rule takes the raw JSON or form value, trims and converts it leniently (notes §1, planner §0, identity §1) and
refuses with the contract's own message. `null=True` lets a JSON null through as None.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema, from_json

from notechondria_contracts.fields import validation_messages

JsonSchema = dict[str, object]
"""The JSON schema of a field, as OpenAPI shows it."""
BIGINT_MAX = 2**63 - 1
_INTEGER = re.compile(r"[+-]?[0-9]{1,1000}(\.0*)?")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DATETIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d{0,6})?)?\s*"
    r"(Z|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
TRUE_VALUES = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE_VALUES = frozenset({"false", "f", "no", "n", "off", "0"})


def refuse(message: str) -> PydanticCustomError:
    """A field error that carries the contract's message verbatim."""
    return PydanticCustomError("contract", "{message}", {"message": message})


def clean_text(value: object, *, trim: bool = True) -> str:
    """Text from a JSON string or number, trimmed; booleans, lists, objects, NUL and lone surrogates are refused."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise refuse(validation_messages.NOT_TEXT)
    text = value if isinstance(value, str) else str(value)
    if "\x00" in text:
        raise refuse(validation_messages.NUL_CHARACTER)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise refuse(validation_messages.BAD_CHARACTER) from None
    return text.strip() if trim else text


def whole_number(value: object) -> int:
    """A whole number from a JSON number or a digit string, however large."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value.strip().partition(".")[0])
    raise refuse(validation_messages.NOT_INTEGER)


def clamped_id(number: int) -> int:
    """The number as a bigint; nothing has the largest or smallest one as its id."""
    return max(-BIGINT_MAX, min(number, BIGINT_MAX))


class Rule(ABC):
    """A pydantic annotation made of one conversion and one JSON-schema fragment."""

    null: bool

    @abstractmethod
    def convert(self, value: object) -> Any:
        """The typed value, or a refusal with the contract's message."""

    def schema(self) -> JsonSchema:
        """The JSON schema of what clients should send."""
        return {}

    def _validate(self, value: object) -> Any:
        if value is None:
            if self.null:
                return None
            raise refuse(validation_messages.NULL)
        return self.convert(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        described = self.schema()
        if self.null:
            return {"anyOf": [described, {"type": "null"}]}
        return described


@dataclass(frozen=True, slots=True)
class Text(Rule):
    """A trimmed string (notes §1 "String input"); `max_length` counts characters after trimming."""

    max_length: int | None = None
    min_length: int = 0
    blank: bool = False
    null: bool = False
    check: Callable[[str], str | None] | None = None
    """Further rule: gives the message of a refusal, or None."""

    def convert(self, value: object) -> str:
        text = clean_text(value)
        if not text:
            if self.blank:
                return text
            raise refuse(validation_messages.BLANK)
        if self.max_length is not None and len(text) > self.max_length:
            raise refuse(validation_messages.too_long(self.max_length))
        if len(text) < self.min_length:
            raise refuse(validation_messages.too_short(self.min_length))
        if self.check is not None and (problem := self.check(text)):
            raise refuse(problem)
        return text

    def schema(self) -> JsonSchema:
        described: JsonSchema = {"type": "string"}
        if self.max_length is not None:
            described["maxLength"] = self.max_length
        if smallest := max(self.min_length, 0 if self.blank else 1):
            described["minLength"] = smallest
        return described


@dataclass(frozen=True, slots=True)
class Email(Rule):
    """An e-mail address of at most 254 characters, lower-cased (identity §7.1)."""

    null: bool = False

    def convert(self, value: object) -> str:
        text = clean_text(value)
        if not text:
            raise refuse(validation_messages.BLANK)
        if len(text) > 254:
            raise refuse(validation_messages.too_long(254))
        try:
            checked = validate_email(text, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise refuse(validation_messages.BAD_EMAIL) from None
        return checked.normalized.lower()

    def schema(self) -> JsonSchema:
        return {"type": "string", "format": "email", "maxLength": 254}


@dataclass(frozen=True, slots=True)
class Integer(Rule):
    """A whole number, also as a digit string."""

    minimum: int | None = None
    maximum: int = BIGINT_MAX
    null: bool = False

    def convert(self, value: object) -> int:
        number = whole_number(value)
        if self.minimum is not None and number < self.minimum:
            raise refuse(validation_messages.too_small(self.minimum))
        if number > self.maximum:
            raise refuse(validation_messages.too_large(self.maximum))
        if number < -BIGINT_MAX:
            raise refuse(validation_messages.too_small(-BIGINT_MAX))
        return number

    def schema(self) -> JsonSchema:
        described: JsonSchema = {"type": "integer"}
        if self.minimum is not None:
            described["minimum"] = self.minimum
        if self.maximum != BIGINT_MAX:
            described["maximum"] = self.maximum
        return described


@dataclass(frozen=True, slots=True)
class Id(Rule):
    """The id of a row, read as `Integer` reads it. One that no bigint holds is the id of no row, like any unknown one:
    it is read as the largest (or smallest) bigint, and the lookup answers. `zero_is_null` reads 0 and "" as none
    (decision 7)."""

    null: bool = False
    zero_is_null: bool = False

    def convert(self, value: object) -> int | None:
        if self.zero_is_null and value == "":
            return None
        number = clamped_id(whole_number(value))
        return None if number == 0 and self.zero_is_null else number

    def schema(self) -> JsonSchema:
        return {"type": "integer"}


@dataclass(frozen=True, slots=True)
class Boolean(Rule):
    """A boolean, also as 1/0 and the usual words in any case (planner §0)."""

    null: bool = False

    def convert(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float) and value in (0, 1):
            return bool(value)
        word = value.strip().lower() if isinstance(value, str) else ""
        if word in TRUE_VALUES:
            return True
        if word in FALSE_VALUES:
            return False
        raise refuse(validation_messages.NOT_BOOLEAN)

    def schema(self) -> JsonSchema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice(Rule):
    """One of a few exact strings."""

    values: tuple[str, ...]
    null: bool = False

    def convert(self, value: object) -> str:
        if isinstance(value, str) and (text := value.strip()) in self.values:
            return text
        raise refuse(validation_messages.not_a_choice(value))

    def schema(self) -> JsonSchema:
        return {"type": "string", "enum": list(self.values)}


@dataclass(frozen=True, slots=True)
class Date(Rule):
    """A calendar date, `YYYY-MM-DD`."""

    null: bool = False

    def convert(self, value: object) -> date:
        match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
        if match:
            try:
                return date(*(int(part) for part in match.groups()))
            except ValueError:
                pass
        raise refuse(validation_messages.BAD_DATE)

    def schema(self) -> JsonSchema:
        return {"type": "string", "format": "date"}


def parse_datetime(text: str) -> datetime | None:
    """ISO 8601 to an aware UTC datetime; without an offset the text is UTC (planner §0). None when unreadable."""
    match = _DATETIME.fullmatch(text.strip())
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        at = datetime(  # noqa: DTZ001 - the zone is attached below
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")),
        )
        return at.replace(tzinfo=_zone(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


@dataclass(frozen=True, slots=True)
class DateTime(Rule):
    """A date and time (planner §0): ISO 8601, converted to UTC. A date alone is refused."""

    null: bool = False

    def convert(self, value: object) -> datetime:
        at = parse_datetime(value) if isinstance(value, str) else None
        if at is None:
            raise refuse(validation_messages.BAD_DATETIME)
        return at

    def schema(self) -> JsonSchema:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class Uuid(Rule):
    """A UUID in any of its usual spellings."""

    null: bool = False

    def convert(self, value: object) -> UUID:
        try:
            return UUID(value.strip() if isinstance(value, str) else "")
        except ValueError:
            raise refuse(validation_messages.BAD_UUID) from None

    def schema(self) -> JsonSchema:
        return {"type": "string", "format": "uuid"}


@dataclass(frozen=True, slots=True)
class ObjectList(Rule):
    """A list of JSON objects; what is inside them is checked by the feature that takes it."""

    null: bool = False
    max_items: int = 10_000

    def convert(self, value: object) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            raise refuse(validation_messages.NOT_A_LIST.format(type=json_type(value)))
        if len(value) > self.max_items:
            raise refuse(f"Ensure this field has no more than {self.max_items} elements.")
        for item in value:
            if not isinstance(item, dict):
                raise refuse(validation_messages.NOT_AN_OBJECT.format(type=json_type(item)))
        return value

    def schema(self) -> JsonSchema:
        return {"type": "array", "items": {"type": "object"}, "maxItems": self.max_items}


@dataclass(frozen=True, slots=True)
class Json(Rule):
    """Any JSON value, kept as it is; forms may send it as text. Text inside must be storable."""

    null: bool = True

    def convert(self, value: object) -> Any:
        if isinstance(value, str):
            try:
                value = from_json(value, allow_inf_nan=False)
            except ValueError:
                clean_text(value)
                return value
        self._check(value)
        return value

    @classmethod
    def _check(cls, value: object) -> None:
        """Postgres keeps neither NUL nor lone surrogates, nor numbers without a value."""
        if isinstance(value, str):
            clean_text(value, trim=False)
        elif isinstance(value, float) and not math.isfinite(value):
            raise refuse(validation_messages.NOT_JSON)
        elif isinstance(value, dict):
            for name, inner in value.items():
                clean_text(name, trim=False)
                cls._check(inner)
        elif isinstance(value, list):
            for inner in value:
                cls._check(inner)


def json_type(value: object) -> str:
    """The type name of a parsed JSON value, as the contract's messages name it (planner §0)."""
    return "NoneType" if value is None else type(value).__name__
