"""The pages a provider sends the browser back to (identity §10.5): always 200, nothing changes on the server."""

from __future__ import annotations

import html
import json
import secrets
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from identity_service.state import identity_state
from notechondria_shared.web.router import Router

router = Router(tags=["oauth"])
SITE = "site"
APPS = ("editor", "planner", "portal")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Notechondria</title>{head}</head>
<body style="font-family:system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem">{body}</body></html>
"""
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/auth/{provider}/callback", response_class=HTMLResponse)
@router.get("/auth/{provider}/callback/", response_class=HTMLResponse)
async def callback(request: Request, provider: str, code: str = "", state: str = "", error: str = "") -> Response:
    """Hand code and state on to the app, or say what went wrong; everything shown is escaped."""
    settings = identity_state(request.app).settings
    name = {"google": "Google", "github": "GitHub"}.get(provider, "The provider")
    if error or not code:
        cause = f"said: {error[:300]}" if error else "sent no code."
        text = f"<h1>Sign-in did not work</h1><p>{name} {html.escape(cause)}</p><p>Close this page and try again.</p>"
        return _page("", text)
    suffix = state.rpartition("_")[2]
    if suffix == SITE and provider in {"google", "github"}:
        # The sign-in site began it; where only this callback is registered with the provider, it hands on.
        query = f"?code={quote(code, safe='')}&state={quote(state, safe='')}"
        return RedirectResponse(f"/account/{provider}/callback/{query}", 303, {"Cache-Control": "no-store"})
    app = suffix if suffix in APPS else "editor"
    target = f"{settings.frontend_origin.rstrip('/')}/Notechondria/{app}/?code={quote(code, safe='')}"
    target += f"&state={quote(state, safe='')}"
    shown = html.escape(target)
    # `<` cannot stand in the quoted target, but the script must not depend on that.
    script = json.dumps(target).replace("<", "\\u003c")
    head = (
        f'<meta http-equiv="refresh" content="0;url={shown}">'
        f'<script nonce="{{nonce}}">location.replace({script})</script>'
    )
    return _page(head, f'<p>Signing in. <a href="{shown}">Go on</a> if nothing happens.</p>')


def _page(head: str, body: str) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    content = PAGE.format(head=head.replace("{nonce}", nonce), body=body)
    return HTMLResponse(content, headers={name: value.replace("{nonce}", nonce) for name, value in SECURITY.items()})
