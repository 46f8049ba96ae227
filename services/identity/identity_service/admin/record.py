"""Who did what: one line in the log for each change."""

from __future__ import annotations

import logging

logger = logging.getLogger("notechondria.admin")


def record(staff_id: int, action: str, about: str, outcome: str = "done") -> None:
    """Write the line: the id of the member of staff, the action, the object (`notes/55`), how it ended."""
    logger.info("staff=%d action=%s object=%s outcome=%s", staff_id, action, about, outcome)
