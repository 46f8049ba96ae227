"""What programs that read published calendars are called."""

from __future__ import annotations

import re

_KNOWN = (
    ("google-calendar", "Google Calendar"),
    ("thunderbird", "Thunderbird"),
    ("lightning", "Thunderbird"),
    ("microsoft", "Outlook"),
    ("outlook", "Outlook"),
    ("calendaragent", "Apple Calendar (Mac)"),
    ("dataaccessd", "Apple Calendar (iPhone or iPad)"),
    ("icsx5", "ICSx⁵"),
    ("nextcloud", "Nextcloud"),
)
_FIRST = re.compile(r"[^\s/(]{1,40}")


def reader_name(user_agent: str) -> str:
    """A program by its User-Agent: the name that people know, else how it begins; "" when it says nothing."""
    lowered = user_agent.lower()
    known = next((name for mark, name in _KNOWN if mark in lowered), "")
    first = _FIRST.search(user_agent)
    return known or (first.group() if first else "")
