"""The end of every way of signing in: the session is in the browser, and it goes on."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.internal.people import SignInOutcome
from web_service.site.pages import SignInNeededError, redirect
from web_service.site.person import keep_session


def finish(request: Request, outcome: SignInOutcome, target: str) -> Response:
    """On to `target`, signed in."""
    if outcome.session is None:
        raise SignInNeededError
    return keep_session(request, redirect(target), outcome.session.token)
