"""When the last good backup was made, as the launcher has written it down (docs/operations.md, "Backup")."""

from __future__ import annotations

import json
from pathlib import Path

NONE = "no backup was made yet"


def last_backup(file: str) -> str | None:
    """The last good backup in words; None where nobody writes it down, or it cannot be read."""
    if not file:
        return None
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
        made_at, size = str(content["good_at"]), int(content["size"])
    except FileNotFoundError:
        return NONE
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return f"{made_at} ({size / 2**20:.1f} MiB)" if made_at else NONE
