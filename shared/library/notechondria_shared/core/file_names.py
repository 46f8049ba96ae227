"""The extension of a file's name, and the rest of it, alike on every Python.

`PurePath.suffix` of `a.` is empty up to Python 3.13 and `.` from 3.14 on; that of `..md` is `.md` before and empty
after, and `with_suffix` refuses such a name in 3.13 alone.
"""

from __future__ import annotations

from pathlib import PurePosixPath


def suffix_of(path: str | PurePosixPath) -> str:
    """`.md` of `notes/a.md`; empty where no letter stands before the last full stop, or none behind it."""
    name = PurePosixPath(path).name
    dot = name.rfind(".")
    return name[dot:] if 0 < dot < len(name) - 1 else ""


def stem_of(path: str | PurePosixPath) -> str:
    """`a` of `notes/a.md`."""
    return PurePosixPath(path).name.removesuffix(suffix_of(path))


def without_suffix(path: str | PurePosixPath) -> str:
    """`notes/a` of `notes/a.md`."""
    return str(PurePosixPath(path)).removesuffix(suffix_of(path))
