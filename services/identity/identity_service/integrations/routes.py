"""GitHub data-sync is not offered (identity §12): the status says so, the rest is refused."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.web.router import Router

router = Router(prefix="/api/v1/integrations/github", tags=["integrations"])
REFUSED = "Sync refused: Backend.Creators.GithubSync/connect — there is no GitHub App installation on this server."


class NotConnected(BaseModel):
    """Nothing is connected."""

    connected: Literal[False]


class GithubStatus(NotConnected):
    """No GitHub App could be installed either."""

    install_url: str
    app_name: str


@router.get("/status/")
async def status(_: LoggedIn) -> GithubStatus:
    """Never connected."""
    return GithubStatus(connected=False, install_url="", app_name="")


@router.delete("/status/")
async def disconnect(_: LoggedIn) -> NotConnected:
    """Nothing to disconnect."""
    return NotConnected(connected=False)


@router.post("/callback/")
@router.post("/push/")
@router.get("/repos/")
async def refused(_: LoggedIn) -> None:
    """400: nothing is installed."""
    raise BadRequest(REFUSED)
