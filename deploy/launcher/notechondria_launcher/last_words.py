"""Why a process ended, in its own words: the sentence of its log that says it, not the last line of a dump."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

_MOST_BYTES = 65_536
_MOST_SIGNS = 400
_NOT_STARTED = "Cannot start"
_TRACEBACK = "Traceback (most recent call last):"
_SERIOUS = re.compile(r"^\S+ (?:CRITICAL|ERROR) +(.*?)(?: \[[\w.]+ \S*\])?$")
_POSTGRES = re.compile(r"(?:FATAL|PANIC): +(.*)$")


def lines_since(log: Path, offset: int) -> list[str]:
    """Return the lines that a log got since it was so long; all of it when it has been emptied meanwhile."""
    try:
        size = log.stat().st_size
        with log.open("rb") as file:
            file.seek(max(offset if offset <= size else 0, size - _MOST_BYTES))
            return [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return []


def last_sentence(lines: Sequence[str]) -> str:
    """Return what a process said of its end; "" when it said nothing."""
    text = _list_of_settings(lines) or _exception(lines) or _serious(lines) or (lines[-1] if lines else "")
    text = " ".join(_message(text).split()).rstrip(".:")
    return f"{text[:_MOST_SIGNS]}…" if len(text) > _MOST_SIGNS else text


def _list_of_settings(lines: Sequence[str]) -> str:
    """Return the settings that a service refused, each with its reason (`load_settings`)."""
    starts = [number for number, line in enumerate(lines) if line.startswith(_NOT_STARTED)]
    if not starts:
        return ""
    listed = [line.strip() for line in lines[starts[-1] + 1 :] if line.startswith("  ")]
    return "; ".join(listed) or lines[starts[-1]]


def _exception(lines: Sequence[str]) -> str:
    """Return the line of a traceback that names the exception: the first at the margin after its frames."""
    starts = [number for number, line in enumerate(lines) if line.startswith(_TRACEBACK)]
    if not starts:
        return ""
    return next((line for line in lines[starts[-1] + 1 :] if not line.startswith((" ", "\t"))), "")


def _serious(lines: Sequence[str]) -> str:
    for line in reversed(lines):
        if match := _SERIOUS.match(line) or _POSTGRES.search(line):
            return match[1]
        if line.startswith("{") and ('"CRITICAL"' in line or '"ERROR"' in line):
            return line
    return ""


def _message(line: str) -> str:
    """Return the message of a line in JSON (LOG_FORMAT=json)."""
    try:
        entry = json.loads(line) if line.startswith("{") else None
    except ValueError:
        return line
    return str(entry.get("message", line)) if isinstance(entry, dict) else line
