"""What to do after an error: a sentence that newer clients get behind the cause (decision 60)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mcp_service.tools.registry import ProductTool

SOURCES = {
    "note_id": "Ids of notes: search_notes, list_notes.",
    "note_ids": "Ids of notes: search_notes, list_notes, list_deleted_notes.",
    "event_id": "Ids of events: list_events.",
    "feed_id": "Ids of feeds: list_calendar_feeds.",
    "session_id": "Ids of work sessions: list_note_sessions.",
    "version_id": "Ids of versions: list_note_versions.",
    "attachment_id": "Ids of files: list_attachments.",
    "call_id": "Ids of calls: list_recent_calls.",
    "course_id": "Ids and titles of courses: list_courses.",
    "uuid": "The uuids of one's own notes: list_notes.",
}
"""Where an id comes from."""
NO_ID = re.compile(r"(?:^|[ ;])(?P<name>[a-z_]+)(?:\.\d+)?: (?:Input should be|There is no such id)")
"""Where something else was sent in the position of an id."""
IN_BIN = "Notes in the recycle bin: list_deleted_notes."
STEPS = {
    "Conflict": "Read it again, and decide anew.",
    "Unavailable": "Try again in some seconds; then say so to the user.",
    "Internal": "Try once more; then say so to the user.",
    "Forbidden": "Say so to the user, who may change it.",
    "Declined": "Leave it, unless the user asks for it again.",
}
"""By the kind of an error."""


def with_advice(error: str, tool: ProductTool, sent: Sequence[str]) -> str:
    """The error, and what to do next where it does not say so itself."""
    kind = error.partition(":")[0]
    text = error.rstrip()
    if not text.endswith((".", "?", "!")):
        text += "."
    step = STEPS.get(kind, "")
    if kind == "NotFound":
        step = _sources(tool, error, sent)
    elif kind == "BadArgument":
        missing = [name for name in tool.required if name not in sent]
        needed = [f"Needed: {', '.join(missing)}."] if missing else []
        wrong = [SOURCES[match["name"]] for match in NO_ID.finditer(error) if match["name"] in SOURCES]
        step = " ".join((*needed, *dict.fromkeys(wrong)))
    return f"{text} {step}" if step and step not in text else text


def _sources(tool: ProductTool, error: str, sent: Sequence[str]) -> str:
    """Where the ids of what there is not are to be had."""
    if "deleted" in tool.name or tool.name == "purge_notes":
        return "" if IN_BIN.rpartition(" ")[2].rstrip(".") in error else IN_BIN
    if "give ids" in error:
        return IN_BIN if "note_id" in sent and "the user has no note" in error else ""
    return " ".join(source for name, source in SOURCES.items() if name in sent)
