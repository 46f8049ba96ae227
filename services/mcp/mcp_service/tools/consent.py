"""Asking the user before something is removed for good, where the client can be asked."""

from __future__ import annotations

from typing import Any

from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, Field

ASKS_FROM = "2026-07-28"
"""The first revision whose answers can carry a question; before it, asking needs a connection to one replica."""


class Answer(BaseModel):
    """What the user is shown as a form."""

    confirm: bool = Field(description="True to go on, false to leave everything as it is")


Consent = ElicitationResult[Answer]
"""What came of the question."""


def must_agree(consent: Consent) -> None:
    """Raise unless the user agreed."""
    if not (isinstance(consent, AcceptedElicitation) and consent.data.confirm):
        message = "Declined: the user did not agree; nothing was changed."
        raise ToolError(message)


def asking(question: str) -> Resolve:
    """A parameter that is filled by the user's answer; where nobody can be asked, the tool's description has told the
    agent to ask beforehand."""

    async def ask(ctx: Context[Any, Any]) -> Answer | Elicit[Answer]:
        return Elicit(question, Answer) if _can_be_asked(ctx) else Answer(confirm=True)

    return Resolve(ask)


def _can_be_asked(ctx: Context[Any, Any]) -> bool:
    version = ctx.protocol_version
    if version is None or not is_version_at_least(version, ASKS_FROM):
        return False
    declared = ctx.client_capabilities.elicitation if ctx.client_capabilities else None
    return declared is not None and (declared.form is not None or declared.url is None)
