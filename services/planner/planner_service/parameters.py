"""Query parameters of planner (planner §0): most are read leniently, and what is unreadable counts as absent."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

from notechondria_shared.web.query import QueryChoice, QueryFlag, QueryId, QueryInteger, QueryText

EventLimit = Annotated[
    int | None, QueryInteger(1, 200, lenient=True), Query(description="Events at most; all without one.")
]
SessionLimit = Annotated[
    int | None, QueryInteger(1, 200, lenient=True), Query(description="Sessions at most; 50 without one.")
]
IncludeCompleted = Annotated[bool | None, QueryFlag(), Query(description="`1` or `true`: completed events, too.")]
NoteFilter = Annotated[int | None, QueryId(), Query(description="Only the sessions of this note.")]
StartDate = Annotated[
    str,
    QueryText(format="date", lenient=True),
    Query(description="First day, a date or date-time; today (UTC) when unreadable."),
]
WeekLength = Annotated[
    Literal[3, 7, 30] | None, QueryChoice(("3", "7", "30"), "integer"), Query(description="Days; 7 for anything else.")
]
