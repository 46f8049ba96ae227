"""Writing the access line of a request (identity §16), without the secrets in its path or query."""

from __future__ import annotations

import logging
import re
import sys
from urllib.parse import unquote_plus

from notechondria_shared.core.access_line import Answered, access_level, access_line

_SECRET_NAME = re.compile(r"code|token|pass|pwd|secret|key|authorization|session|cookie|signature", re.IGNORECASE)
_OURS = r"ntc_[0-9a-f]|nc[a-z]_[0-9a-z]{6}"
"""How our keys, codes and tokens begin."""
_IN_VALUE = rf"({_SECRET_NAME.pattern})[^&;=]{{0,40}}="
_SECRET_VALUE = re.compile(rf"{_IN_VALUE}|{_OURS}|\b[0-9a-f]{{32,}}\b", re.IGNORECASE)
_PERHAPS_SECRET = re.compile(rf"{_SECRET_NAME.pattern}|{_OURS}|[0-9a-f]{{32}}|[%+]")
"""What no piece of a query is masked without, in small letters."""

LONGEST_QUERY = 2000
_SECRET_PATH = re.compile(r"(/+calendar/+).+", re.IGNORECASE | re.DOTALL)

logger = logging.getLogger("notechondria.access")


def mask_path(path: str) -> str:
    """A path without its secret: the address of a published calendar is one."""
    return _SECRET_PATH.sub(r"\1***", path) if _SECRET_PATH.fullmatch(path) else path


def mask_target(path: str, query: str) -> str:
    """A query without its secrets; of authorization requests nothing: state and challenge are some, too."""
    return "***" if query and path.startswith("/oauth/") else mask_query(query)


def mask_query(query: str) -> str:
    """A query string without the values that could be secrets, however they are spelled; cut after 2,000 characters."""
    if not query:
        return ""
    if len(query) > LONGEST_QUERY:
        query = f"{query[:LONGEST_QUERY]}…"
    # Nearly every query is plain, and one look at all of it says so: 1 microsecond, 11 where it is taken apart.
    if query.isascii() and not _PERHAPS_SECRET.search(query.lower()):
        return query
    return "".join(_masked(piece) for piece in re.split("([&;])", query))


def _masked(piece: str) -> str:
    name, equals, value = piece.partition("=")
    secret = bool(_SECRET_VALUE.search(_plain(name)))
    if value and (secret or _SECRET_NAME.search(_plain(name)) or _SECRET_VALUE.search(_plain(value))):
        value = "***"
    return f"{'***' if secret else name}{equals}{value}"


def _plain(text: str) -> str:
    """Text as it was before it was encoded, once or twice."""
    return unquote_plus(unquote_plus(text))


def log_access(status: int, duration_ms: float, method: str, path: str, query: str, *, force_color: bool) -> None:
    """Write the line of one request, if such lines are written."""
    level = access_level(status, duration_ms)
    if not logger.isEnabledFor(level):
        return
    answered = Answered(status, round(duration_ms, 1), method, mask_path(path), mask_target(path, query))
    color = force_color or sys.stderr.isatty()
    line = access_line(status, duration_ms, method, answered.target, color=color)
    logger.log(level, line, extra={"answered": answered})
