"""What the newest apps call to sign in through the site in the browser (apps §3).

Every account of the site is one here, so that a nonce is never issued: the calls that take one refuse it.
"""

from __future__ import annotations

from fastapi import BackgroundTasks, Request

from identity_service.accounts.payload import auth_payload
from identity_service.accounts.schemas import AuthPayload
from identity_service.dependencies import State
from identity_service.models import ACTIVE, Session, User
from identity_service.origins import origin_of
from identity_service.sessions.devices import Device
from identity_service.sign_in_site import service
from identity_service.sign_in_site.schemas import (
    BindCode,
    ExchangeCode,
    LinkAccount,
    LinkNewAccount,
    NoSite,
    Site,
    Unlinked,
)
from identity_service.sign_ins import service as sign_ins
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import INVALID_TOKEN, BadRequest, Conflict, Unauthorized
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.route import api_router

router = api_router("/api/v1/auth/casdoor", tags=["sign-in site"])
UNKNOWN_CODE = "Not signed in: Backend.Auth/sign_in_site.code — the code is unknown, used, too old or another app's."
UNKNOWN_NONCE = "Not linked: Backend.Auth/sign_in_site.nonce — the request is unknown, used or too old."
SOMEBODY_ELSE = "Not linked: Backend.Auth/sign_in_site.bind — on the sign-in site somebody else is signed in."
NAME = "notechondria"
"""Client, organization and application: there is one of each."""


@router.get("/config/")
async def config(state: State) -> Site | NoSite:
    """Where the sign-in site is; `configured` is false when apps are to show their own form."""
    settings = state.settings
    if not settings.sends_to_site:
        return NoSite()
    base = settings.base_url
    return Site(endpoint=base, client_id=NAME, organization=NAME, application=NAME, signin_url=f"{base}/account/apps/")


@router.post("/exchange/")
async def exchange(request: Request, state: State, body: ExchangeCode, tasks: BackgroundTasks) -> AuthPayload:
    """A session for a code of the site: it counts once, for 60 s, from the origin that it was made for."""
    exchanged = await service.consume(state.database, body.code, _origin(request))
    if exchanged is None:
        raise BadRequest(UNKNOWN_CODE)
    device = Device.of(request)
    async with state.database.transaction() as db:
        user = await db.get(User, exchanged.user_id, with_for_update=True)
        if user is None or user.status != ACTIVE:
            raise BadRequest(UNKNOWN_CODE)
        user.sign_in_site_linked = True
        started = await sign_ins.start(db, user.id, device, method=sign_ins.SIGN_IN_SITE, provider=exchanged.provider)
    return await auth_payload(request, user, started.token, started.row)


@router.post("/bind/", responses=refusals(403, 409))
async def bind(request: Request, state: State, caller: WithSession, body: BindCode) -> AuthPayload:
    """Link the account to the site, where the same person is signed in; 409 when that is somebody else."""
    exchanged = await service.consume(state.database, body.code, _origin(request))
    if exchanged is None:
        raise BadRequest(UNKNOWN_CODE)
    if exchanged.user_id != caller.user_id:
        raise Conflict(SOMEBODY_ELSE)
    async with state.database.transaction() as db:
        user = await db.get(User, caller.user_id, with_for_update=True)
        row = await db.get(Session, caller.credential_id)
        if user is None or row is None:
            raise Unauthorized(INVALID_TOKEN)
        user.sign_in_site_linked = True
    token = request.headers.get("authorization", "").strip().partition(" ")[2].strip()
    return await auth_payload(request, user, token, row)


@router.delete("/unlink/", responses=refusals(403))
async def unlink(caller: WithSession, db: WriteSession) -> Unlinked:
    """Forget that the account was linked to the site. Its sessions, and signing in there, go on."""
    user = await db.get(User, caller.user_id, with_for_update=True)
    if user is None:
        raise Unauthorized(INVALID_TOKEN)
    was_linked, user.sign_in_site_linked = user.sign_in_site_linked, False
    return Unlinked(was_linked=was_linked)


@router.post("/link/bind/")
async def link_account(_body: LinkAccount) -> None:
    """Link an account that exists: 400, every account of the sign-in site has one here."""
    raise BadRequest(UNKNOWN_NONCE)


@router.post("/link/create/")
async def link_new_account(_body: LinkNewAccount) -> None:
    """Make an account to link: 400, every account of the sign-in site has one here."""
    raise BadRequest(UNKNOWN_NONCE)


def _origin(request: Request) -> str:
    """Where the app is that calls: browsers say so, and no page can lie about it."""
    return origin_of(request.headers.get("origin", ""))
