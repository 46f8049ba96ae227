"""Making arguments fit for the log: long texts cut, nothing that Postgres cannot keep."""

from __future__ import annotations

import math
import re
from typing import Literal, overload

from pydantic import JsonValue

LONGEST = 300
MOST_ITEMS = 50
DEEPEST = 4
LOOKED_AT = 10_000
"""Characters of a text in which passwords are looked for before it is cut."""
_CREDENTIALS = re.compile(r"(\w://)[^/?#\s]*@")
"""A user name and a password in an address, as those of calendars may have."""
ADDRESSES = {"source_url"}
"""Arguments that are an address, also when it is written wrongly."""
_ADDRESS = re.compile(r"\s*\w*:?[/\\]*")
_BARE_HOST = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d*)?(?=[/?#]|$)")
_UNKEPT = dict.fromkeys((0, *range(0xD800, 0xE000)), "\ufffd")


def storable(text: str) -> str:
    """The text without NUL and lone surrogates, which jsonb refuses."""
    return text.translate(_UNKEPT)


def shortened(text: str, longest: int) -> str:
    """At most `longest` characters, the last one an ellipsis where something was cut."""
    text = storable(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


@overload
def clipped(value: dict[str, JsonValue], depth: Literal[0] = ...) -> dict[str, JsonValue]: ...
@overload
def clipped(value: JsonValue, depth: int = ...) -> JsonValue: ...
def clipped(value: JsonValue, depth: int = 0) -> JsonValue:
    """A JSON value with long texts cut (their length behind them), long lists cut to 50, no password in addresses."""
    if isinstance(value, str):
        text = _CREDENTIALS.sub(r"\1***@", storable(value[:LOOKED_AT]))[:LONGEST]
        return text if len(value) <= LONGEST else f"{text}… ({len(value)} characters)"
    if isinstance(value, dict | list):
        return _clipped_container(value, depth)
    unkept = isinstance(value, float) and not math.isfinite(value)
    return "…" if unkept or (isinstance(value, int) and abs(value) >= 10**30) else value


def _clipped_container(value: dict[str, JsonValue] | list[JsonValue], depth: int) -> JsonValue:
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, list):
        return [clipped(part, depth + 1) for part in value[:MOST_ITEMS]]
    items = list(value.items())[:MOST_ITEMS]
    return {
        storable(str(name)[:LONGEST]): clipped(_without_password(part) if name in ADDRESSES else part, depth + 1)
        for name, part in items
    }


def _without_password(value: JsonValue) -> JsonValue:
    """An address without all that stands before its last `@`, unless a plain host comes first: a password may have any
    character, and where it ends in an address that is written wrongly is not known."""
    if not isinstance(value, str):
        return value
    begin = value[: match.end()] if (match := _ADDRESS.match(value)) else ""
    rest = value[len(begin) :]
    if "@" not in rest or _BARE_HOST.match(rest):
        return value
    return f"{begin}***@{rest.rpartition('@')[2]}"
