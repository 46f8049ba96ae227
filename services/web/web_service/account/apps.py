"""Where an app sends its person to sign in: back to it goes a code (apps §3)."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request, Response

from notechondria_contracts.internal.people import AppCodeRequest, AppRequest
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.web.router import Router
from web_service.dependencies import State
from web_service.site.pages import PageRoute, SignInNeededError, leave
from web_service.site.person import MaybePerson
from web_service.site.texts import text

router = Router(prefix="/account", include_in_schema=False, route_class=PageRoute)
_STATE = 2048


@router.get("/apps/")
async def sign_in_to_app(request: Request, state: State, person: MaybePerson) -> Response:
    """Back to the app with a code, after signing in where that is still to be done.

    Nobody is sent anywhere, nor asked for a password, before it is known that the app is one of this server's.
    """
    redirect_uri = request.query_params.get("redirect_uri", "")
    if not redirect_uri:
        raise BadRequest(text("apps", "no_app"))
    await state.people.app_origin(AppRequest(redirect_uri=redirect_uri))
    app_state = request.query_params.get("state", "")
    if len(app_state) > _STATE:
        raise BadRequest(text("apps", "state_too_long").format(most=_STATE))
    if person is None:
        raise SignInNeededError
    asked = AppCodeRequest(redirect_uri=redirect_uri, session_id=person.session_id)
    made = await state.people.app_code(asked, person.assertion)
    answer = {"code": made.code, "state": app_state}
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return leave(request, f"{redirect_uri.rstrip('?')}{joint}{urlencode(answer)}", urlsplit(made.origin).netloc)
