"""The pages of accounts."""

from __future__ import annotations

from fastapi import Request

from notechondria_contracts.internal.people import Visitor
from notechondria_shared.core.forwarded import client_address
from web_service.site.pages import Pages

PAGES = Pages("web_service.account")
TYPED_WRONG = (400, 429)
"""Refusals that are shown beside the form they are about."""
_AGENT = 512


def visitor(request: Request) -> Visitor:
    """The browser that a form came from."""
    return Visitor(user_agent=request.headers.get("user-agent", "")[:_AGENT], address=client_address(request))
