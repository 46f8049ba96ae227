"""What a program may be allowed to do (RFC 6749 §3.3): the scopes of access tokens, in plain words."""

from __future__ import annotations

from collections.abc import Iterable

NOTES_READ, NOTES_WRITE = "notes:read", "notes:write"
PLANNER_READ, PLANNER_WRITE = "planner:read", "planner:write"
PROFILE = "profile"

IN_WORDS = {
    NOTES_READ: "Read your notes, courses, files and the recycle bin",
    PLANNER_READ: "See your plans, work sessions, calendars and heatmap",
    PROFILE: "See your name, e-mail address, picture and settings",
    NOTES_WRITE: "Write, change and delete notes and courses",
    PLANNER_WRITE: "Make, change and delete plans, work sessions and calendar feeds",
}
"""Each scope as a person reads it."""
SCOPES = tuple(IN_WORDS)
"""Every scope, the least first: the order in which they are shown and sent."""
NEVER = (
    "sign in as you, or see or change your password, devices and keys",
    "change your e-mail address or connect other programs",
    "delete your account",
)
"""What no scope allows: it needs a session of the person."""
_NEEDED_FIRST = {NOTES_WRITE: NOTES_READ, PLANNER_WRITE: PLANNER_READ}


def normalized(scopes: Iterable[str]) -> list[str]:
    """The known ones in their order, each once; who may write may read what is there."""
    known = set(scopes) & set(SCOPES)
    known |= {_NEEDED_FIRST[scope] for scope in known if scope in _NEEDED_FIRST}
    return [scope for scope in SCOPES if scope in known]
