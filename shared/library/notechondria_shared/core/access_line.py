"""The access line (decision 20, identity §16): format, levels and colours.

Imports nothing but the standard library: the `notechondria` command uses it too, and should start at once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

WARN_MS = 500.0
CRITICAL_MS = 2000.0
NOT_OFFERED = 501
"""What the operator has not set up, as apps ask for it in ordinary use: no failure of the server."""
_RED, _YELLOW, _CYAN, _RESET = "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[0m"


def access_level(status: int, duration_ms: float) -> int:
    """5xx or >= 2000 ms critical; 4xx, 501 or >= 500 ms warning; else info."""
    if (status >= 500 and status != NOT_OFFERED) or duration_ms >= CRITICAL_MS:
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


@dataclass(frozen=True, slots=True)
class Answered:
    """What an access line says, as fields; path and query are masked. The log record carries it as `answered`."""

    status: int
    duration_ms: float
    method: str
    path: str
    query: str

    @property
    def target(self) -> str:
        """Path and query as a request line has them."""
        return f"{self.path}?{self.query}" if self.query else self.path
