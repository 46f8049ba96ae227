"""A course by its title, wherever a tool takes the id of one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import JsonValue

from mcp_service.tools.alike import alike
from mcp_service.tools.context import ToolCall
from mcp_service.tools.ownership import owner_id
from mcp_service.upstream.client import JsonObject

ONE, SEVERAL = "course_id", "course_ids"
LONGEST = 120
"""Characters that a title has at most (mcp §5.3)."""
ALIKE = 3
"""So many titles are named when none is the one that was sent."""


async def with_course_ids(call: ToolCall, arguments: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The arguments with ids in the positions of titles; a title that no course has, or several have, is refused.

    In lists of a plain client, what is no number is skipped (mcp §5.3).
    """
    if call.is_plain and SEVERAL in arguments:
        return arguments
    return await _resolved(call, arguments)


async def _resolved(call: ToolCall, arguments: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if not any(_is_title(value) for value in _values(arguments)):
        return arguments
    courses = await call.notes.rows("courses/")
    resolved = dict(arguments)
    if _is_title(arguments.get(ONE)):
        resolved[ONE] = _id_of(str(arguments[ONE]), courses, call.agent.user_id, ONE)
    if isinstance(several := arguments.get(SEVERAL), list):
        resolved[SEVERAL] = [
            _id_of(str(value), courses, call.agent.user_id, SEVERAL) if _is_title(value) else value for value in several
        ]
    return resolved


def _values(arguments: dict[str, JsonValue]) -> list[JsonValue]:
    several = arguments.get(SEVERAL)
    return [arguments.get(ONE), *(several if isinstance(several, list) else ())]


def _is_title(value: JsonValue) -> bool:
    """True for a text that is no number: a number in a text has always been an id."""
    if not isinstance(value, str) or not value.strip():
        return False
    try:
        int(value)
    except ValueError:
        return True
    return False


def _folded(title: str) -> str:
    """A title as it is compared: blanks as one, composed, in any letter case."""
    return unicodedata.normalize("NFC", " ".join(title.split()).casefold())


def _id_of(title: str, courses: Sequence[JsonObject], user_id: int, argument: str) -> JsonValue:
    folded = _folded(title)
    same = [course for course in courses if _folded(str(course["title"])) == folded]
    own = [course for course in same if owner_id(course) == user_id]
    matches = own or same
    if len(matches) == 1:
        return matches[0]["id"]
    shown = title.strip()[:LONGEST]
    if matches:
        ids = ", ".join(str(course["id"]) for course in matches)
        message = f"BadArgument: {argument}: {len(matches)} courses are called {shown!r}; pass one of the ids {ids}."
        raise ToolError(message)
    titles = {str(course["title"]).casefold(): str(course["title"]) for course in courses}
    nearest = [repr(titles[name]) for name in alike(folded, list(titles), ALIKE)]
    advice = f"did you mean {' or '.join(nearest)}?" if nearest else "list_courses gives ids and titles."
    message = f"BadArgument: {argument}: there is no course called {shown!r}; {advice} Nothing was changed."
    raise ToolError(message)
