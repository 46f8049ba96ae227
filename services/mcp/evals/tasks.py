"""Ten tasks, each with a look at the account that says whether it was done, and nothing else with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue
from services.mcp.evals.account import INVITATION, PACKING, SHOPPING, Account, JsonObject, Rest, lab_journal

Check = Callable[[Rest, Account], bool]


@dataclass(frozen=True, slots=True)
class Task:
    """A task, and whether it was done."""

    name: str
    text: str
    is_done: Check


def _row(rest: Rest, path: str) -> JsonObject:
    row = rest("GET", path, None)
    return row if isinstance(row, dict) else {}


def _rows(rest: Rest, path: str) -> list[JsonObject]:
    rows = rest("GET", path, None)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _content(rest: Rest, account: Account, title: str) -> JsonValue:
    return _row(rest, f"notes/{account.notes[title]}/").get("content")


def _event(rest: Rest, account: Account, title: str) -> JsonObject:
    return _row(rest, f"planner-events/{account.events[title]}/")


def _in_bin(rest: Rest) -> set[JsonValue]:
    return {row["title"] for row in _rows(rest, "notes/deleted/")}


def _note_made(rest: Rest, account: Account) -> bool:
    made = [row for row in _rows(rest, "notes/?scope=personal") if row["title"] == "Photosynthesis"]
    return len(made) == 1 and made[0]["course_id"] == account.courses["Cell Biology"]


def _moved(rest: Rest, account: Account) -> bool:
    archive, old = (account.courses[title] for title in ("Archive", "Old semester"))
    return len(_rows(rest, f"courses/{archive}/notes/")) == 3 and not _rows(rest, f"courses/{old}/notes/")


def _rescheduled(rest: Rest, account: Account) -> bool:
    event = _event(rest, account, "Study group")
    return (event["starts_at"], event["ends_at"]) == ("2031-03-18T15:30:00+00:00", "2031-03-18T17:00:00+00:00")


def _tagged(rest: Rest, account: Account) -> bool:
    texts = [_row(rest, f"notes/{account.notes[title]}/")["custom_meta"] for title in ("Eigenvalues", "Determinants")]
    return all(str(text).replace(" ", "") == '{"tags":["exam"]}' for text in texts)


TASKS = (
    Task(
        "create",
        'Make a note "Photosynthesis" with the text "Light becomes sugar." in my course Cell Biology.',
        _note_made,
    ),
    Task(
        "append",
        'Add "- Oat milk" to the end of my shopping list.',
        lambda rest, account: _content(rest, account, "Shopping list") == f"{SHOPPING}\n- Oat milk",
    ),
    Task(
        "tick",
        "I have packed my passport: tick it on my packing list.",
        lambda rest, account: _content(rest, account, "Packing list") == PACKING.replace("[ ] Pass", "[x] Pass"),
    ),
    Task(
        "replace",
        'My note "Invitation" says Sunday where Monday is meant. Correct it.',
        lambda rest, account: _content(rest, account, "Invitation") == INVITATION.replace("Sunday", "Monday"),
    ),
    Task(
        "under_heading",
        'Add "- Who moved sample 3?" to the open questions in my lab journal, as the last of them.',
        lambda rest, account: (
            _content(rest, account, "Lab journal")
            == lab_journal().replace("14 cold?\n", "14 cold?\n- Who moved sample 3?\n")
        ),
    ),
    Task("move", 'File all notes of my course "Old semester" in "Archive" instead.', _moved),
    Task(
        "complete",
        "I have handed in my lab report. Note that in my planner.",
        lambda rest, account: _event(rest, account, "Hand in lab report")["is_completed"] is True,
    ),
    Task("reschedule", "My study group is on 18 March 2031 now, from 16:30 to 18:00.", _rescheduled),
    Task(
        "bin",
        'Bring my note "Insurance" back from the recycle bin, and delete only "Spam" there for good. I agree to that.',
        lambda rest, account: _in_bin(rest) == {"Old plan"} and bool(_content(rest, account, "Insurance")),
    ),
    Task("tag", 'Set the field "tags" to ["exam"] on the two notes of my course Linear Algebra.', _tagged),
)
