"""The services by name."""

from __future__ import annotations

SERVICES = ("identity", "notes", "planner", "mcp")
"""In the order in which they start."""
