"""Who comes in: the session in a cookie, looked up on each request, and the token that every form carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from notechondria_contracts.admin import NOT_STAFF
from notechondria_shared.auth.caller import BY_APP_PASSWORD, log_refusal
from notechondria_shared.auth.credentials import Credential, digest
from notechondria_shared.core.errors import Forbidden
from web_service.dependencies import State
from web_service.site import cookies, forms
from web_service.site.cookies import CookieFlags, cookie_name
from web_service.site.forms import read_form
from web_service.site.pages import SignInNeededError
from web_service.site.request_cookies import cookie_of
from web_service.state import WebState

COOKIE = "notechondria_admin"
FORM_COOKIE = "notechondria_admin_form"
FORMS = b"notechondria.admin.form.v1"
_TOKEN = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who is signed in. The assertions are identity's word for them in calls, one for each service."""

    id: int
    username: str
    session_id: int
    csrf: str
    assertions: Mapping[str, str]


def cookie_flags(request: Request) -> CookieFlags:
    """Not for other sites; `__Host-` asks for the path `/`."""
    return cookies.cookie_flags(request, samesite="strict", path="/admin/")


def form_token(state: WebState, secret: str) -> str:
    """The token of the forms shown to who holds `secret` (a session token, or the sign-in page's cookie)."""
    return forms.form_token(state, secret, FORMS)


async def require_staff(request: Request, state: State) -> StaffMember:
    """The member of staff behind the cookie. Without one: to the sign-in page; not staff (any more): 403."""
    token = cookie_of(request, cookie_name(request, COOKIE))
    if not _TOKEN.fullmatch(token):
        raise SignInNeededError
    introspection = await state.introspector.introspect(Credential("session", digest(token), token[:8]))
    by_app_password = BY_APP_PASSWORD in introspection.scopes
    if not introspection.active or introspection.credential_id is None or by_app_password:
        log_refusal(request, token[:8], introspection.reason or BY_APP_PASSWORD)
        raise SignInNeededError
    # The gateway's access log names them.
    request.state.caller = introspection
    if not introspection.is_staff:
        log_refusal(request, token[:8], "not staff")
        raise Forbidden(NOT_STAFF)
    await state.catalogue.refresh()
    staff = StaffMember(
        introspection.user_id,
        introspection.username,
        introspection.credential_id,
        form_token(state, token),
        introspection.assertions,
    )
    request.state.staff = staff
    return staff


SignedIn = Annotated[StaffMember, Depends(require_staff)]


async def _own_form(request: Request, staff: SignedIn) -> dict[str, str]:
    return await read_form(request, staff.csrf)


OwnForm = Annotated[dict[str, str], Depends(_own_form)]
"""The fields of a form of the signed-in member of staff."""
