"""The agents' log: every call with its program, in words, filtered; and as a file."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from notechondria_contracts.internal.agents import OwnAgents
from notechondria_contracts.internal.mcp import CallLogPage, CallOutcome, CallQuery, LoggedCall
from notechondria_shared.core.timestamps import today
from notechondria_shared.web.router import Router
from web_service.agents.pages import LOG, PAGES, UNDO, KnownAgents
from web_service.agents.words import ThingNames, names_for, plain_sentence, sentence
from web_service.dependencies import State
from web_service.site.pages import HEADERS, PageRoute
from web_service.site.person import Person, SignedInPerson
from web_service.site.texts import text, texts
from web_service.site.times import begin_of, day_of
from web_service.site.typed import whole_number
from web_service.state import WebState

router = Router(prefix="/account/agents/log", include_in_schema=False, route_class=PageRoute)
PAGE = 50
PIECE = 1000
FILTERS = ("agent", "tool", "day", "outcome", "changes")
OUTCOMES: tuple[CallOutcome, ...] = ("ok", "error", "undone")
COLUMNS = (
    "id",
    "called_at",
    "agent",
    "client",
    "tool",
    "what",
    "is_change",
    "outcome",
    "error",
    "undone_at",
    "arguments",
    "touched",
)
NOBODY = OwnAgents(keys=[], programs=[], ended_keys={}, ended_connections={})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula."""


def problems_of(sent: Mapping[str, str], known: KnownAgents) -> dict[str, list[str]]:
    """What is wrong with the filter, by field: such a filter matches nothing, above all where calls are taken back."""
    problems: dict[str, list[str]] = {}
    if sent.get("agent") and known.named(sent["agent"]) is None:
        problems["agent"] = [text("agent_log", "no_agent")]
    if sent.get("day") and _day(sent["day"]) is None:
        problems["day"] = [text("agent_log", "no_day")]
    return problems


def _day(typed: str) -> date | None:
    day = day_of(typed)
    return day if day is not None and date.min < day < date.max else None


def query_of(sent: Mapping[str, str], known: KnownAgents, person: Person, **more: Any) -> CallQuery:
    """The filter that was chosen, without what `problems_of` finds."""
    agent = known.named(sent.get("agent", ""))
    day = _day(sent.get("day", ""))
    return CallQuery(
        key_id=agent.key_id if agent else None,
        program_ids=list(agent.connection_ids) if agent else [],
        tool=sent.get("tool", "").replace("\x00", "")[:64],
        outcome=next((one for one in OUTCOMES if one == sent.get("outcome")), ""),
        changes_only=bool(sent.get("changes")),
        since=begin_of(day, person.zone).isoformat() if day else None,
        until=begin_of(day + timedelta(days=1), person.zone).isoformat() if day else None,
        **more,
    )


def _chosen(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: sent[name] for name in FILTERS if sent.get(name)}


@router.get("/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """A page of the log."""
    sent = request.query_params
    asked = asyncio.ensure_future(state.agents.agents(person.assertion))
    # Only the filter by agent has to wait for the list of them.
    known = KnownAgents(await asked) if sent.get("agent") else KnownAgents(NOBODY)
    query = query_of(sent, known, person, before=whole_number(sent.get("before", "")), limit=PAGE)
    problems = problems_of(sent, known)
    page, agents = await asyncio.gather(_page(state, person, query, problems), asked)
    known = KnownAgents(agents)
    names = await names_for(state, person, page.calls)
    chosen = _chosen(sent)
    older = urlencode({**chosen, "before": page.calls[-1].id}) if page.more else ""
    return PAGES.page(
        request,
        "log.html",
        problems=problems,
        calls=[(call, sentence(call, names), _agent(known, call)) for call in page.calls],
        agents=known.all,
        tools=sorted(texts()["calls"]),
        outcomes=OUTCOMES,
        chosen={name: chosen.get(name, "") for name in FILTERS},
        older=f"{LOG}?{older}" if older else "",
        export=f"{LOG}export/?{urlencode(chosen)}",
        undo=f"{UNDO}?{urlencode(chosen)}" if {"agent", "day"} & set(chosen) and not problems else "",
        today=datetime.now(person.zone).date().isoformat(),
    )


async def _page(state: WebState, person: Person, query: CallQuery, problems: Mapping[str, object]) -> CallLogPage:
    if problems:
        return CallLogPage(calls=[], more=False)
    return await state.mcp.calls(query, person.assertions["mcp"])


def _agent(known: KnownAgents, call: LoggedCall) -> str:
    return known.name(call.key_id, call.program_id, call.client)


@router.get("/export/")
async def export(request: Request, state: State, person: SignedInPerson) -> Response:
    """All calls that match, as CSV or JSON."""
    sent = request.query_params
    known = KnownAgents(await state.agents.agents(person.assertion))
    # The first piece is read before the answer begins: a refusal is a page.
    query = query_of(sent, known, person, limit=PIECE)
    first = await _page(state, person, query, problems_of(sent, known))
    rows = _rows(state, person, known, query, first.calls, more=first.more)
    is_json = sent.get("format") == "json"
    name = f"agents-{today().isoformat()}.{'json' if is_json else 'csv'}"
    return StreamingResponse(
        _json(rows) if is_json else _csv(rows),
        media_type="application/json" if is_json else "text/csv; charset=utf-8",
        headers={**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _rows(
    state: WebState, person: Person, known: KnownAgents, query: CallQuery, calls: list[LoggedCall], *, more: bool
) -> AsyncIterator[dict[str, object]]:
    while True:
        names = await names_for(state, person, calls)
        for call in calls:
            yield _row(call, names, _agent(known, call))
        if not more:
            return
        query = query.model_copy(update={"before": calls[-1].id})
        page = await state.mcp.calls(query, person.assertions["mcp"])
        calls, more = page.calls, page.more


def _row(call: LoggedCall, names: ThingNames, agent: str) -> dict[str, object]:
    values = {**call.model_dump(), "agent": agent, "what": plain_sentence(call, names)}
    return {name: values[name] for name in COLUMNS}


async def _json(rows: AsyncIterator[dict[str, object]]) -> AsyncIterator[str]:
    yield "["
    joint = "\n"
    async for row in rows:
        yield joint + json.dumps(row, ensure_ascii=False)
        joint = ",\n"
    yield "\n]\n"


async def _csv(rows: AsyncIterator[dict[str, object]]) -> AsyncIterator[str]:
    yield _line(COLUMNS)
    async for row in rows:
        yield _line(_cell(value) for value in row.values())


def _line(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    shown = "" if value is None else str(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
