"""The block of fields on top of an exported markdown file.

Written as YAML whose values are JSON, which every YAML reader understands; read leniently, so that what Obsidian and
Joplin write is understood as far as it is needed: plain and quoted words, and lists over several lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

FENCE = "---"
_FIELD = re.compile(r"([A-Za-z_][\w -]{0,60}):[ \t]*(.*)")


def write(fields: Mapping[str, Any], body: str) -> str:
    """The text of a file: fields, a blank line, the body as it is."""
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "\n".join([FENCE, *lines, FENCE, "", body])


def read(text: str) -> tuple[dict[str, Any], str]:
    """Fields, by lower-case name, and body; no fields when the text does not begin with a complete block."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not text.startswith(f"{FENCE}\n"):
        return {}, text
    head, fence, body = text[len(FENCE) + 1 :].partition(f"\n{FENCE}\n")
    if not fence:
        head, fence, body = text[len(FENCE) + 1 :].partition(f"\n{FENCE}")
        if not fence or body.strip():
            return {}, text
    return _fields(head), body.removeprefix("\n")


def _fields(head: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    name = ""
    for line in head.split("\n"):
        if found := _FIELD.fullmatch(line.rstrip()):
            name = found[1].strip().lower()
            fields[name] = _value(found[2].strip())
        elif name and line.lstrip().startswith("- "):
            items = fields[name] if isinstance(fields[name], list) else []
            fields[name] = [*items, _value(line.lstrip()[2:].strip())]
    return fields


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text
