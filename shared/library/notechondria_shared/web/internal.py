"""`/internal/*`: who may call it, and whether the process lives. Never routed by the gateway."""

from typing import Literal

from fastapi import Depends, Request
from pydantic import BaseModel

from notechondria_contracts.services import CALLERS
from notechondria_shared.auth.assertion import INTERNAL_TOKEN_HEADER
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.errors import Forbidden, RouteNotFound, Unavailable
from notechondria_shared.core.shutdown import ShutdownState
from notechondria_shared.web.app_state import AppState
from notechondria_shared.web.router import Router


async def not_through_a_gateway(request: Request) -> None:
    """The gateway adds X-Forwarded-* to all it passes on: with them, the call is from outside, whatever its path."""
    if any(name.startswith("x-forwarded-") for name in request.headers):
        raise RouteNotFound(request.url.path)


class CalledBy:
    """Demands that one of the named callers calls, and shows so with a token of its own for this service; else 403."""

    def __init__(self, *callers: str) -> None:
        if unknown := set(callers) - set(CALLERS):
            message = f"there is no caller {', '.join(unknown)}"
            raise ValueError(message)
        self.callers = callers

    async def __call__(self, request: Request) -> str:
        """The caller."""
        await not_through_a_gateway(request)
        token = request.headers.get(INTERNAL_TOKEN_HEADER, "")
        caller = state_of(request.app, AppState).keys.caller(token)
        if caller is None:
            raise Forbidden(f"{REFUSED} — {INTERNAL_TOKEN_HEADER} is missing or wrong.")
        if caller not in self.callers:
            raise Forbidden(f"{REFUSED} — {caller} may not call this.")
        return caller


REFUSED = "Internal call refused: Backend.Internal/token"


INTERNAL = "/internal"
HEALTH = "/internal/health"
health = Router(prefix=HEALTH, include_in_schema=False, dependencies=[Depends(not_through_a_gateway)])


class Liveness(BaseModel):
    """That a process answers."""

    status: Literal["ok"] = "ok"


@health.head("/live")
@health.get("/live")
async def live() -> Liveness:
    """The process answers, and goes on doing so; the gateway asks every second, by HEAD."""
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
