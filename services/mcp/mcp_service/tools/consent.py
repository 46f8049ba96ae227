"""Asking the user before something is removed for good, where the client can be asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, Field

from mcp_service.tools.context import ToolCall

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


async def asked(call: ToolCall, question: Callable[[], Awaitable[str]]) -> Answer | Elicit[Answer]:
    """What a resolver of a `Consent` returns: the question where the user can be asked, else their consent, for the
    tool's description has asked the agent to ask beforehand. The question names what is lost; it is made only then."""
    if not _can_be_asked(call):
        return Answer(confirm=True)
    return Elicit(await question(), Answer)


def _can_be_asked(call: ToolCall) -> bool:
    version = call.protocol_version
    if version is None or not is_version_at_least(version, ASKS_FROM):
        return False
    declared = call.client_capabilities.elicitation if call.client_capabilities else None
    return declared is not None and (declared.form is not None or declared.url is None)
