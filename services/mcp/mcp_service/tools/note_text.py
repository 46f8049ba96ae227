"""The text of a note by lines, headings, passages and tasks: markdown in, markdown out, nothing else changed."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from mcp.server.mcpserver.exceptions import ToolError

from mcp_service.tools.alike import alike

_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})(?:[ \t](?P<title>.*))?$")
_UNDERLINE = re.compile(r" {0,3}(?P<marks>=+|-+)[ \t]*$")
_FENCE = re.compile(r"(?:[ \t>]|[-*+][ \t])*(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<after>.*)$")
_TASK = re.compile(r"^(?P<before>[\s>]*(?:[-*+]|\d{1,9}[.)])\s+\[)(?P<mark>[ xX])(?P<after>\]\s+(?P<text>.*))$")
_NO_PARAGRAPH = re.compile(
    r" {4}|\t| {0,3}(?:>|[-*+](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|([-*_])[ \t]*(?:\1[ \t]*){2,}$)"
)
_LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\([^()]{0,500}\)")
Item = TypeVar("Item")
SHOWN = 60
COMPARED = 120
"""Characters of a line that are compared with others."""
LONGEST = 20 << 20
"""Characters that a replacement may come to: REST takes no larger body."""
MARKED = 1000
"""A title with more characters is compared with its marks."""
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
    """The headings outside of fenced code (CommonMark 0.31 §4.2, §4.3)."""
    known: list[Heading] = []
    paragraph: list[int] = []
    is_plain = True
    for number, line in _unfenced(lines):
        if paragraph and paragraph[-1] != number - 1:
            paragraph = []
        if match := _HEADING.match(line):
            known.append(Heading(number, len(match["marks"]), _title(match["title"] or "")))
            paragraph, is_plain = [], True
        elif paragraph and is_plain and (match := _UNDERLINE.match(line)):
            title = " ".join(lines[row].strip() for row in paragraph)
            known.append(Heading(paragraph[0], 1 if match["marks"][0] == "=" else 2, title))
            paragraph = []
        elif not line.strip() or (number == 0 and line.strip() == "---"):
            paragraph = []
        else:
            if not paragraph or _NO_PARAGRAPH.match(line):
                # What is of a list or a quotation has no line below it that makes it a heading.
                is_plain = _NO_PARAGRAPH.match(line) is None
            paragraph.append(number)
    return known


def _title(text: str) -> str:
    """The text of a heading without the marks that may close it."""
    bare = text.strip(" \t")
    opened = bare.rstrip("#")
    return opened.rstrip(" \t") if opened != bare and (not opened or opened[-1] in " \t") else bare


def _unfenced(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines that are not of fenced code (CommonMark 0.31 §4.5), without a carriage return at their end."""
    fence = ""
    for number, line in enumerate(lines):
        bare = line.removesuffix("\r")
        match = _FENCE.match(bare)
        if not fence:
            if match is None:
                yield number, bare
            else:
                fence = match["fence"]
        elif match is not None and match["fence"].startswith(fence) and not match["after"].strip():
            fence = ""


def section(lines: list[str], named: str) -> tuple[int, int]:
    """The first line of a section, its heading, and the line behind its last one; subsections belong to it."""
    known = headings(lines)
    matches = _called(named, known, [heading.title for heading in known])
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
            f"BadArgument: {len(matches)} headings are called {shown!r} (lines {numbers}); get_note reads by lines "
            "with offset, and edit_note changes what only one of them has."
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
    if not addition.strip():
        message = "BadArgument: text: it is blank; nothing was changed."
        raise ToolError(message)
    _refuse_null("text", addition)
    lines = text.split("\n")
    end = len(lines) if heading is None else section(lines, heading)[1]
    before, behind = "\n".join(lines[:end]).rstrip("\r\n"), "\n".join(lines[end:])
    newline = _newline(text)
    addition = _with_newlines(addition, newline).strip("\r\n")
    is_listed = _is_item(before.rpartition("\n")[2]) and _is_item(addition.partition("\n")[0])
    joined = f"{before}{newline if is_listed else newline * 2}{addition}" if before.strip() else addition
    if heading is not None and behind.strip():
        return f"{joined}{newline * 2}{behind.lstrip(chr(13) + chr(10))}"
    return joined + (newline if text.endswith("\n") else "")


def _refuse_null(name: str, value: str) -> None:
    """A refusal by the argument's name; REST would name its own field."""
    if "\x00" in value:
        message = f"BadArgument: {name}: null characters are not allowed; nothing was changed."
        raise ToolError(message)


def _newline(text: str) -> str:
    """How lines end in a text: in what was added to it, too."""
    return "\r\n" if "\r\n" in text else "\n"


def _with_newlines(text: str, newline: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", newline)


def _is_item(line: str) -> bool:
    return re.match(r"\s*(?:[-*+]|\d{1,9}[.)])\s", line) is not None


def replaced(text: str, old: str, new: str, *, everywhere: bool) -> tuple[str, int]:
    """The text with a passage replaced, and how often; refused when it is not there, or there more than once."""
    if not old:
        message = "BadArgument: old_text: it is empty; append_to_note adds to a note."
        raise ToolError(message)
    _refuse_null("new_text", new)
    flat = text.replace("\r\n", "\n")
    old = _as_in(flat, old.replace("\r\n", "\n"))
    if old not in flat:
        raise ToolError(_not_there(flat, old))
    begins = [*islice(_starts(flat, old, 1), NAMED)]
    if len(begins) > 1 and not everywhere:
        count = max(flat.count(old), len(begins))
        message = (
            f"BadArgument: old_text: it is there {count} times ({_positions(flat, begins)}); nothing was changed. "
            "Take in more of the text around it so that it is unique, or set replace_all."
        )
        raise ToolError(message)
    new = _with_newlines(new, _newline(text))
    apart = [*_starts(flat, old, len(old))]
    if len(text) + len(apart) * (len(new) - len(old)) > LONGEST:
        message = f"BadArgument: new_text: {len(apart)} times of it are too long for a note; nothing was changed."
        raise ToolError(message)
    returns = [match.start() - number for number, match in enumerate(re.finditer("\r\n", text))]
    parts, end = list[str](), 0
    for start in apart:
        # In the text as it is stands a carriage return more for each of the lines before that ends with one.
        parts += (text[end : start + bisect_left(returns, start)], new)
        end = start + len(old) + bisect_left(returns, start + len(old))
    return "".join((*parts, text[end:])), len(apart)


def _as_in(text: str, old: str) -> str:
    """The passage in the composed or decomposed form that the text has it in (Unicode UAX #15)."""
    forms = (old, unicodedata.normalize("NFC", old), unicodedata.normalize("NFD", old))
    return next((form for form in forms if form in text), old)


def _starts(text: str, old: str, step: int) -> Iterator[int]:
    """Where a passage begins; with a step of 1 also where it overlaps the one before."""
    at = text.find(old)
    while at >= 0:
        yield at
        at = text.find(old, at + step)


def _positions(text: str, starts: Sequence[int]) -> str:
    return "; ".join(f"line {text.count(chr(10), 0, start) + 1}: {_around(text, start)!r}" for start in starts[:NAMED])


def _around(text: str, position: int) -> str:
    """The line of a position; of a long one the part around it."""
    begin = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    if end - begin > SHOWN:
        begin = max(begin, position - SHOWN // 3)
    return text[begin : min(end, begin + SHOWN)].strip()


def _not_there(text: str, old: str) -> str:
    begin = "BadArgument: old_text: the note does not have this text"
    if old.strip() and old.strip() in text:
        return f"{begin}, but without the blanks around it: line {_lines_with(text, old.strip())}. Nothing was changed."
    if old.casefold() in text.casefold():
        at = text.casefold().find(old.casefold())
        return f"{begin} in these letters; line {text.count(chr(10), 0, at) + 1} has it in others. Nothing was changed."
    if line_number := _other_blanks(text, old):
        return f"{begin} with these blanks and line breaks; it begins in line {line_number}. Nothing was changed."
    first = old.strip().partition("\n")[0].strip()
    lines = [line.strip()[:COMPARED] for line in text.split("\n")]
    if nearest := alike(first, [line for line in lines if line], 1):
        number = lines.index(nearest[0]) + 1
        return f"{begin}; line {number} is like it: {nearest[0][:SHOWN]!r}. Read it with get_note; nothing was changed."
    return f"{begin}. Read it with get_note and copy the passage exactly; nothing was changed."


def _other_blanks(text: str, old: str) -> int:
    """The line in which a passage begins that differs in blanks alone; 0: there is none."""
    words, joined = " ".join(old.split()), " ".join(text.split())
    position = joined.find(words) if words else -1
    if position < 0:
        return 0
    before = joined.count(" ", 0, position)
    for number, line in enumerate(text.split("\n"), 1):
        before -= len(line.split())
        if before < 0:
            return number
    return 0


def _lines_with(text: str, part: str) -> str:
    return str(text.count("\n", 0, text.find(part)) + 1)


def tasks(lines: list[str]) -> list[Task]:
    """The tasks of a text, outside of fenced code."""
    matches = ((number, _TASK.match(line)) for number, line in _unfenced(lines))
    return [Task(number, match["mark"] != " ", match["text"].strip()) for number, match in matches if match]


def ticked(text: str, named: str, *, done: bool) -> tuple[str, Task]:
    """The text with a task done, or open again, and the task; refused when several are meant."""
    lines = text.split("\n")
    known = tasks(lines)
    matches = _called(named, known, [task.text for task in known], in_part=True)
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
        return (
            f"BadArgument: task: {len(matches)} tasks have {shown!r}: {named_tasks}. Nothing was changed. Give more of "
            "its text; where they are the same, edit_note with a line before or behind it in old_text."
        )
    return f"BadArgument: task: no task has {shown!r}; the note has {named_tasks}. Nothing was changed."


def _called(named: str, known: Sequence[Item], titles: Sequence[str], *, in_part: bool = False) -> list[Item]:
    """What is called so: by its own text, then without marks of emphasis and links, then by a part of it."""
    for form in (_bare, _unmarked):
        asked, bare = form(named), [form(title) for title in titles]
        if same := [item for item, title in zip(known, bare, strict=True) if title == asked]:
            return same
        if in_part and asked and (parts := [item for item, title in zip(known, bare, strict=True) if asked in title]):
            return parts
    return []


def _bare(title: str) -> str:
    """A title as it is compared: without marks of headings and tasks, blanks as one, composed, in any letter case."""
    text = re.sub(r"^\s*(?:#{1,6}\s+|[-*+]\s+(?:\[[ xX]\]\s+)?|\[[ xX]\]\s+)", "", title)
    return unicodedata.normalize("NFC", " ".join(text.split()).casefold())


def _unmarked(title: str) -> str:
    text = _LINK.sub(r"\1", title[:MARKED])
    return _bare(re.sub(r"[*_`~]", "", text)) if len(title) <= MARKED else _bare(title)
