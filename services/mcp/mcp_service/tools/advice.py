"""What to do after an error: a sentence that newer clients get behind the cause (decision 60)."""

from __future__ import annotations

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
        step = "" if "give ids" in error else " ".join(source for name, source in SOURCES.items() if name in sent)
    elif kind == "BadArgument":
        missing = [name for name in tool.required if name not in sent]
        step = f"Needed: {', '.join(missing)}." if missing else ""
    return f"{text} {step}" if step and step not in text else text
