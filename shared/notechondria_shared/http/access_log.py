"""The access line (seed "Request timing middleware", decisions 20): format, levels and colours."""

from __future__ import annotations

import logging
import re
import sys

WARN_MS = 500.0
CRITICAL_MS = 2000.0
_RED, _YELLOW, _CYAN, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[0m"
_SECRET = re.compile(r"(?i)\b(code|token|id_token|password|secret|key)=[^&]*")

_SECRET_PATH = re.compile(r"(/+calendar/+).+", re.IGNORECASE | re.DOTALL)

logger = logging.getLogger("notechondria.access")


def access_level(status: int, duration_ms: float) -> int:
    """5xx or >= 2000 ms critical; 4xx or >= 500 ms warning; else info."""
    if status >= 500 or duration_ms >= CRITICAL_MS:
        return logging.CRITICAL
    if status >= 400 or duration_ms >= WARN_MS:
        return logging.WARNING
    return logging.INFO


def access_line(status: int, duration_ms: float, method: str, target: str, *, color: bool = False) -> str:
    """`<status>  <duration>ms  <METHOD> <path>`; red, yellow or cyan by level when `color`."""
    line = f"{status}  {duration_ms:7.1f}ms  {method:<6} {target}"
    if not color:
        return line
    level = access_level(status, duration_ms)
    paint = {logging.CRITICAL: _RED, logging.WARNING: _YELLOW}.get(level, _CYAN)
    return f"{paint}{line}{_RESET}"


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
