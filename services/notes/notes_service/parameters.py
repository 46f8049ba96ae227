"""Query parameters of notes (notes §5.3, decision 7): a number that cannot be read is 400 `{"detail"}`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

from notechondria_contracts.fields.rules import BIGINT_MAX
from notechondria_shared.web.query import QueryChoice, QueryInteger, QueryText

PAGE_MAXIMUM = 100

ListScope = Literal["personal", "private", "public", "all"]
SCOPES: tuple[ListScope, ...] = ("personal", "private", "public", "all")

Limit = Annotated[
    int | None,
    QueryInteger(1, PAGE_MAXIMUM),
    Query(description="Notes at most; with it the answer is a page. Without it: all notes, as a list."),
]
Offset = Annotated[
    int | None, QueryInteger(0, BIGINT_MAX), Query(description="Notes to pass over; ignored without `limit`.")
]
CourseFilter = Annotated[int | None, QueryInteger(), Query(description="Only notes of this course; 0 is all courses.")]
SearchText = Annotated[str, QueryText(), Query(description="Words to search for; the answer has the best match first.")]
Contained = Annotated[
    str, QueryText(), Query(description="Only notes whose title or text holds this, in any letter case.")
]
ScopeFilter = Annotated[
    ListScope | None,
    QueryChoice(SCOPES, fold_case=True),
    Query(
        description="`personal`: own notes (the default). `private`, `public`: own notes that are so."
        " `all`: own notes and public ones. Anonymous callers see public notes, whatever they ask for."
    ),
]
