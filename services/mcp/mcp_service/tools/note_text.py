"""The text of a note by lines, headings, passages and tasks: markdown in, markdown out, nothing else changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mcp.server.mcpserver.exceptions import ToolError

from mcp_service.tools.alike import alike

_LINE = re.compile(r" {0,3}(?:(?P<marks>#{1,6})(?:[ \t](?P<title>.*))?|(?P<fence>`{3,}|~{3,})(?P<after>.*))$")
_TASK = re.compile(r"^(?P<before>\s*(?:[-*+]|\d{1,9}[.)])\s+\[)(?P<mark>[ xX])(?P<after>\]\s+(?P<text>.*))$")
SHOWN = 60
COMPARED = 120
"""Characters of a line that are compared with others."""
LONGEST = 20 << 20
"""Characters that a replacement may come to: REST takes no larger body."""
NAMED = 8
"""So many headings, tasks or positions are named in a refusal."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its line, counted from 0, its level, and its text."""

    line: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a list (GFM): its line, counted from 0, and its text."""

    line: int
    done: bool
    text: str


def headings(lines: list[str]) -> list[Heading]:
    """The headings outside of fenced code (CommonMark 0.31 §4.2)."""
    return [
        Heading(number, len(match["marks"]), _title(match["title"] or ""))
        for number, match in _unfenced(lines)
        if match["marks"]
    ]


def _title(text: str) -> str:
    """The text of a heading without the marks that may close it."""
    bare = text.strip(" \t")
    opened = bare.rstrip("#")
    return opened.rstrip(" \t") if opened != bare and (not opened or opened[-1] in " \t") else bare


def _unfenced(lines: list[str]) -> Iterator[tuple[int, re.Match[str]]]:
    fence = ""
    for number, line in enumerate(lines):
        match = _LINE.match(line)
        if match is None:
            continue
        if not fence:
            yield number, match
            fence = match["fence"] or ""
        elif (match["fence"] or "").startswith(fence) and not match["after"].strip():
            fence = ""


def section(lines: list[str], named: str) -> tuple[int, int]:
    """The first line of a section, its heading, and the line behind its last one; subsections belong to it."""
    known = headings(lines)
    title = _bare(named)
    matches = [heading for heading in known if _bare(heading.title) == title]
    if len(matches) > 1 and named.lstrip().startswith("#"):
        level = len(named.strip()) - len(named.strip().lstrip("#"))
        matches = [heading for heading in matches if heading.level == level] or matches
    if len(matches) != 1:
        raise ToolError(_no_section(named, known, matches))
    (heading,) = matches
    following = (other.line for other in known if other.line > heading.line and other.level <= heading.level)
    return heading.line, next(following, len(lines))


def _no_section(named: str, known: list[Heading], matches: list[Heading]) -> str:
    shown = named.strip()[:SHOWN]
    if matches:
        numbers = ", ".join(str(heading.line + 1) for heading in matches[:NAMED])
        return (
            f"BadArgument: {len(matches)} headings are called {shown!r} (lines {numbers}); read by lines with offset."
        )
    if not known:
        return f"BadArgument: there is no heading {shown!r}: the note has no headings; leave it out."
    titles = [heading.title for heading in known]
    named_titles = alike(named, titles, 3) or titles[:NAMED]
    names = ", ".join(repr(title[:SHOWN]) for title in named_titles)
    return f"BadArgument: there is no heading {shown!r}; the note has {names}."


def appended(text: str, addition: str, heading: str | None) -> str:
    """The text with an addition at its end, or at the end of a section, a blank line before it.

    A list item that follows a list goes on with it.
    """
    lines = text.split("\n")
    end = len(lines) if heading is None else section(lines, heading)[1]
    before, behind = "\n".join(lines[:end]).rstrip("\n"), "\n".join(lines[end:])
    addition = addition.strip("\n")
    apart = "\n" if _is_item(before.rpartition("\n")[2]) and _is_item(addition.partition("\n")[0]) else "\n\n"
    joined = f"{before}{apart}{addition}" if before.strip() else addition
    if heading is not None and behind.strip():
        return f"{joined}\n\n{behind.lstrip(chr(10))}"
    return joined + ("\n" if text.endswith("\n") else "")


def _is_item(line: str) -> bool:
    return re.match(r"\s*(?:[-*+]|\d{1,9}[.)])\s", line) is not None


def replaced(text: str, old: str, new: str, *, everywhere: bool) -> tuple[str, int]:
    """The text with a passage replaced, and how often; refused when it is not there, or there more than once."""
    if not old:
        message = "BadArgument: old_text: it is empty; append_to_note adds to a note."
        raise ToolError(message)
    if "\r\n" in text and "\r\n" not in old:
        old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
    count = text.count(old)
    if count == 0:
        raise ToolError(_not_there(text, old))
    if count > 1 and not everywhere:
        message = (
            f"BadArgument: old_text: it is there {count} times ({_positions(text, old)}); nothing was changed. "
            "Take in more of the text around it so that it is unique, or set replace_all."
        )
        raise ToolError(message)
    if len(text) + count * (len(new) - len(old)) > LONGEST:
        message = f"BadArgument: new_text: {count} times of it are too long for a note; nothing was changed."
        raise ToolError(message)
    return text.replace(old, new), count


def _positions(text: str, old: str) -> str:
    starts: list[int] = []
    at = text.find(old)
    while at >= 0 and len(starts) < NAMED:
        starts.append(at)
        at = text.find(old, at + len(old))
    lines = [(text.count("\n", 0, start) + 1, _line_at(text, start)) for start in starts]
    return "; ".join(f"line {number}: {line[:SHOWN]!r}" for number, line in lines)


def _line_at(text: str, position: int) -> str:
    begin = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return text[begin : len(text) if end < 0 else end].strip()


def _not_there(text: str, old: str) -> str:
    begin = "BadArgument: old_text: the note does not have this text"
    if old.strip() and old.strip() in text:
        return f"{begin}, but without the blanks around it: line {_lines_with(text, old.strip())}. Nothing was changed."
    if old.casefold() in text.casefold():
        at = text.casefold().find(old.casefold())
        return f"{begin} in these letters; line {text.count(chr(10), 0, at) + 1} has it in others. Nothing was changed."
    first = old.strip().partition("\n")[0].strip()
    lines = [line.strip()[:COMPARED] for line in text.split("\n")]
    if nearest := alike(first, [line for line in lines if line], 1):
        number = lines.index(nearest[0]) + 1
        return f"{begin}; line {number} is like it: {nearest[0][:SHOWN]!r}. Read it with get_note; nothing was changed."
    return f"{begin}. Read it with get_note and copy the passage exactly; nothing was changed."


def _lines_with(text: str, part: str) -> str:
    return str(text.count("\n", 0, text.find(part)) + 1)


def tasks(lines: list[str]) -> list[Task]:
    """The tasks of a text."""
    matches = ((number, _TASK.match(line)) for number, line in enumerate(lines))
    return [Task(number, match["mark"] != " ", match["text"].strip()) for number, match in matches if match]


def ticked(text: str, named: str, *, done: bool) -> tuple[str, Task]:
    """The text with a task done, or open again, and the task; refused when several are meant."""
    lines = text.split("\n")
    known = tasks(lines)
    folded = _bare(named)
    matches = [task for task in known if _bare(task.text) == folded] or [
        task for task in known if folded and folded in _bare(task.text)
    ]
    waiting = [task for task in matches if task.done is not done]
    if len(matches) > 1 and len(waiting) == 1:
        matches = waiting
    if len(matches) != 1:
        raise ToolError(_no_task(named, known, matches))
    (task,) = matches
    mark = "x" if done else " "
    lines[task.line] = _TASK.sub(lambda match: f"{match['before']}{mark}{match['after']}", lines[task.line])
    return "\n".join(lines), task


def _no_task(named: str, known: list[Task], matches: list[Task]) -> str:
    shown = named.strip()[:SHOWN]
    if not known:
        return f"BadArgument: task: the note has no tasks (lines like '- [ ] {shown}'); nothing was changed."
    named_tasks = "; ".join(f"line {task.line + 1}: {task.text[:SHOWN]!r}" for task in (matches or known)[:NAMED])
    if matches:
        return f"BadArgument: task: {len(matches)} tasks have {shown!r}: {named_tasks}. Nothing was changed."
    return f"BadArgument: task: no task has {shown!r}; the note has {named_tasks}. Nothing was changed."


def _bare(title: str) -> str:
    """A title as it is compared: without marks of headings and tasks, blanks as one, in any letter case."""
    text = re.sub(r"^\s*(?:#{1,6}\s+|[-*+]\s+(?:\[[ xX]\]\s+)?|\[[ xX]\]\s+)", "", title)
    return " ".join(text.split()).casefold()
