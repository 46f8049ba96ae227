"""What the newest apps call to sign in through a site in the browser (apps §3); there is none yet.

No code and no nonce is ever issued, so the calls that take one refuse it as an unknown one.
"""

from __future__ import annotations

from identity_service.sign_in_site.schemas import (
    BindCode,
    ExchangeCode,
    LinkAccount,
    LinkNewAccount,
    NoSite,
    Unlinked,
)
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.route import api_router

router = api_router("/api/v1/auth/casdoor", tags=["sign-in site"])
UNKNOWN_CODE = "Not signed in: Backend.Auth/sign_in_site.code — the code is unknown, used or too old."
UNKNOWN_NONCE = "Not linked: Backend.Auth/sign_in_site.nonce — the request is unknown, used or too old."


@router.get("/config/")
async def config() -> NoSite:
    """Whether there is a sign-in site: not yet, so the apps offer their own sign-in."""
    return NoSite()


@router.post("/exchange/")
async def exchange(_body: ExchangeCode) -> None:
    """A session for a code of the sign-in site: 400, for none is issued."""
    raise BadRequest(UNKNOWN_CODE)


@router.post("/bind/", responses=refusals(403))
async def bind(_: WithSession, _body: BindCode) -> None:
    """Link the account to the sign-in site's: 400, for no code is issued."""
    raise BadRequest(UNKNOWN_CODE)


@router.delete("/unlink/", responses=refusals(403))
async def unlink(_: WithSession) -> Unlinked:
    """The account is linked to no sign-in site."""
    return Unlinked(was_linked=False)


@router.post("/link/bind/")
async def link_account(_body: LinkAccount) -> None:
    """Link an account that exists: 400, every account of the sign-in site has one here."""
    raise BadRequest(UNKNOWN_NONCE)


@router.post("/link/create/")
async def link_new_account(_body: LinkNewAccount) -> None:
    """Make an account to link: 400, every account of the sign-in site has one here."""
    raise BadRequest(UNKNOWN_NONCE)
