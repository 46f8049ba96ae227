"""How large an answer to a newer client may be (decision 60): what is longer is cut, and says how to go on."""

from __future__ import annotations

from pydantic import JsonValue
from pydantic_core import to_json

from mcp_service.upstream.client import JsonObject

MOST_CHARACTERS = 24_000
"""Of an answer as JSON; agents put results of some 50,000 aside, and this one is sent twice (mcp §3)."""
NOTICE = 300
"""Characters kept free for `more`."""
ROUNDS = 6
"""So many lists are shortened before the longest text is."""


def length(value: JsonValue) -> int:
    """Characters of a value as JSON."""
    return len(to_json(value).decode())


def beginning(text: str, room: int) -> str:
    """As much of a text as takes at most so many characters as JSON, where some take up to six."""
    cut = text[: max(room - 2, 0)]
    while (surplus := length(cut) - room) > 0 and cut:
        # Each character takes at most six: so many have to go at least.
        cut = cut[: -max(surplus // 6, 1)]
    return cut


def fitted(content: JsonObject, tool: str, *, paged: bool) -> JsonObject:
    """The answer, with its longest lists cut so that it fits; `paged`: the tool takes `offset`."""
    if length(content) <= MOST_CHARACTERS:
        return content
    content = dict(content)
    for _ in range(ROUNDS):
        surplus = length(content) - (MOST_CHARACTERS - NOTICE)
        if surplus <= 0:
            break
        cuttable = [key for key in content if isinstance(content[key], list | str)]
        name = max(cuttable, key=lambda key: length(content[key]))
        rows = content[name]
        if isinstance(rows, str):
            content[name] = beginning(rows, length(rows) - surplus)
            content["more"] = f"Cut at {MOST_CHARACTERS} characters: {name} is longer."
            continue
        if not isinstance(rows, list):
            break
        kept = _kept(rows, length(rows) - surplus)
        if len(rows) == 1:
            # A row that is too large by itself: what it holds is shortened.
            content[name] = [fitted(rows[0], tool, paged=False)] if isinstance(rows[0], dict) else []
            continue
        content[name] = rows[: max(kept, 1)]
        content["more"] = _advice(tool, name, rows, max(kept, 1), content, paged=paged)
        if "count" in content:
            content["count"] = max(kept, 1)
    return content


def _kept(rows: list[JsonValue], room: int) -> int:
    """How many rows from the first on take at most so many characters."""
    used = 2
    for number, row in enumerate(rows):
        used += length(row) + 1
        if used > room:
            return number
    return len(rows)


def _advice(tool: str, name: str, rows: list[JsonValue], kept: int, content: JsonObject, *, paged: bool) -> str:
    cut = f"Cut at {MOST_CHARACTERS} characters: {name} has the first {kept} of {len(rows)} rows here."
    if paged:
        start = content.get("offset")
        return f"{cut} Call {tool} again with offset={(start if isinstance(start, int) else 0) + kept}."
    following = rows[kept]
    if name == "days" and isinstance(following, dict):
        return f"{cut} Call {tool} again with start_date={following['date']}."
    if name == "deadlines":
        return f"{cut} list_events pages through all of them."
    return f"{cut} Ask for less of it."
