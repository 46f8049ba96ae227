"""The tables that searches read (notes §5.3). Triggers on `notes` write them."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, false, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from notes_service.models import NOTE, Base


class NoteSearch(Base):
    """What searches look through: title, description and text, lower-cased. A trigger on `notes` writes it."""

    __tablename__ = "note_search"
    __table_args__ = (
        Index(
            "ix_note_search_public_searchable",
            "searchable",
            postgresql_using="gin",
            postgresql_ops={"searchable": "gin_trgm_ops"},
            postgresql_where=text("is_public"),
        ),
    )

    note_id: Mapped[int] = mapped_column(ForeignKey(NOTE, ondelete="CASCADE"), primary_key=True, autoincrement=False)
    creator_id: Mapped[int]
    searchable: Mapped[str]
    is_public: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Shown to everybody: public, and not in the recycle bin."""


class NoteOutline(Base):
    """What a search ranks a note by, of each note outside the recycle bin. A trigger on `notes` writes it."""

    __tablename__ = "note_outlines"
    __table_args__ = (
        Index("ix_note_outlines_creator_id_note_id", "creator_id", "note_id"),
        Index("ix_note_outlines_public", "note_id", postgresql_where=text("is_public")),
        Index(
            "ix_note_outlines_words", "words", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 1024}
        ),
        Index("ix_note_outlines_large_note_id", "creator_id", "note_id", postgresql_where=text("words IS NULL")),
    )

    note_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    creator_id: Mapped[int]
    course_id: Mapped[int | None]
    is_public: Mapped[bool]
    title: Mapped[str]
    description: Mapped[str]
    octets: Mapped[int]
    """Bytes of the text."""
    short_text: Mapped[str | None]
    """The text, where it has at most 512 bytes."""
    words: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    """The ids of its words; null until they are indexed (`word_indexing`), and for a text so large that it is read
    instead."""


class SearchWord(Base):
    """A word of a person's notes, as `note_search` has it; words of more than 64 characters in pieces."""

    __tablename__ = "search_words"
    __table_args__ = (
        Index("uq_search_words_creator_id_word", "creator_id", "word", unique=True),
        Index(
            "ix_search_words_creator_id_word",
            "creator_id",
            "word",
            postgresql_using="gin",
            postgresql_ops={"word": "gin_trgm_ops"},
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int]
    word: Mapped[str]
