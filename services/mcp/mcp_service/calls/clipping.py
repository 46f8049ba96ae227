"""Making arguments fit for the log: long texts cut, nothing that Postgres cannot keep."""

from __future__ import annotations

import math
import re
from typing import Literal, overload

from pydantic import JsonValue

LONGEST = 300
MOST_ITEMS = 50
DEEPEST = 4
_CREDENTIALS = re.compile(r"(\w://)[^/?#@\s]*@")
"""A user name and a password in an address, as those of calendars may have."""
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
        text = _CREDENTIALS.sub(r"\1***@", storable(value[:LONGEST]))
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
    return {storable(str(name)[:LONGEST]): clipped(part, depth + 1) for name, part in items}
