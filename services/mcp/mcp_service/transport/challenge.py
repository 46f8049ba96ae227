"""What a request without enough rights is answered: where to ask for access, and for which (RFC 9728 §5.1).

Bodies are the contract's (mcp §1.2): clients with a key read those.
"""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Request
from pydantic import JsonValue

from mcp_service.agent import Agent
from mcp_service.names import PROCESS
from mcp_service.transport.server import NotesMcpServer
from mcp_service.transport.state import McpState
from notechondria_contracts.scopes import SCOPES, normalized
from notechondria_shared.auth.credentials import KEY_PREFIX
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.errors import ApiError, InsufficientScope, Unauthorized
from notechondria_shared.web.answers import Json
from notechondria_shared.web.route import ReadRoute
from notechondria_shared.web.router import Router

METADATA = "/.well-known/oauth-protected-resource/mcp"
NOT_ALLOWED = f"Request refused: {PROCESS}/authorize — the user did not allow this program to call this tool."
NEVER_ALLOWED = f"Request refused: {PROCESS}/authorize — no program may call this tool."
router = Router(include_in_schema=False, route_class=ReadRoute)


def _base(request: Request) -> str:
    return state_of(request.app, McpState).settings.public_base_url.rstrip("/")


@router.get("/.well-known/oauth-protected-resource")
@router.get("/.well-known/oauth-protected-resource/")
@router.get("/.well-known/oauth-protected-resource/mcp")
@router.get("/.well-known/oauth-protected-resource/mcp/")
async def resource_metadata(request: Request) -> Json:
    """Who gives access to this resource (RFC 9728 §3), at both addresses that clients ask."""
    base = _base(request)
    known = {
        "resource": f"{base}/mcp",
        "authorization_servers": [base],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": "Notechondria",
    }
    return Json(known, headers={"Cache-Control": "public, max-age=300"})


def with_challenge(request: Request, refusal: ApiError) -> ApiError:
    """The refusal of this endpoint with its header for clients that can ask for access."""
    if isinstance(refusal, Unauthorized):
        sent = _is_token(request.headers.get("authorization", ""))
        refusal.headers["WWW-Authenticate"] = _challenge(request, "invalid_token" if sent else "", SCOPES)
    elif isinstance(refusal, InsufficientScope):
        refusal.headers["WWW-Authenticate"] = _challenge(request, "insufficient_scope", refusal.scopes)
    return refusal


def _is_token(header: str) -> bool:
    """Whether a request came with a token, dead or of some other server (RFC 6750 §3.1). Keys are the contract's."""
    scheme, _, value = header.partition(" ")
    return scheme.lower() == "bearer" and bool(value.strip()) and not header.startswith(KEY_PREFIX)


def _challenge(request: Request, error: str, scopes: Iterable[str]) -> str:
    parts = {"error": error, "scope": " ".join(scopes), "resource_metadata": f"{_base(request)}{METADATA}"}
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)


def check_call(server: NotesMcpServer, agent: Agent, message: JsonValue) -> None:
    """403 when a program calls a tool that its scopes do not allow: it may ask the person for more, and call again."""
    if not agent.is_program or not isinstance(message, dict) or message.get("method") != "tools/call":
        return
    params = message.get("params")
    tool = server.product_tool(params.get("name") if isinstance(params, dict) else None)
    if tool is None or agent.may_use(reads_only=tool.reads_only, needs=tool.needs):
        return
    if tool.needs is None:
        raise InsufficientScope(NEVER_ALLOWED)
    raise InsufficientScope(NOT_ALLOWED, normalized({*agent.caller.scopes, *tool.needs}))
