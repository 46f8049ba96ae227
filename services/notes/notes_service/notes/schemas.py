"""Notes on the wire (notes §3.4, §5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field, model_validator
from pydantic.json_schema import JsonSchemaValue

from notechondria_contracts.fields import Boolean, Choice, Id, Text, Uuid
from notechondria_shared.web import Body
from notechondria_shared.web.body import TEXT_LIMIT
from notechondria_shared.web.query import QueryChoice, QueryInteger, QueryRule, QueryText
from notes_service.blocks.queries import BlockRow
from notes_service.blocks.schemas import BlockDraft, BlockList, BlockObject, block_object
from notes_service.notes.long_titles import LONGEST, fitted
from notes_service.notes.queries import DetailRow
from notes_service.summaries.schemas import NoteSummary, note_summary
from notes_service.summaries.variants import FIELDS, SCOPES, SORTS, Fields, ListScope, Sort
from notes_service.values import EDITOR_MODES, NOTE_TYPES

Title = Annotated[str, Text(max_length=LONGEST)]
OptionalText = Annotated[str | None, Text(blank=True, null=True)]
Mode = Annotated[str | None, Choice(EDITOR_MODES)]

NO_COURSE_WORDS = frozenset({"none", "null", "uncategorized"})
Window = Literal[3, 7, 30, 365]


@dataclass(frozen=True, slots=True)
class _CourseOrNone(QueryRule):
    """An id, or one of the words for notes without a course (apps §4)."""

    def read(self, text: str) -> int | str | None:
        """The id, or `none`."""
        return "none" if text.lower() in NO_COURSE_WORDS else QueryInteger().read(text)

    def schema(self) -> JsonSchemaValue:
        """An integer or one of the words."""
        return {"anyOf": [{"type": "integer"}, {"type": "string", "enum": sorted(NO_COURSE_WORDS)}]}


CourseFilter = Annotated[
    int | Literal["none"] | None,
    _CourseOrNone(),
    Query(description="Only notes of this course; 0 is all courses, `none` notes without one."),
]
SortOrder = Annotated[
    Sort | None,
    QueryChoice(SORTS, fold_case=True),
    Query(
        description="`newest` and `oldest` by the last edit, `popular` by work sessions and comments."
        " Without it: newest, or with `q` the best match first."
    ),
]
EditedWithin = Annotated[
    Window | None,
    QueryChoice(("3", "7", "30", "365"), "integer"),
    Query(description="Only notes edited within so many days; `all` or nothing: every one."),
]
FieldChoice = Annotated[
    Fields | None,
    QueryChoice(FIELDS, fold_case=True),
    Query(
        description="`brief`: of each note only its own short fields, without author, course and text (decision 68)."
        " `all` or nothing: the whole summary."
    ),
]
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


class NoteFields(Body):
    """What create and update have in common (notes §5.4); absent fields have their defaults."""

    limit: ClassVar[int] = TEXT_LIMIT

    description: Annotated[str | None, Text(max_length=600, blank=True, null=True)] = None
    content: Annotated[str, Text(blank=True)] = ""
    markdown: OptionalText = ""
    metadata_json: OptionalText = ""
    custom_meta: OptionalText = ""
    is_public: Annotated[bool, Boolean()] = False
    course_id: Annotated[int | None, Id(null=True, zero_is_null=True)] = None
    client_draft_id: Annotated[str | None, Text(max_length=64, blank=True, null=True)] = None
    editor_mode: Mode = None
    note_type: Annotated[str, Choice(NOTE_TYPES)] = "N"
    source_note_uuid: Annotated[UUID | None, Uuid(null=True)] = None
    blocks: Annotated[list[BlockDraft], BlockList()] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _fit_title(cls, value: object) -> object:
        return fitted(value) if isinstance(value, dict) else value

    @property
    def text(self) -> str:
        """The markdown sent: `content`, or `markdown` when that is missing or blank."""
        return self.content or self.markdown or ""


class CreateNote(NoteFields):
    """`POST /notes/` (notes §5.5)."""

    title: Title


class UpdateNote(NoteFields):
    """`PATCH /notes/{id}/` (notes §5.6): only what was sent counts."""

    title: Title = ""


class NoteDetail(NoteSummary):
    """A note with its text (notes §3.4)."""

    blocks: list[BlockObject]
    content: str
    metadata_json: str
    custom_meta: str


class NoteForCaller(NoteDetail):
    """A note as it was asked for by its id."""

    can_edit: bool


def note_detail(request: Request, row: DetailRow, blocks: Sequence[BlockRow]) -> NoteDetail:
    """A note and its blocks as the contract's detail."""
    return {
        **note_summary(request, row),
        "blocks": [block_object(request, block) for block in blocks],
        "content": row.content,
        "metadata_json": row.metadata_json,
        "custom_meta": row.custom_meta,
    }
