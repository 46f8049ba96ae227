"""Calls of tools in words: "Created the note *Mitosis* in *Cell Biology*"."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_contracts.internal.mcp import LoggedCall
from notechondria_contracts.internal.notes import NamedNote, NameQuery
from notechondria_contracts.internal.planner import PlannerNameQuery
from web_service.site.person import Person
from web_service.site.texts import text, texts
from web_service.state import WebState

_SLOT = re.compile(r"\{(\w+)\}")
_LONGEST = 120
KINDS = ("note", "course", "event", "feed")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence; what somebody chose, a title or a text searched for, is a name."""

    text: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class ThingNames:
    """What the things are called that calls were about."""

    notes: dict[int, NamedNote] = field(default_factory=dict)
    courses: dict[int, str] = field(default_factory=dict)
    events: dict[int, str] = field(default_factory=dict)
    feeds: dict[int, str] = field(default_factory=dict)

    def of(self, kind: str, thing_id: int | None) -> str:
        """The name of a thing; "" when it is not known any more."""
        match kind, thing_id:
            case _, None:
                return ""
            case "note", int(note_id):
                note = self.notes.get(note_id)
                return note.title if note else ""
            case "course", int(course_id):
                return self.courses.get(course_id, "")
            case "event", int(event_id):
                return self.events.get(event_id, "")
            case "feed", int(feed_id):
                return self.feeds.get(feed_id, "")
            case _:
                return ""


def ids_of(call: LoggedCall, kind: str) -> list[int]:
    """Which things a call was about: those that it touched, else the one that its arguments name."""
    touched = call.touched.get(kind)
    if touched:
        return touched
    sent = call.arguments.get(f"{kind}_id")
    return [sent] if isinstance(sent, int) and not isinstance(sent, bool) and 0 < sent < 2**63 else []


async def names_for(state: WebState, person: Person, calls: Iterable[LoggedCall]) -> ThingNames:
    """The names of everything that calls were about, asked for at once; without those of a service that is away."""
    ids: dict[str, set[int]] = {kind: set() for kind in KINDS}
    for call in calls:
        for kind in KINDS:
            ids[kind].update(ids_of(call, kind))
    notes, courses, events, feeds = (sorted(ids[kind], reverse=True)[:1000] for kind in KINDS)
    names = ThingNames()

    async def of_notes() -> None:
        query = NameQuery(note_ids=notes, course_ids=courses)
        answer = await state.notes.names(query, person.assertions["notes"])
        names.notes.update(answer.notes)
        names.courses.update(answer.courses)

    async def of_plans() -> None:
        query = PlannerNameQuery(event_ids=events, feed_ids=feeds)
        answer = await state.planner.names(query, person.assertions["planner"])
        names.events.update(answer.events)
        names.feeds.update(answer.feeds)

    asked = [*([of_notes()] if notes or courses else []), *([of_plans()] if events or feeds else [])]
    for outcome in await asyncio.gather(*asked, return_exceptions=True):
        # The log does not depend on the others.
        if isinstance(outcome, BaseException) and not isinstance(outcome, ServiceRefused | ServiceUnavailable):
            raise outcome
    return names


def sentence(call: LoggedCall, names: ThingNames) -> list[Part]:
    """What a call did or asked for."""
    pattern = texts()["calls"].get(call.tool, call.tool)
    if call.tool == "create_note" and _course_of(call, names):
        pattern += text("call_words", "in_course")
    parts: list[Part] = []
    for number, piece in enumerate(_SLOT.split(pattern)):
        if number % 2:
            parts += _slot(call, names, piece)
        elif piece:
            parts.append(Part(piece))
    return parts


def plain_sentence(call: LoggedCall, names: ThingNames) -> str:
    """The same as text."""
    return "".join(f"“{part.text}”" if part.is_name else part.text for part in sentence(call, names))


def _slot(call: LoggedCall, names: ThingNames, kind: str) -> Sequence[Part]:
    if kind == "query":
        return [Part(_short(call.arguments.get("query")) or "…", is_name=True)]
    ids = ids_of(call, kind)
    chosen = _short(call.arguments.get("title")) if call.tool.startswith("create_") and kind != "course_of" else ""
    name = _course_of(call, names) if kind == "course_of" else chosen or names.of(kind, ids[0] if ids else None)
    if not name:
        return [Part(text("call_words", kind))]
    more = [Part(text("call_words", "more").format(number=len(ids) - 1))] if len(ids) > 1 else []
    return [Part(name, is_name=True), *more]


def _course_of(call: LoggedCall, names: ThingNames) -> str:
    ids = ids_of(call, "course")
    note = names.notes.get((ids_of(call, "note") or [0])[0])
    return names.of("course", ids[0] if ids else note.course_id if note else None)


def _short(value: object) -> str:
    if not isinstance(value, str):
        return ""
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
