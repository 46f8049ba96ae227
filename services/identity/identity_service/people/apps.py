"""Codes for apps whose person signed in on the site (apps §3)."""

from __future__ import annotations

from identity_service.dependencies import State
from identity_service.origins import app_origin
from identity_service.people.visitor import ASKED_BY_WEB
from identity_service.sign_in_site import service
from notechondria_contracts.internal.people import PEOPLE_PATH, AppCodeMade, AppCodeRequest, AppOrigin, AppRequest
from notechondria_shared.auth import WithSession
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.router import Router

router = Router(prefix=PEOPLE_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])


@router.post("/app-origin")
async def origin(state: State, form: AppRequest) -> AppOrigin:
    """The origin of an app's page; 400 when this server does not serve it."""
    return AppOrigin(origin=app_origin(state.settings, form.redirect_uri))


@router.post("/app-code")
async def app_code(state: State, caller: WithSession, form: AppCodeRequest, db: WriteSession) -> AppCodeMade:
    """A code for the app, bound to its origin."""
    asked_by = app_origin(state.settings, form.redirect_uri)
    code = await service.issue(db, caller.user_id, form.session_id, asked_by)
    return AppCodeMade(origin=asked_by, code=code)
