"""Paths of the environment (identity §14). Standard library only: the `notechondria` command uses it too."""

from __future__ import annotations

import re

_MSYS = re.compile(r"[A-Za-z]:/(?:[^/]+/)*Git(/.+)", re.IGNORECASE)


def unix_path(text: str) -> str:
    """An absolute Unix path, "" for what is none and is ignored (identity §14).

    Git's shell on Windows turns `/home/media` into `C:\\Program Files\\Git\\home\\media` before a container sees it;
    that is turned back (ADR 0022).
    """
    path = text.strip().replace("\\", "/")
    if mangled := _MSYS.fullmatch(path):
        path = mangled[1]
    return path if path.startswith("/") and not path.startswith("//") else ""
