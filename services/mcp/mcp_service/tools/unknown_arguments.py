"""Arguments that a tool does not have: refused, with the nearest one that it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from mcp.server.mcpserver.exceptions import ToolError

CLOSE = 0.6
SHOWN = 40
"""Characters of an unknown name that are repeated."""
SHOWN_OF_TOOL = 100
ALIKE = {
    "from_date": ("from", "start", "start_date", "date_from", "since", "after", "begin"),
    "to_date": ("to", "end", "end_date", "date_to", "until", "before"),
    "old_text": ("old", "old_string", "old_str", "search", "find", "pattern", "original"),
    "new_text": ("new", "new_string", "new_str", "replace", "replacement", "replace_with"),
    "task": ("text", "title", "name", "item", "todo"),
    "done": ("checked", "completed", "is_completed", "is_done"),
    "heading": ("section", "under", "header"),
    "section": ("heading", "header"),
    "source_url": ("url", "link", "href", "feed_url"),
    "raw_ical": ("ical", "ics", "content", "text"),
    "fields": ("tags", "metadata", "custom_meta", "properties"),
    "content": ("text", "body", "markdown"),
    "text": ("content", "body", "markdown"),
    "query": ("q", "search", "text", "keyword", "keywords"),
    "limit": ("count", "page_size", "max_results", "size", "n"),
    "offset": ("skip", "page", "cursor", "start"),
    "event_date": ("date", "day", "due_date", "due", "deadline"),
    "starts_at": ("start", "start_time", "begin", "from"),
    "ends_at": ("end", "end_time", "until", "to"),
    "is_completed": ("completed", "done", "status", "state", "is_done"),
    "difficulty_weight": ("weight", "difficulty", "importance", "priority"),
    "title": ("name", "summary"),
    "course_id": ("course", "category", "folder", "course_title"),
}
"""Arguments, and what they are called elsewhere."""


def unknown_tool(name: str, tools: Sequence[str]) -> str:
    """The refusal of a tool that there is none of."""
    lowered = name[:SHOWN_OF_TOOL].lower().replace("-", "_")
    words = set(lowered.split("_"))
    # Clients put the server's name before a tool's; models take the words of a name in another order.
    same = [tool for tool in tools if tool in lowered or words == set(tool.split("_"))]
    nearest = sorted(same, key=len)[-1:] or get_close_matches(lowered[:SHOWN], tools, n=3, cutoff=CLOSE)
    advice = f"did you mean {' or '.join(nearest)}?" if nearest else "tools/list has all there are."
    return f"NotFound: there is no tool {name[:SHOWN]!r}; {advice} Nothing was changed."


def refuse_unknown(tool: str, arguments: Sequence[str], sent: Iterable[str]) -> None:
    """Raise when an argument was sent that the tool does not have; nothing was changed."""
    unknown = [name for name in sent if name not in arguments]
    if not unknown:
        return
    problems = " ".join(f"{name[:SHOWN]}: {_advice(name, arguments)}" for name in unknown[:5])
    takes = ", ".join(arguments) or "nothing"
    message = f"BadArgument: {problems} {tool} takes: {takes}. Nothing was changed."
    raise ToolError(message)


def _advice(name: str, arguments: Sequence[str]) -> str:
    if (nearest := nearest_argument(name, arguments)) is None:
        return "there is no such argument; leave it out."
    by_title = " (an id or the exact title)" if nearest == "course_id" else ""
    return f"there is no such argument; did you mean {nearest}{by_title}?"


def nearest_argument(name: str, arguments: Sequence[str]) -> str | None:
    """The argument that is meant: called so elsewhere, spelled alike, or one of a single id."""
    lowered = name[:SHOWN].lower()
    for argument in arguments:
        if argument.replace("_", "") == lowered.replace("_", "").replace("-", ""):
            return argument
    for argument, others in ALIKE.items():
        if argument in arguments and lowered in others:
            return argument
    if f"{lowered}_id" in arguments:
        return f"{lowered}_id"
    if close := get_close_matches(lowered, arguments, n=1, cutoff=CLOSE):
        return close[0]
    # A bare `id` is that of what the tool is about, which comes first.
    ids = [argument for argument in arguments if argument.endswith(("_id", "_ids"))]
    return ids[0] if ids and lowered in {"id", "ids", "uuid"} else None
