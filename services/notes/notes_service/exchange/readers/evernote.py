"""Evernote's ENEX: one XML file of many notes, their files within it as base64.

The parser makes nothing of entities and refuses their declarations, so that a small file cannot become a large one.
(https://evernote.com/blog/how-evernotes-xml-export-format-works)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote
from xml.parsers import expat

from pydantic import JsonValue

from notechondria_shared.core.file_names import stem_of, suffix_of
from notechondria_shared.web.body import TEXT_LIMIT
from notes_service.attachments.service import LIMIT
from notes_service.exchange.archive import Source
from notes_service.exchange.limits import BadEntry
from notes_service.exchange.made_notes import MadeNote
from notes_service.exchange.markup import to_markdown
from notes_service.media.names import safe_name

DAMAGED = "It is no ENEX that can be read, from line {line} on; the notes before are imported."
_KINDS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "application/pdf": ".pdf",
          "audio/wav": ".wav", "audio/mpeg": ".mp3", "image/webp": ".webp", "text/plain": ".txt"}  # fmt: skip
_LONGEST_TAG = 1024 * 1024
"""Bytes of a tag or comment. What does not end is kept, and expat before 2.6, as Python 3.11.2, 3.11.7 and 3.12.1 have
it, begins it anew with every piece of the file (CVE-2023-52425)."""
_DEEPEST = 32
MISSING_FILE = "A file that it shows is not in the ENEX."
ENCRYPTED = "A part of it is encrypted and stays so: decrypt it in Evernote, and export it again."
_HASH = re.compile(r"<en-media\b[^>]{0,2000}\bhash\s*=\s*[\"']([0-9A-Fa-f]{32})[\"']")
_LONGEST_FIELD = 64 * 1024


def read_enex(source: Source) -> None:
    """Take the notes out of every ENEX; each file is a notebook, and so a course."""
    for path in list(source.names()):
        if path.lower().endswith(".enex"):
            source.use([path])
            _Enex(source, path).read()


@dataclass
class _Note:
    fields: dict[str, JsonValue] = field(default_factory=dict)
    tags: list[JsonValue] = field(default_factory=list)
    content: str = ""
    tasks: list[JsonValue] = field(default_factory=list)
    media: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class _Enex:
    def __init__(self, source: Source, path: str) -> None:
        self._source, self._path = source, path
        self._tags: list[str] = []
        self._text: list[str] = []
        self._size = 0
        self._note = _Note()
        self._file: dict[str, str] = {}
        self._task: dict[str, JsonValue] = {}
        self._number = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._refuse
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def read(self) -> None:
        """To the end, or to where it is damaged."""
        read = 0
        try:
            for chunk in self._source.chunks(self._path, self._source.limits.unpacked):
                self._parser.Parse(chunk, False)
                read += len(chunk)
                self._check_end(read)
            self._parser.Parse(b"", True)
        except (expat.ExpatError, BadEntry):
            self._source.left_out.append((self._path, DAMAGED.format(line=self._parser.CurrentLineNumber)))

    def _check_end(self, read: int) -> None:
        if read - self._parser.CurrentByteIndex > _LONGEST_TAG:
            raise BadEntry("A tag or a comment of it does not end.")

    def _refuse(self, *_: object) -> None:
        raise BadEntry("It declares entities.")

    def _start(self, name: str, _: dict[str, str]) -> None:
        self._tags.append(name)
        if len(self._tags) > _DEEPEST:
            raise BadEntry("It is nested too deep.")
        self._text, self._size = [], 0
        if name == "note":
            self._note = _Note()
            self._number += 1
        elif name == "resource":
            self._file = {}
        elif name == "task":
            self._task = {}

    def _characters(self, text: str) -> None:
        longest = {"content": TEXT_LIMIT, "data": LIMIT * 3 // 2}.get(self._tags[-1], _LONGEST_FIELD)
        self._size += len(text)
        if self._size <= longest:
            self._text.append(text)

    def _end(self, name: str) -> None:
        self._tags.pop()
        text, parent = "".join(self._text).strip(), self._tags[-1] if self._tags else ""
        complete = self._size == sum(map(len, self._text))
        self._text, self._size = [], 0
        if name == "note":
            self._finish()
        elif name == "resource":
            self._attach()
        elif name == "data" and parent == "resource":
            self._file["data"] = text if complete else ""
        elif name == "content" and parent == "note":
            self._note.content = text
            if not complete:
                self._note.problems.append("Its text is too large: the end of it is missing.")
        elif name == "tag":
            self._note.tags.append(text)
        elif name == "task":
            self._note.tasks.append(self._task)
        else:
            self._set_in(parent, name, text)

    def _set_in(self, parent: str, name: str, text: str) -> None:
        if parent in ("resource", "resource-attributes"):
            self._file[name] = text
        elif text and parent == "task":
            self._task[name] = text
        elif text and parent in ("note", "note-attributes"):
            self._set(name, text)

    def _set(self, name: str, text: str) -> None:
        """A field; of several with one name a list."""
        before = self._note.fields.get(name)
        if before is None:
            self._note.fields[name] = text
        else:
            self._note.fields[name] = [*(before if isinstance(before, list) else [before]), text]

    def _attach(self) -> None:
        """Put a file of the note aside."""
        try:
            data = base64.b64decode("".join(self._file.get("data", "").split()), validate=True)
        except (binascii.Error, ValueError):
            data = b""
        name = (
            self._file.get("file-name")
            or f"file{len(self._note.media) + 1}{_KINDS.get(self._file.get('mime', ''), '')}"
        )
        name = re.sub(r"[<>\[\]()|#^\n]", "_", safe_name(name))
        if not data or len(data) > LIMIT:
            self._note.problems.append(f"A file of it could not be taken over: {name}.")
            return
        folder = f"{self._path}.files/{self._number}"
        path, number = f"{folder}/{name}", 2
        while self._source.find(path):
            stem, suffix = stem_of(name), suffix_of(name)
            path, number = f"{folder}/{stem}-{number}{suffix}", number + 1
        self._source.add_file(path, data)
        self._note.media[hashlib.md5(data, usedforsecurity=False).hexdigest()] = path

    def _finish(self) -> None:
        note = self._note
        if "<en-crypt" in note.content:
            note.problems.append(ENCRYPTED)
        if any(one.lower() not in note.media for one in _HASH.findall(note.content)):
            note.problems.append(MISSING_FILE)
        body, _ = to_markdown(note.content, note.media)
        shown = [f"[{PurePosixPath(path).name}](<{path}>)" for path in note.media.values() if quote(path) not in body]
        body = "\n\n".join([body, *shown]).strip()
        fields = {"title": "", **note.fields, "course": stem_of(self._path)}
        if note.tags:
            fields["tags"] = note.tags
        if note.tasks:
            fields["tasks"] = note.tasks
        made = MadeNote(body, fields, notice=" ".join(note.problems))
        # An ENEX has no ids: by time and title a note is known again, wherever it stands in the next export.
        at = safe_name(str(note.fields.get("created", "")))
        self._source.made.add(f"{self._path}/{at}/{safe_name(str(fields['title']))}", made)
