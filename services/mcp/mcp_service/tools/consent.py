"""Asking the user before something is removed for good, where the client can be asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, Field

from mcp_service.upstream.client import Services

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


async def asked(ctx: Context[Any, Any], question: Callable[[Services], Awaitable[str]]) -> Answer | Elicit[Answer]:
    """What a resolver of a `Consent` returns: the question where the user can be asked, else their consent, for the
    tool's description has told the agent to ask beforehand. The question names what is lost; it is made only then."""
    if not _can_be_asked(ctx):
        return Answer(confirm=True)
    services: Services = ctx.mcp_server.services  # type: ignore[attr-defined]  # the House, which has them
    return Elicit(await question(services), Answer)


def _can_be_asked(ctx: Context[Any, Any]) -> bool:
    version = ctx.protocol_version
    if version is None or not is_version_at_least(version, ASKS_FROM):
        return False
    declared = ctx.client_capabilities.elicitation if ctx.client_capabilities else None
    return declared is not None and (declared.form is not None or declared.url is None)
