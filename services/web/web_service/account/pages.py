"""The pages of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.people import OwnAction, OwnSession, Visitor
from notechondria_shared.core.forwarded import client_address
from web_service.dependencies import State
from web_service.site.forms import StrangersForm
from web_service.site.pages import Pages
from web_service.site.paths import own_path
from web_service.site.person import Person

PAGES = Pages("web_service.account")
_TYPED_WRONG = (400, 429)
SCRIPT = "/account/passkey.js"
_AGENT = 512


def beside_form(refusal: ServiceRefused) -> ServiceRefused:
    """A refusal of what was typed, to be shown beside its form; any other is raised, for a page of its own."""
    if refusal.status not in _TYPED_WRONG:
        raise refusal
    return refusal


@dataclass(frozen=True, slots=True)
class Typed:
    """What who is not signed in typed into a form of this site, and where they are led to afterwards."""

    form: StrangersForm
    fields: dict[str, str]
    target: str

    def text(self, name: str) -> str:
        """A field; "" for one that was not sent."""
        return self.fields.get(name, "")


async def _typed(request: Request, state: State) -> Typed:
    form = StrangersForm(request, state)
    fields = await form.fields()
    return Typed(form, fields, own_path(fields.get("next", "")))


async def _empty(request: Request, state: State) -> Typed:
    return Typed(StrangersForm(request, state), {}, own_path(request.query_params.get("next", "")))


StrangersEmpty = Annotated[Typed, Depends(_empty)]
"""A form before anything is typed into it."""
StrangersTyped = Annotated[Typed, Depends(_typed)]
"""403 when this site did not make the form for this browser."""


def visitor(request: Request) -> Visitor:
    """The browser that a form came from."""
    return Visitor(user_agent=request.headers.get("user-agent", "")[:_AGENT], address=client_address(request))


def own_session(person: Person) -> OwnSession:
    """The session that a person is signed in with."""
    return OwnSession(session_id=person.session_id)


def own_action(request: Request, person: Person) -> OwnAction:
    """Something that a person does to their own account, and from where."""
    return OwnAction(session_id=person.session_id, **visitor(request).model_dump())
