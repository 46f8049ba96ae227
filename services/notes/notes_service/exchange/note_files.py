"""The notes of a source: markdown files, what readers took out of other programs' files, and files kept as notes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

from notechondria_shared.core.file_names import stem_of, suffix_of
from notechondria_shared.web.body import TEXT_LIMIT
from notes_service.exchange import links
from notes_service.exchange.archive import Source
from notes_service.exchange.reading import NoteFile, folder_course, note_of_others, read_note

MARKDOWN_BYTES = 5 * TEXT_LIMIT
"""Of a note's file: its text, its blocks and the fields that the API takes one by one, each as large as a text."""
KEPT_FOR_THEMSELVES = re.compile(r".*\.(?:canvas|excalidraw)|.* [0-9a-f]{32}(?:_all)?\.csv", re.DOTALL)
"""Drawings of Obsidian, and databases of Notion."""
KEPT = "It is no text: a note of its own has it as its file."


def note_names(source: Source) -> list[str]:
    """What stands for notes, in order: of other programs' forms only what readers left."""
    plain = [name for name in source.names() if suffix_of(name).lower() in links.MARKDOWN and not source.is_taken(name)]
    return [*plain, *source.made]


def note_file(source: Source, name: str) -> NoteFile:
    """One of them. Raises `BadEntry`."""
    if name in source.made:
        made = source.made.read(name)
        said = {key: value for key, value in made.fields.items() if value not in (None, "") or key == "course"}
        file = note_of_others(name, said, made.body, source.root)
        return replace(file, deleted=made.deleted, notice=made.notice, names_course=False)
    if KEPT_FOR_THEMSELVES.fullmatch(name):
        path = PurePosixPath(name)
        fields = {
            "title": re.sub(r" [0-9a-f]{32}(?:_all)?$", "", stem_of(path)),
            "course": folder_course(name, source.root),
        }
        return replace(note_of_others(name, fields, f"[{path.name}](<{name}>)", source.root), notice=KEPT)
    return read_note(name, source.read(name, MARKDOWN_BYTES), source.root)
