"""Names of uploaded files, made safe to be a path, a URL and a header (notes §8)."""

from __future__ import annotations

import re
import secrets
import unicodedata
from pathlib import PurePosixPath

from notechondria_shared.core.file_names import stem_of, suffix_of
from notechondria_shared.core.letters import is_unseen

NAME_BYTES = 160
"""Of a stored name, so that with a suffix it fits every file system."""
UNTITLED = "untitled"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*#%&{}$!\'`@+=;\\/\s]+')
_RANDOM_PART = re.compile(r"_[0-9a-f]{16}$")
RESERVED = re.compile(r"(con|prn|aux|nul|(?:com|lpt)[\d¹²³])(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for itself; the raised digits too (learn.microsoft.com, "Naming Files, Paths, and
Namespaces")."""


def shown_name(filename: str | None) -> str:
    """The name as the user knows it: the last part of a path, at most 255 characters; `untitled` for none."""
    return _last_part(filename)[:255].strip() or UNTITLED


def _last_part(filename: str | None) -> str:
    last = re.split(r"[\\/]", filename or "")[-1].replace("\x00", "")
    return last.encode(errors="replace").decode().strip()


def safe_name(filename: str) -> str:
    """The name to store a file under: no separators, no control or special characters, no leading dots."""
    plain = unicodedata.normalize("NFC", _last_part(filename))
    plain = "".join(c for c in plain if not is_unseen(c))
    plain = _UNSAFE.sub("_", plain).strip("._ ")
    if RESERVED.fullmatch(plain):
        plain = f"_{plain}"
    path = PurePosixPath(plain or UNTITLED)
    suffix = suffix_of(path) if len(suffix_of(path).encode()) <= 20 else ""
    stem = path.name[: len(path.name) - len(suffix)] if suffix else path.name
    return _cut(stem, NAME_BYTES - len(suffix.encode())) + suffix


def unguessable(name: str) -> str:
    """A safe name with a random part, in place of the one it got when it was stored before.

    For folders that all accounts share: whoever knows `IMG_2034.png` must not find `IMG_2035.png`.
    """
    path = PurePosixPath(name)
    return f"{_RANDOM_PART.sub('', stem_of(path))}_{secrets.token_hex(8)}{suffix_of(path)}"


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
