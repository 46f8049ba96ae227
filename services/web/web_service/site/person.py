"""Who is signed in on the site: the session in a cookie, looked up on each request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Annotated

from fastapi import Depends, Request, Response

from notechondria_shared.auth.caller import BY_APP_PASSWORD, log_refusal
from notechondria_shared.auth.credentials import Credential, digest
from notechondria_shared.core.zones import zone_named
from web_service.dependencies import State
from web_service.site.cookies import cookie_flags, cookie_name
from web_service.site.forms import form_token, read_form
from web_service.site.pages import SessionOverError, SignInNeededError
from web_service.site.paths import READS
from web_service.site.request_cookies import cookie_of

COOKIE = "notechondria_site"
_TOKEN = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, by which session of identity. `csrf` is the token of their forms; the assertions are identity's
    word for them in calls, one for each service."""

    id: int
    username: str
    session_id: int
    csrf: str
    assertions: Mapping[str, str]
    timezone: str = ""

    @property
    def zone(self) -> tzinfo:
        """Where the person's times are; UTC while that is not known."""
        return zone_named(self.timezone)

    @property
    def assertion(self) -> str:
        """For calls to identity in the person's name."""
        return self.assertions["identity"]


async def maybe_person(request: Request, state: State) -> Person | None:
    """Who is signed in; None for a stranger, and when the session has ended."""
    token = cookie_of(request, cookie_name(request, COOKIE))
    if not _TOKEN.fullmatch(token):
        return None
    answer = await state.introspector.introspect(Credential("session", digest(token), token[:8]))
    if not answer.active or answer.credential_id is None or BY_APP_PASSWORD in answer.scopes:
        log_refusal(request, token[:8], answer.reason or BY_APP_PASSWORD)
        return None
    # The gateway's access log names them.
    request.state.caller = answer
    person = Person(
        answer.user_id,
        answer.username,
        answer.credential_id,
        form_token(state, token),
        dict(answer.assertions),
        answer.timezone,
    )
    request.state.person = person
    return person


MaybePerson = Annotated[Person | None, Depends(maybe_person)]


async def require_person(request: Request, person: MaybePerson) -> Person:
    """Who is signed in; a stranger is led to the sign-in page, and back afterwards."""
    if person is None:
        raise SignInNeededError if request.method in READS else SessionOverError
    return person


SignedInPerson = Annotated[Person, Depends(require_person)]


async def _own_form(request: Request, person: SignedInPerson) -> dict[str, str]:
    return await read_form(request, person.csrf)


PersonForm = Annotated[dict[str, str], Depends(_own_form)]
"""The fields of a form of who is signed in; 403 when this site did not make it for them."""


def keep_session(request: Request, answer: Response, token: str) -> Response:
    """The answer, with the session in the browser until it is closed."""
    answer.set_cookie(cookie_name(request, COOKIE), token, **cookie_flags(request))
    return answer


def forget_session(request: Request, answer: Response) -> Response:
    """The answer, with no session left in the browser."""
    answer.delete_cookie(cookie_name(request, COOKIE), **cookie_flags(request))
    return answer
