"""Reads of a search (notes §5.3): one statement says what ranking needs to know of all notes in its scope.

Texts come joined, by a byte that no text has, and numbers packed, eight bytes each: fifty thousand notes are one row
of a few values, which takes a tenth of the time of as many rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Integer,
    LargeBinary,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import ColumnElement, SQLCoreOperations
from sqlalchemy.sql.selectable import CompoundSelect, Subquery, TableValuedAlias

from notechondria_shared.db import Prepared, prepare
from notes_service.models import Note
from notes_service.search.models import NoteOutline, NoteSearch, SearchWord
from notes_service.search.ranking import PIECE, CandidateColumns, WordKinds
from notes_service.summaries.models import NoteCount
from notes_service.summaries.variants import VIEWER, Variant, narrowed

HEAD = 500
"""Characters of a text that likeness looks at."""
ALIKE = 10_000
"""Notes, the newest ones, that are compared with a query while notes that hold a word of it fill the page and more
(decision 67). All of them are compared for the page that has the last of those, and for later ones."""


Columns = tuple[object, ...]


@dataclass(slots=True)
class HeadRow:
    """When a note was last edited, in microseconds since 1970, and the beginning of its text where that counts."""

    id: int
    edit: int
    head: str | None


@cache
def candidates(variant: Variant, kinds: WordKinds, *, capped: bool) -> Prepared[CandidateColumns]:
    """What ranking reads of all notes of a list.

    With `capped` notes that hold words and cannot be among the first `most` are counted only: a score is from 10 to 15
    points per word that a note holds, and less than one more (a word of the title is one that the note holds). With a
    single word those with it in the title come first. Likeness is asked for of notes that hold no word: of the newest
    `ALIKE` when those that hold one are more than `most`.
    """
    matched = _matched(variant, kinds)
    size = _once(_size_of(matched, kinds), "size")
    contending = matched
    if capped:
        contending = _contending_of_title(matched, size) if kinds.single else _contending(matched)
    notes = select(size.c.notes).scalar_subquery()
    contender = _outlines_of(variant, contending).subquery("contender").c
    ranked = select(
        _packed(contender.note_id).label("ids"),
        _packed(contender.exact).label("exact"),
        _joined(contender.title).label("titles"),
        _joined(contender.description).label("descriptions"),
        _packed(contender.octets).label("octets"),
    ).subquery("ranked")
    unmatched = not_(exists().where(matched.c.note_id == NoteOutline.note_id))
    is_full = notes > bindparam("most", type_=BigInteger)
    other = _others(_in_scope(variant), unmatched, newest=case((is_full, ALIKE)) if capped else None)
    statement = select(*ranked.c, notes.label("matched"), *other.c).select_from(ranked.join(other, true()))
    return prepare(statement, CandidateColumns)


def _size_of(matched: CTE, kinds: WordKinds) -> Select[*Columns]:
    """How many notes hold words, and how many surely have the only one in the title."""
    counts = [func.count().label("notes")]
    if kinds.single:
        counts.append(func.count().filter(matched.c.titled).label("titled"))
    return select(*counts).select_from(matched)


def _contending_of_title(matched: CTE, size: CTE) -> CTE:
    """Of notes that hold the only word those that have it in the title, or may have, where these are enough."""
    are_enough = select(size.c.titled >= bindparam("most", type_=BigInteger)).scalar_subquery()
    return _once(select(matched).where(or_(matched.c.titled.is_not(False), not_(are_enough))), "contending")


def _contending(matched: CTE) -> CTE:
    """Of notes that hold words those that may be among the first `most`."""
    last = (
        select(matched.c.exact)
        .order_by(matched.c.exact.desc())
        .limit(1)
        .offset(bindparam("most", type_=BigInteger) - 1)
        .scalar_subquery()
    )
    least = _once(select(func.coalesce(last, 0).label("exact")), "least")
    can = select(matched).join(least, true()).where(3 * matched.c.exact >= 2 * least.c.exact)
    return _once(can, "contending")


def _outlines_of(variant: Variant, contending: CTE) -> Select[*Columns] | CompoundSelect[*Columns]:
    """Notes with what they are ranked by: looked up one by one, or where they are a large part of all of a person's
    read with all of them, which takes a sixth for each."""

    def of(outline: type[NoteOutline], *which: ColumnElement[bool]) -> Select[*Columns]:
        row = (outline.note_id, contending.c.exact, outline.title, outline.description, outline.octets)
        return select(*row).join_from(contending, outline, outline.note_id == contending.c.note_id).where(*which)

    # Both ways are fixed (OFFSET 0): the planner knows nothing of how many there are.
    one = select(NoteOutline).where(NoteOutline.note_id == contending.c.note_id).correlate(contending).offset(0)
    looked_up = aliased(NoteOutline, one.lateral("looked_up"))
    if variant.scope in {"anonymous", "all"}:
        return of(looked_up)
    own = select(func.coalesce(func.sum(NoteCount.notes), 0)).where(NoteCount.creator_id == VIEWER).scalar_subquery()
    share = _once(select((func.count() * 6 > own).label("is_large")).select_from(contending), "share")
    are_many = select(share.c.is_large).scalar_subquery()
    all_own = select(NoteOutline).where(NoteOutline.creator_id == VIEWER).offset(0).subquery("all_own")
    return union_all(of(looked_up, not_(are_many)), of(aliased(NoteOutline, all_own), are_many))


def _once(statement: Select[*Columns], name: str) -> CTE:
    return statement.cte(name).prefix_with("MATERIALIZED", dialect="postgresql")


def _others(*which: ColumnElement[bool], newest: ColumnElement[int] | None) -> Subquery:
    """Notes that hold no word, so many of the newest (null: all).

    Their short texts (`head_bytes`) may be like the query as a whole.
    """
    columns = (
        NoteOutline.note_id, NoteOutline.title, NoteOutline.description, NoteOutline.octets, NoteOutline.short_text
    )  # fmt: skip
    compared = select(*columns).where(*which)
    if newest is not None:
        compared = compared.order_by(NoteOutline.note_id.desc()).limit(newest)
    note = compared.subquery("compared").c
    text = case((note.octets <= 512, note.short_text), else_=_text_of(note.note_id))  # what outlines keep
    is_short = note.octets <= bindparam("head_bytes", type_=BigInteger)
    return select(
        _packed(note.note_id).label("other_ids"),
        _joined(note.title).label("other_titles"),
        _joined(note.description).label("other_descriptions"),
        _packed(note.note_id, is_short).label("short_ids"),
        _joined(text, is_short).label("short_texts"),
    ).subquery("other")


def _text_of(note_id: ColumnElement[int]) -> ColumnElement[str]:
    return select(func.left(Note.content, HEAD)).where(Note.id == note_id).scalar_subquery()


def _packed(number: SQLCoreOperations[int], which: ColumnElement[bool] | None = None) -> ColumnElement[bytes]:
    packed = func.string_agg(func.int8send(cast(number, BigInteger)), literal(b"", LargeBinary), type_=LargeBinary)
    return packed if which is None else packed.filter(which)


def _joined(text: SQLCoreOperations[str], which: ColumnElement[bool] | None = None) -> ColumnElement[bytes]:
    joined = func.string_agg(func.textsend(text), literal(b"\0", LargeBinary), type_=LargeBinary)
    return joined if which is None else joined.filter(which)


def _in_scope(variant: Variant, outline: type[NoteOutline] = NoteOutline) -> ColumnElement[bool]:
    own = outline.creator_id == VIEWER
    match variant.scope:
        case "anonymous":
            scope: ColumnElement[bool] = outline.is_public.expression
        case "private":
            scope = and_(own, not_(outline.is_public))
        case "public":
            scope = and_(own, outline.is_public)
        case "all":
            scope = or_(own, outline.is_public)
        case "personal":
            scope = own
    conditions = [scope]
    if variant.course == "one":
        conditions.append(outline.course_id == bindparam("course_id"))
    elif variant.course == "none":
        conditions.append(outline.course_id.is_(None))
    if of_note := narrowed(variant):
        conditions.append(exists().where(Note.id == outline.note_id, *of_note))
    return and_(*conditions)


def _matched(variant: Variant, words: WordKinds) -> CTE:
    """`note_id` and `exact`: how many words a note of the list holds. With a single one also `titled` (`_match`)."""
    scanned = [which for which, asked in ((False, words.indexed), (True, words.scanned)) if asked]
    parts: list[Select[*Columns]] = []
    if variant.scope != "anonymous":
        parts += [_own_with(variant, words, scanned=which) for which in scanned]
        parts.append(_own_unindexed(variant, words, scanned))
    if variant.scope in {"anonymous", "all"}:
        parts += [_public_with(variant, words, scanned=which) for which in scanned]
    matches = union_all(*parts).subquery("matches")
    if words.single:  # no part has a note that another has
        exact = cast(matches.c.times, BigInteger).label("exact")
        return _once(select(matches.c.note_id, exact, matches.c.titled), "matched")
    exact = func.sum(matches.c.times, type_=BigInteger).label("exact")
    return _once(select(matches.c.note_id, exact).group_by(matches.c.note_id), "matched")


def _own_with(variant: Variant, kinds: WordKinds, *, scanned: bool) -> Select[*Columns]:
    """One's own notes by their words: each is looked for inside the words that the person ever used, and the notes
    that have one of these are looked up without reading a text."""
    words = _words(scanned=scanned)
    inside = func.strpos(SearchWord.word, words.c.beginning) > 0 if scanned else SearchWord.word.like(words.c.pattern)
    used = select(SearchWord.id).where(SearchWord.creator_id == VIEWER, inside).correlate(words).scalar_subquery()
    # Settled first: the planner takes it for costly, and would look up words for each note otherwise.
    used_ids = func.array(used, type_=ARRAY(BigInteger)).label("ids")
    ids = _once(select(words.c.term, words.c.times, used_ids), "scanned_ids" if scanned else "indexed_ids")
    # Looked up by its words alone (OFFSET 0): the planner thinks that little of comparing arrays that it would rather
    # read all of a person's.
    outline = aliased(
        NoteOutline,
        select(NoteOutline).where(NoteOutline.words.op("&&")(ids.c.ids)).correlate(ids).offset(0).lateral("outline"),
    )
    has_all = (
        exists()
        .where(NoteSearch.note_id == outline.note_id, func.strpos(NoteSearch.searchable, ids.c.term) > 0)
        .correlate(outline, ids)
    )
    own = (
        select(*_match(outline, ids.c.term, ids.c.times, kinds))
        .join_from(ids, outline, true())
        .where(_in_scope(variant, outline))
    )
    return own.where(case((func.length(ids.c.term) <= PIECE, true()), else_=has_all)) if kinds.long else own


def _own_unindexed(variant: Variant, kinds: WordKinds, scanned: Sequence[bool]) -> Select[*Columns]:
    """One's own notes that are too large for an index of their words, or are not in it yet."""
    each = [_words(scanned=which) for which in scanned]
    words = union_all(*(select(one.c.term, one.c.times) for one in each)).subquery("all_words")
    return (
        select(*_match(NoteOutline, words.c.term, words.c.times, kinds))
        .join(NoteSearch, NoteSearch.note_id == NoteOutline.note_id)
        .join(words, func.strpos(NoteSearch.searchable, words.c.term) > 0)
        .where(NoteOutline.words.is_(None), NoteOutline.creator_id == VIEWER, _in_scope(variant))
    )


def _public_with(variant: Variant, kinds: WordKinds, *, scanned: bool) -> Select[*Columns]:
    """Notes that everybody may see, in the index of public notes; with `scanned` their texts are read instead."""
    words = _words(scanned=scanned)
    in_text = func.strpos(NoteSearch.searchable, words.c.term) > 0
    holds = in_text if scanned else and_(NoteSearch.searchable.like(words.c.pattern), in_text)
    public = (
        select(*_match(NoteOutline, words.c.term, words.c.times, kinds))
        .join_from(words, NoteSearch, and_(NoteSearch.is_public, holds))
        .join(NoteOutline, NoteOutline.note_id == NoteSearch.note_id)
        .where(_in_scope(variant))
    )
    return public if variant.scope == "anonymous" else public.where(NoteSearch.creator_id != VIEWER)


def _match(
    outline: type[NoteOutline], term: ColumnElement[str], times: ColumnElement[int], kinds: WordKinds
) -> tuple[SQLCoreOperations[object], ...]:
    """A note that holds a word: `note_id`, the word's `times`, and where it is the only one `titled`.

    That is whether the title holds it; null where the title has letters beyond ASCII, since Python, which ranks, has
    other small letters for some of them.
    """
    row = (outline.note_id, times)
    if not kinds.single:
        return row
    is_plain = func.octet_length(outline.title) == func.length(outline.title)
    titled = func.strpos(func.lower(outline.title.collate("C")), term) > 0
    return *row, case((is_plain, titled)).label("titled")


def _words(*, scanned: bool) -> TableValuedAlias:
    """The words: `term`, its `beginning` (`PIECE` characters at most), that as a `pattern` for LIKE, and `times`."""
    kind = "scanned" if scanned else "indexed"
    texts = [bindparam(f"{kind}_{name}", type_=ARRAY(Text)) for name in ("terms", "beginnings", "patterns")]
    times = bindparam(f"{kind}_times", type_=ARRAY(Integer))  # the sum of larger ones is a decimal number, and slow
    columns = [column(name, Text) for name in ("term", "beginning", "pattern")]
    name = f"{kind}_words"
    return (
        func.unnest(*texts, times).table_valued(*columns, column("times", Integer), name=name)
        .render_derived(name=name)
    )  # fmt: skip


HEADS = prepare(
    select(
        Note.id,
        (func.extract("epoch", Note.last_edit) * 1_000_000).cast(BigInteger).label("edit"),
        case((Note.id == any_(bindparam("in_question", type_=ARRAY(BigInteger))), func.left(Note.content, HEAD))).label(
            "head"
        ),
    ).where(Note.id == any_(bindparam("note_ids", type_=ARRAY(BigInteger)))),
    HeadRow,
)
