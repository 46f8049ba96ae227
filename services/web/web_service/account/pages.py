"""The pages of accounts."""

from __future__ import annotations

from fastapi import Request

from notechondria_contracts.internal.people import OwnAction, OwnSession, Visitor
from notechondria_shared.core.forwarded import client_address
from web_service.site.pages import Pages
from web_service.site.person import Person

PAGES = Pages("web_service.account")
TYPED_WRONG = (400, 429)
"""Refusals that are shown beside the form they are about."""
SCRIPT = "/account/passkey.js"
_AGENT = 512


def visitor(request: Request) -> Visitor:
    """The browser that a form came from."""
    return Visitor(user_agent=request.headers.get("user-agent", "")[:_AGENT], address=client_address(request))


def own_session(person: Person) -> OwnSession:
    """The session that a person is signed in with."""
    return OwnSession(session_id=person.session_id)


def own_action(request: Request, person: Person) -> OwnAction:
    """Something that a person does to their own account, and from where."""
    return OwnAction(session_id=person.session_id, **visitor(request).model_dump())
