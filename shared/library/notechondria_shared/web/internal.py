"""`/internal/*`: who may call it, and whether the process lives. Never routed by the gateway."""

from __future__ import annotations

import hmac
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel

from notechondria_shared.auth.assertion import INTERNAL_TOKEN_HEADER
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.errors import Forbidden, RouteNotFound, Unavailable
from notechondria_shared.core.shutdown import ShutdownState
from notechondria_shared.web.app_state import AppState


async def not_through_a_gateway(request: Request) -> None:
    """The gateway adds X-Forwarded-* to all it passes on: with them, the call is from outside, whatever its path."""
    if any(name.startswith("x-forwarded-") for name in request.headers):
        raise RouteNotFound(request.url.path)


async def require_internal(request: Request, x_internal_token: Annotated[str, Header()] = "") -> None:
    """403 unless the call carries the shared secret (constant-time comparison)."""
    await not_through_a_gateway(request)
    expected = state_of(request.app, AppState).settings.internal_token.get_secret_value()
    if not hmac.compare_digest(x_internal_token.encode(), expected.encode()):
        raise Forbidden(f"Internal call refused: Backend.Internal/token — {INTERNAL_TOKEN_HEADER} is missing or wrong.")


INTERNAL = "/internal"
HEALTH = "/internal/health"
health = APIRouter(prefix=HEALTH, include_in_schema=False, dependencies=[Depends(not_through_a_gateway)])


class Liveness(BaseModel):
    """That a process answers."""

    status: Literal["ok"] = "ok"


@health.get("/live")
async def live() -> Liveness:
    """The process answers, and goes on doing so; the gateway asks every second."""
    if ShutdownState.started:
        raise Unavailable("Not live: Backend.Stop/drain — this process is about to stop.")
    return Liveness()


class Readiness(BaseModel):
    """That a service can answer. `revision` and `bus` are null for one that has no schema and no bus."""

    status: Literal["ok"] = "ok"
    service: str
    revision: str | None = None
    bus: bool | None = None
    capabilities: dict[str, int] = {}
