"""Whether this process is leaving: health checks say so while the server goes on for some seconds."""

from __future__ import annotations


class ShutdownState:
    """Set once, at the first SIGTERM."""

    started = False
