"""Writing the access line of a request (identity §16), without the secrets in its path or query."""

from __future__ import annotations

import logging
import re
import sys

from notechondria_shared.access_line import access_level, access_line

_SECRET = re.compile(r"(?i)\b(code|token|id_token|password|secret|key)=[^&]*")

_SECRET_PATH = re.compile(r"(/+calendar/+).+", re.IGNORECASE | re.DOTALL)

logger = logging.getLogger("notechondria.access")


def mask_path(path: str) -> str:
    """A path without its secret: the address of a published calendar is one."""
    return _SECRET_PATH.sub(r"\1***", path) if _SECRET_PATH.fullmatch(path) else path


def mask_query(query: str) -> str:
    """A query string without the values that could be secrets."""
    return _SECRET.sub(lambda found: f"{found.group(1)}=***", query)


def log_access(status: int, duration_ms: float, method: str, path: str, query: str, *, force_color: bool) -> None:
    """Write the line of one request."""
    path = mask_path(path)
    target = f"{path}?{mask_query(query)}" if query else path
    color = force_color or sys.stderr.isatty()
    logger.log(access_level(status, duration_ms), access_line(status, duration_ms, method, target, color=color))
