"""What mcp answers other services about the agents' log."""

from __future__ import annotations

from pydantic import BaseModel

CALLS_OF_PROGRAMS_PATH = "/internal/calls/of-programs"


class CallsOfPrograms(BaseModel):
    """How many calls of tools came through each connection of a person's programs, while the log keeps them."""

    counts: dict[int, int]
