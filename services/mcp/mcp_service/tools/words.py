"""What a call does, in a sentence for people: the tool's title, and its arguments by what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from mcp_service.calls.clipping import shortened

LONGEST = 300
QUOTED = 60
"""Characters of a text that are repeated; of longer ones the length is said."""
LISTED = 5
MEANINGS = {
    "is_public": ("public", "private"),
    "is_completed": ("done", "open again"),
    "is_enabled": ("shown", "hidden"),
    "include_completed": ("with what is done", "without what is done"),
    "include_deleted": ("also in the bin", ""),
    "replace_all": ("everywhere", ""),
    "changes_only": ("changes only", "reads, too"),
    "done": ("done", "open again"),
}
"""Arguments that are yes or no."""
CHOICES = {
    "editor_mode": {"G": "markdown", "B": "blocks", "P": "plain text"},
    "recurrence_freq": {"N": "once", "W": "weekly", "M": "monthly", "Y": "yearly"},
    "source_kind": {"I": "pasted", "S": "subscribed"},
}
LEFT_OUT = frozenset({"format", "limit", "offset"})


def in_words(title: str, arguments: Mapping[str, JsonValue], names: Sequence[str]) -> str:
    """The sentence; `names` are those of what the call was about, where the tool knows them."""
    about = " and ".join(f'"{shortened(" ".join(name.split()), QUOTED)}"' for name in names[:LISTED])
    parts = [part for name, value in arguments.items() if (part := _part(name, value))]
    text = f"{title} {about}" if about else title
    return shortened(f"{text}: {', '.join(parts)}" if parts else text, LONGEST)


def _part(name: str, value: JsonValue) -> str:
    if name in LEFT_OUT:
        return ""
    label = name.removesuffix("_ids").removesuffix("_id").replace("_", " ")
    if isinstance(value, bool):
        return MEANINGS.get(name, (label, f"not {label}"))[not value]
    if isinstance(value, list):
        more = ", …" if len(value) > LISTED else ""
        several = "" if len(value) == 1 else "s"
        return f"{len(value)} {label}{several} ({', '.join(shortened(str(item), 20) for item in value[:LISTED])}{more})"
    if isinstance(value, dict):
        return f"{label} {', '.join(shortened(key, 20) for key in list(value)[:LISTED])}"
    if isinstance(value, str):
        return _text(name, label, value)
    return f"no {label}" if value is None else f"{label} {value}"


def _text(name: str, label: str, value: str) -> str:
    if name in CHOICES:
        return CHOICES[name].get(value, shortened(value, QUOTED))
    if len(value) > QUOTED:
        # Of what was cut for the log, the length that it had stands behind it.
        cut = re.search(r"… \((\d+) characters\)$", value)
        return f"{label} of {cut[1] if cut else len(value)} characters"
    return f'{label} "{" ".join(value.split())}"'
