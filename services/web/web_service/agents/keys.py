"""API keys and programs: the list, and what each may do."""

from __future__ import annotations

import asyncio

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_contracts.internal.agents import KeyChange, NewKey, OwnKey, ProgramChange
from notechondria_contracts.internal.authorization import ConnectedProgram
from notechondria_contracts.internal.mcp import CallsOfPrograms
from notechondria_contracts.scopes import IN_WORDS
from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.router import Router
from web_service.account.pages import beside_form, own_action, own_session, visitor
from web_service.agents.pages import PAGES
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import AGENTS, CONFIRM, with_next
from web_service.site.person import Person, PersonForm, SignedInPerson
from web_service.site.texts import text
from web_service.state import WebState

router = Router(prefix="/account/agents", include_in_schema=False, route_class=PageRoute)
NEW_KEY = f"{AGENTS}keys/new/"
DAYS = (30, 90, 365, 0)
"""How long a key may count; 0 for until it is revoked."""


@router.get("/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """All keys and programs."""
    agents, made = await asyncio.gather(state.agents.agents(person.assertion), _call_counts(state, person))
    calls = {
        program.id: sum(made.counts.get(connection, 0) for connection in program.connection_ids)
        for program in agents.programs
    }
    return PAGES.page(
        request, "agents.html", agents=agents, words=IN_WORDS, key_calls=made.of_keys, program_calls=calls
    )


async def _call_counts(state: WebState, person: Person) -> CallsOfPrograms:
    try:
        return await state.mcp.call_counts(person.assertions["mcp"])
    except ServiceUnavailable:
        return CallsOfPrograms(counts={})  # the list, and the way to end what is on it, do not depend on mcp


@router.get("/keys/new/")
async def show_new_key(request: Request, state: State, person: SignedInPerson) -> Response:
    """The form; first to the page that asks for the password."""
    overview = await state.own_account.overview(own_session(person), person.assertion)
    if not overview.confirmed:
        return redirect(with_next(CONFIRM, NEW_KEY), notice="confirm_first", request=request)
    return _new_key_page(request, person, {"scopes": "write", "days": "90"})


@router.post("/keys/new/")
async def make_key(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """The key, shown this once."""
    form = NewKey(
        name=fields.get("name", ""),
        scopes=_scopes(fields),
        days=next((days for days in DAYS if str(days) == fields.get("days")), DAYS[0]),
        **own_action(request, person).model_dump(),
    )
    try:
        made = await state.agents.make_key(form, person.assertion)
    except ServiceRefused as refusal:
        return _new_key_page(request, person, fields, beside_form(refusal))
    return PAGES.page(request, "key_made.html", made=made, mcp=f"{state.settings.public_base_url.rstrip('/')}/mcp")


def _scopes(fields: dict[str, str]) -> list[str]:
    return ["read", "write"] if fields.get("scopes") == "write" else ["read"]


def _new_key_page(
    request: Request, person: Person, typed: dict[str, str], refusal: ServiceRefused | None = None
) -> Response:
    return PAGES.page(request, "new_key.html", refusal=refusal, token=person.csrf, typed=typed, days=DAYS)


async def _own_key(state: WebState, person: Person, key_id: int) -> OwnKey:
    for key in (await state.agents.agents(person.assertion)).keys:
        if key.id == key_id:
            return key
    raise NotFound(text("agents", "no_key"))


@router.get("/keys/{key_id:id}/")
async def show_key(request: Request, state: State, person: SignedInPerson, key_id: int) -> Response:
    """What a key is called, and what it may do."""
    return _key_page(request, person, await _own_key(state, person, key_id))


@router.post("/keys/{key_id:id}/")
async def change_key(
    request: Request, state: State, person: SignedInPerson, key_id: int, fields: PersonForm
) -> Response:
    """Rename or narrow it."""
    key = await _own_key(state, person, key_id)
    scopes = [scope for scope in _scopes(fields) if scope in key.scopes]
    form = KeyChange(name=fields.get("name", ""), scopes=scopes, **own_action(request, person).model_dump())
    try:
        await state.agents.change_key(key_id, form, person.assertion)
    except ServiceRefused as refusal:
        typed = key.model_copy(update={"name": form.name})
        return _key_page(request, person, typed, beside_form(refusal))
    return redirect(AGENTS, notice="key_changed", request=request)


def _key_page(request: Request, person: Person, key: OwnKey, refusal: ServiceRefused | None = None) -> Response:
    return PAGES.page(request, "key.html", refusal=refusal, token=person.csrf, key=key)


@router.get("/keys/{key_id:id}/revoke/")
async def ask_revoke(request: Request, state: State, person: SignedInPerson, key_id: int) -> Response:
    """Whether it is to end."""
    key = await _own_key(state, person, key_id)
    return PAGES.ask(request, "revoke_key", f"{AGENTS}keys/{key_id}/revoke/", AGENTS, name=key.name)


@router.post("/keys/{key_id:id}/revoke/")
async def revoke_key(request: Request, state: State, person: SignedInPerson, key_id: int, _: PersonForm) -> Response:
    """It ends at once."""
    await state.agents.revoke_key(key_id, own_action(request, person), person.assertion)
    return redirect(AGENTS, notice="key_revoked", request=request)


async def _own_program(state: WebState, person: Person, program_id: int) -> ConnectedProgram:
    for program in (await state.agents.agents(person.assertion)).programs:
        if program.id == program_id:
            return program
    raise NotFound(text("agents", "no_program"))


@router.get("/programs/{program_id:id}/")
async def show_program(request: Request, state: State, person: SignedInPerson, program_id: int) -> Response:
    """What a program may do."""
    return _program_page(request, person, await _own_program(state, person, program_id))


@router.post("/programs/{program_id:id}/")
async def narrow_program(
    request: Request, state: State, person: SignedInPerson, program_id: int, fields: PersonForm
) -> Response:
    """Take rights from it."""
    program = await _own_program(state, person, program_id)
    kept = [scope for scope in program.scopes if f"scope-{scope}" in fields]
    form = ProgramChange(scopes=kept, **visitor(request).model_dump())
    try:
        await state.agents.narrow_program(program_id, form, person.assertion)
    except ServiceRefused as refusal:
        return _program_page(request, person, program, beside_form(refusal))
    return redirect(AGENTS, notice="program_narrowed", request=request)


def _program_page(
    request: Request, person: Person, program: ConnectedProgram, refusal: ServiceRefused | None = None
) -> Response:
    return PAGES.page(request, "program.html", refusal=refusal, token=person.csrf, program=program, words=IN_WORDS)


@router.get("/programs/{program_id:id}/disconnect/")
async def ask_disconnect(request: Request, state: State, person: SignedInPerson, program_id: int) -> Response:
    """Whether it is to end."""
    program = await _own_program(state, person, program_id)
    name = program.name or text("consent", "unnamed")
    return PAGES.ask(request, "disconnect", f"{AGENTS}programs/{program_id}/disconnect/", AGENTS, name=name)


@router.post("/programs/{program_id:id}/disconnect/")
async def disconnect(
    request: Request, state: State, person: SignedInPerson, program_id: int, _: PersonForm
) -> Response:
    """It ends at once."""
    await state.authorization.disconnect(program_id, visitor(request), person.assertion)
    return redirect(AGENTS, notice="disconnected", request=request)
