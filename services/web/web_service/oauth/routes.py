"""`/oauth/authorize`: a program asks, the person answers (RFC 6749 §4.1)."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_contracts.clients.authorization import Answer
from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.authorization import ConsentNeeded, SendBack
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.web.router import Router
from web_service.account.pages import visitor
from web_service.dependencies import State
from web_service.site.pages import PageRoute, Pages, can_be_named, error_page, leave, redirect
from web_service.site.person import PersonForm, SignedInPerson
from web_service.site.texts import text

router = Router(prefix="/oauth", include_in_schema=False, route_class=PageRoute)
PAGES = Pages("web_service.oauth")
PATH = "/oauth/authorize"
LONGEST_QUERY = 8192
SCOPE_FIELD = "allow:"
DEFAULT_DAYS = 30


def _query(request: Request) -> str:
    query = request.url.query
    if len(query) > LONGEST_QUERY:
        raise BadRequest(text("consent", "too_long"))
    return query


@router.get("/authorize")
async def ask(request: Request, state: State, person: SignedInPerson) -> Response:
    """Who asks, for what, and where the answer goes; what is wrong with the request, where it cannot be asked."""
    answer = await state.authorization.check(_query(request), person.assertion)
    return _page(request, person, answer) if isinstance(answer, ConsentNeeded) else _ended(request, answer)


@router.post("/authorize")
async def answer(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """Back to the program: with a code for what was allowed, or with the refusal."""
    query = _query(request)
    if fields.get("answer") != "allow":
        return _ended(request, await state.authorization.refuse(query, person.assertion))
    ticked = [name.removeprefix(SCOPE_FIELD) for name in fields if name.startswith(SCOPE_FIELD)][:20]
    days = int(fields["days"]) if fields.get("days", "") in {"1", "30", "90"} else 0
    try:
        back = await state.authorization.approve(query, ticked, days, visitor(request), person.assertion)
    except ServiceRefused as refusal:
        if refusal.status != 400:
            raise
        asked = await state.authorization.check(query, person.assertion)
        if not isinstance(asked, ConsentNeeded):
            return _ended(request, asked)
        return _page(request, person, asked, ticked=ticked, days=days, refusal=refusal)
    return _ended(request, back)


@router.api_route("/authorize/", methods=["GET", "POST"])
async def with_slash(request: Request) -> Response:
    """The same without the slash; a form is made anew there."""
    query = _query(request)
    return redirect(f"{PATH}?{query}" if query else PATH)


def _page(
    request: Request,
    person: SignedInPerson,
    asked: ConsentNeeded,
    *,
    ticked: list[str] | None = None,
    days: int = DEFAULT_DAYS,
    refusal: ServiceRefused | None = None,
) -> Response:
    return PAGES.page(
        request,
        "consent.html",
        refusal=refusal,
        form_targets=[asked.redirect_source],
        action=f"{PATH}?{request.url.query}",
        asked=asked,
        name=asked.program.name or text("consent", "unnamed"),
        ticked=[scope.name for scope in asked.scopes] if ticked is None else ticked,
        days=days,
        token=person.csrf,
    )


def _ended(request: Request, answer: Answer) -> Response:
    """To the program; or, when it is not sure which one that is, nowhere."""
    if not isinstance(answer, SendBack):
        reason = text("consent", "unproven") if isinstance(answer, ConsentNeeded) else answer.text
        return error_page(request, 400, reason)
    target = urlsplit(answer.url)
    is_page = target.scheme in {"http", "https"}
    if is_page and can_be_named(f"{target.scheme}://{target.netloc}"):
        return redirect(answer.url)
    # `form-action` names no schemes of apps here, nor addresses of IPv6; and a browser asks before it starts an app.
    return leave(request, answer.url, target.netloc if is_page else target.scheme, "consent")
