"""Taking back what agents did: first what would become of it, then what became of it."""

from __future__ import annotations

import asyncio
import re

from fastapi import Request, Response

from notechondria_contracts.internal.mcp import MOST_UNDONE, UndoOutcome
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.web.router import Router
from web_service.agents.log import problems_of, query_of
from web_service.agents.pages import LOG, PAGES, UNDO, KnownAgents
from web_service.agents.words import Part, names_for, sentence
from web_service.dependencies import State
from web_service.site.pages import PageRoute, redirect
from web_service.site.person import Person, PersonForm, SignedInPerson
from web_service.site.refusals import plain
from web_service.site.texts import text
from web_service.site.typed import whole_number
from web_service.state import WebState

router = Router(prefix="/account/agents/undo", include_in_schema=False, route_class=PageRoute)
REFRESH_SECONDS = 2
_FIELDS = re.compile(r" \([a-z_, ]+\)(?=\.$)")
Line = tuple[UndoOutcome, list[Part], str, str]
"""An outcome, the call in words, whose it was, and why it is not taken back."""


async def _lines(state: WebState, person: Person, known: KnownAgents, outcomes: list[UndoOutcome]) -> list[Line]:
    names = await names_for(state, person, [one.call for one in outcomes])
    return [
        (
            one,
            sentence(one.call, names),
            known.name(one.call.key_id, one.call.program_id, one.call.client),
            _reason(one.refusal),
        )
        for one in outcomes
    ]


def _reason(refusal: str) -> str:
    """Why a call is not taken back, as a sentence of its own, without the names of fields."""
    said = _FIELDS.sub("", plain(refusal).partition(": ")[2])
    return said[:1].upper() + said[1:]


@router.get("/")
async def preview(request: Request, state: State, person: SignedInPerson) -> Response:
    """What would be taken back: one call, or all of a program or a day; and what would not, and why."""
    sent = request.query_params
    known = KnownAgents(await state.agents.agents(person.assertion))
    more = False
    if call_id := whole_number(sent.get("call", "")):
        ids = [call_id]
    elif (sent.get("agent") or sent.get("day")) and not problems_of(sent, known):
        query = query_of(sent, known, person, can_undo=True, limit=MOST_UNDONE)
        page = await state.mcp.calls(query, person.assertions["mcp"])
        ids, more = [call.id for call in page.calls], page.more
    else:
        ids = []
    outcomes = await state.mcp.undo_preview(ids, person.assertions) if ids else []
    lines = await _lines(state, person, known, outcomes)
    return PAGES.page(
        request,
        "undo.html",
        token=person.csrf,
        possible=[line for line in lines if not line[3]],
        refused=[line for line in lines if line[3]],
        more=more,
        most=MOST_UNDONE,
        log=LOG,
    )


@router.post("/")
async def begin(request: Request, state: State, person: SignedInPerson, fields: PersonForm) -> Response:
    """Take back what was shown."""
    ids = [one for part in fields.get("ids", "").split(",")[:MOST_UNDONE] if (one := whole_number(part.strip()))]
    if not ids:
        raise BadRequest(text("undo", "nothing"))
    run = await state.mcp.undo(ids, person.assertions)
    return redirect(f"{UNDO}{run.id}/")


@router.get("/{run_id:id}/")
async def outcome(request: Request, state: State, person: SignedInPerson, run_id: int) -> Response:
    """What became of it; the page loads itself again until all is done."""
    run, agents = await asyncio.gather(
        state.mcp.undo_run(run_id, person.assertions["mcp"]), state.agents.agents(person.assertion)
    )
    known = KnownAgents(agents)
    return PAGES.page(
        request,
        "undone.html",
        run=run,
        lines=await _lines(state, person, known, run.outcomes),
        refresh=REFRESH_SECONDS if run.state == "running" else 0,
        log=LOG,
    )
