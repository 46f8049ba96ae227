"""Who comes in: the session in a cookie, looked up on each request, and the token that every form carries."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

from fastapi import Depends, Request

from notechondria_contracts.admin import NOT_STAFF
from notechondria_shared.auth.caller import log_refusal
from notechondria_shared.auth.credentials import Credential, digest
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.errors import Forbidden
from notechondria_shared.core.forwarded import public_origin
from notechondria_shared.web.body import parse_small
from web_service.admin.pages import SignInNeededError
from web_service.dependencies import State
from web_service.state import WebState

_HOST_PREFIX = "__Host-"
COOKIE = "notechondria_admin"
FORM_COOKIE = "notechondria_admin_form"
TOKEN_FIELD = "csrf"  # noqa: S105 - the name of a field
FORGED = "This form is too old, or was not made by this site. Go back, load the page again and repeat."
_TOKEN = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who is signed in. The assertions are identity's word for them in calls, one for each service."""

    id: int
    username: str
    session_id: int
    csrf: str
    assertions: Mapping[str, str]


class CookieFlags(TypedDict):
    """Arguments of `set_cookie` and `delete_cookie`."""

    path: str
    httponly: bool
    samesite: Literal["strict"]
    secure: bool


def _behind_tls(request: Request) -> bool:
    public_url = state_of(request.app, WebState).settings.public_base_url
    return public_url.startswith("https://") or public_origin(request).startswith("https://")


def cookie_name(request: Request, name: str) -> str:
    """Behind TLS with the prefix that browsers take from this host over TLS only (RFC 6265bis, prefixes)."""
    return f"{_HOST_PREFIX}{name}" if _behind_tls(request) else name


def cookie_flags(request: Request) -> CookieFlags:
    """Not for scripts, not for other sites, over TLS only where there is TLS; `__Host-` asks for the path `/`."""
    secure = _behind_tls(request)
    return {"path": "/" if secure else "/admin/", "httponly": True, "samesite": "strict", "secure": secure}


def form_token(state: WebState, secret: str) -> str:
    """The token of the forms shown to who holds `secret` (a session token, or the sign-in page's cookie)."""
    key = state.keys.derive(b"notechondria.admin.form.v1")
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()


async def require_staff(request: Request, state: State) -> StaffMember:
    """The member of staff behind the cookie. Without one: to the sign-in page; not staff (any more): 403."""
    token = request.cookies.get(cookie_name(request, COOKIE), "")
    if not _TOKEN.fullmatch(token):
        raise SignInNeededError
    introspection = await state.introspector.introspect(Credential("session", digest(token), token[:8]))
    if not introspection.active or introspection.credential_id is None:
        log_refusal(request, token[:8], introspection.reason)
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


async def read_form(request: Request, token: str) -> dict[str, str]:
    """The fields of a form that this site made, its token left out; 403 for any other."""
    sent = await parse_small(request)
    fields = {name: value for name, value in sent.items() if isinstance(value, str)} if isinstance(sent, dict) else {}
    if not hmac.compare_digest(fields.pop(TOKEN_FIELD, "").encode(errors="replace"), token.encode()):
        log_refusal(request, "<none>", "form token missing or wrong")
        raise Forbidden(FORGED)
    return fields


async def _own_form(request: Request, staff: SignedIn) -> dict[str, str]:
    return await read_form(request, staff.csrf)


OwnForm = Annotated[dict[str, str], Depends(_own_form)]
"""The fields of a form of the signed-in member of staff."""
