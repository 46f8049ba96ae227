"""Forms that only this site can have made: each carries a token that depends on who it was shown to."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from fastapi import Request, Response

from notechondria_shared.auth.caller import log_refusal
from notechondria_shared.core.errors import Forbidden
from notechondria_shared.web.body import parse_small
from web_service.site.cookies import cookie_flags, cookie_name
from web_service.site.request_cookies import cookie_of
from web_service.state import WebState

TOKEN_FIELD = "csrf"  # noqa: S105 - the name of a field
FORGED = "This form is too old, or was not made by this site. Go back, load the page again and repeat."
FORM_COOKIE = "notechondria_site_form"
SITE = b"notechondria.site.form.v1"
_SECRET = re.compile(r"[0-9a-f]{32}")


def form_token(state: WebState, secret: str, purpose: bytes = SITE) -> str:
    """The token of the forms shown to who holds `secret`: a session token, or the cookie of who is not signed in."""
    return hmac.new(state.keys.derive(purpose), secret.encode(), hashlib.sha256).hexdigest()


async def read_form(request: Request, token: str) -> dict[str, str]:
    """The fields of a form that this site made, its token left out; 403 for any other."""
    sent = await parse_small(request)
    fields = {name: value for name, value in sent.items() if isinstance(value, str)} if isinstance(sent, dict) else {}
    if not hmac.compare_digest(fields.pop(TOKEN_FIELD, "").encode(errors="replace"), token.encode()):
        log_refusal(request, "<none>", "form token missing or wrong")
        raise Forbidden(FORGED)
    return fields


class StrangersForm:
    """The forms of who is not signed in: bound to a cookie of this browser."""

    def __init__(self, request: Request, state: WebState) -> None:
        secret = cookie_of(request, cookie_name(request, FORM_COOKIE))
        self._request = request
        self._known = _SECRET.fullmatch(secret) is not None
        self._secret = secret if self._known else secrets.token_hex(16)
        self.token = form_token(state, self._secret)

    def keep(self, answer: Response) -> Response:
        """The answer, with the cookie that its form depends on."""
        if not self._known:
            answer.set_cookie(
                cookie_name(self._request, FORM_COOKIE), self._secret, **cookie_flags(self._request, samesite="strict")
            )
        return answer

    async def fields(self) -> dict[str, str]:
        """The fields that were sent; 403 when this site did not make the form for this browser."""
        return await read_form(self._request, self.token if self._known else secrets.token_hex(32))
