"""How the server names itself to clients and in its texts."""

from __future__ import annotations

NAME, VERSION = "notechondria-mcp", "0.1.0"
PROCESS = "Backend.Mcp.Protocol"
"""The process that the texts of refusals name (mcp §1.2)."""
