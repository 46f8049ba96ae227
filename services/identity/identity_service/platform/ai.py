"""`/api/v1/ai/*` where no AI service is connected (decision 40); otherwise the gateway routes past us."""

from __future__ import annotations

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import NotImplementedHere
from notechondria_shared.web.router import Router

router = Router(prefix="/api/v1/ai", include_in_schema=False)
REFUSED = "Not available: Backend.Ai/route — no AI service is connected to this server (AI_SERVICE_URL)."


@router.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def not_connected(_: LoggedIn, path: str) -> None:
    """501 for who is signed in."""
    raise NotImplementedHere(REFUSED)
