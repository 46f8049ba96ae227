"""How long the answers are that an agent gets without asking for more, over an account with much in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.mcp.evals.account import Account, JsonObject, Rest

BEGIN, END = "<!-- sizes: begin -->", "<!-- sizes: end -->"
NOTES, EVENTS = 210, 120
LONG = 60_000
Call = Callable[[str, JsonObject], int]
"""Calls a tool; the characters of its answer."""


def crowded(rest: Rest, account: Account) -> None:
    """More of everything than a page holds, and a text of 60,000 characters."""
    course = account.courses["Archive"]
    for number in range(NOTES):
        body: JsonObject = {
            "title": f"Note {number} with a title of usual length",
            "description": "What it is about, in a line or two. " * 6,
            "content": "word " * 50,
            "course_id": course,
        }
        made = rest("POST", "notes/", body)
        if number % 3 == 0 and isinstance(made, dict):
            rest("DELETE", f"notes/{made['id']}/", None)
    text = "\n".join(f"Line {number}: " + "x" * 60 for number in range(LONG // 72))
    long = rest("POST", "notes/", {"title": "Long", "content": text})
    account.notes["Long"] = int(str(long["id"])) if isinstance(long, dict) else 0
    for number in range(EVENTS):
        day = f"2031-0{number % 9 + 1}-{number % 28 + 1:02}"
        rest("POST", "planner-events/", {"title": f"Event {number}", "event_date": day, "description": "Why. " * 40})


def calls(account: Account) -> list[tuple[str, JsonObject]]:
    """Each reading tool with as little as it takes, and those that write a text of 60,000 characters."""
    note: JsonObject = {"note_id": account.notes["Long"]}
    return [
        ("get_profile", {}),
        ("list_notes", {}),
        ("get_note", note),
        ("search_notes", {"query": "word"}),
        ("list_courses", {}),
        ("get_course", {"course_id": account.courses["Archive"]}),
        ("list_course_notes", {"course_id": account.courses["Archive"]}),
        ("get_heatmap", {}),
        ("get_recent_activity", {}),
        ("get_activity", {}),
        ("get_activity_week", {"start_date": "2031-03-01", "days": 30}),
        ("list_events", {}),
        ("list_note_versions", note),
        ("list_deleted_notes", {}),
        ("list_note_sessions", {}),
        ("list_recent_calls", {"changes_only": False}),
        ("update_note", {**note, "description": "Changed."}),
    ]


@dataclass(frozen=True, slots=True)
class Size:
    """Characters of a tool's answer."""

    tool: str
    newer: int
    plain: int


def measured(account: Account, newer: Call, plain: Call) -> list[Size]:
    """The sizes for newer clients and for plain ones."""
    return [Size(tool, newer(tool, arguments), plain(tool, arguments)) for tool, arguments in calls(account)]


def table(sizes: list[Size], listed: tuple[int, int]) -> str:
    """The table of docs/mcp.md; `listed` are the lists of tools themselves."""
    rows = [("tools/list", *listed), *((f"`{size.tool}`", size.newer, size.plain) for size in sizes)]
    lines = [f"| {name} | {_rounded(newer):,} | {_rounded(plain):,} |" for name, newer, plain in rows]
    head = "| answer | newer clients | plain client |\n| --- | --- | --- |"
    return "\n".join([BEGIN, head, *lines, END])


def _rounded(number: int) -> int:
    """To hundreds, upwards: ids and fractions of seconds make some characters more or less."""
    return -(-number // 100) * 100
