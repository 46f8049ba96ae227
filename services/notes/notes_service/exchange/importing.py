"""Taking in an archive (issue: export and import): one transaction per note, so that a broken file stops nothing.

A file stands for one note, by the uuid it carries or by its path. Importing it again leaves that note as it is.
"""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote
from uuid import UUID, uuid5

from fastapi import Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers, UploadFile
from typing_extensions import TypedDict

from notechondria_shared.auth import Caller
from notechondria_shared.database import Database
from notechondria_shared.errors import ApiError
from notechondria_shared.http.body import validate
from notechondria_shared.storage import MediaStore, media_url
from notes_service.attachments import service as attachments
from notes_service.attachments.queries import ONE
from notes_service.courses import service as courses
from notes_service.courses.schemas import CreateCourse
from notes_service.exchange import front_matter, queries
from notes_service.exchange.archive import Archive, BadEntry
from notes_service.media.uploads import staged
from notes_service.models import Course
from notes_service.notes import service as notes
from notes_service.notes.schemas import CreateNote, UpdateNote

MARKDOWN_BYTES = 4 * 1024 * 1024
_BY_PATH = UUID("6f1c1f52-5a0c-4a52-8b0b-2f0f0c7a9f11")
_LINK = re.compile(r"!\[\[([^\]|#\n]{1,255})[^\]\n]*\]\]|(\]\()<?([^)<>\n]{1,500}?)>?(\))")


class Problem(TypedDict):
    """A file that was not imported."""

    file: str
    error: str


class Imported(TypedDict):
    """What came of an import."""

    imported: int
    unchanged: int
    attachments: int
    errors: list[Problem]


@dataclass
class Import:
    """One import under way."""

    request: Request
    caller: Caller
    archive: Archive
    result: Imported = field(default_factory=lambda: Imported(imported=0, unchanged=0, attachments=0, errors=[]))

    @property
    def _media(self) -> MediaStore:
        store: MediaStore = self.request.app.state.media
        return store

    @property
    def _database(self) -> Database:
        database: Database = self.request.app.state.database
        return database

    async def run(self) -> Imported:
        """Import every markdown file; what cannot be imported is named with its reason."""
        for name in self.archive.names():
            if PurePosixPath(name).suffix.lower() in {".md", ".markdown"}:
                try:
                    await self._file(name)
                except BadEntry as problem:
                    self._problem(name, str(problem))
                except ApiError as refusal:
                    if refusal.status >= 500:
                        raise
                    self._problem(name, _reason(refusal.body))
        return self.result

    def _problem(self, name: str, error: str) -> None:
        self.result["errors"].append({"file": name[:255], "error": error[:500]})

    async def _file(self, name: str) -> None:
        data = await asyncio.to_thread(self.archive.read, name, MARKDOWN_BYTES)
        try:
            fields, body = front_matter.read(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise BadEntry("It is no UTF-8 text.") from None
        uuid = _uuid(fields.get("uuid")) or uuid5(_BY_PATH, name)
        draft_id = f"import:{uuid}"
        known = await self._database.reader.one(
            queries.KNOWN, user_id=self.caller.user_id, uuid=uuid, draft_id=draft_id
        )
        if known is not None:
            self.result["unchanged"] += 1
            return
        wanted = _body(name, fields, body, draft_id)
        validate(CreateNote, wanted)  # before a course is made for it
        async with self._database.transaction() as session:
            course_id = await self._course(session, _course_title(name, fields))
            note_id, _ = await notes.create(
                session, self.caller, validate(CreateNote, {**wanted, "course_id": course_id})
            )
        self.result["imported"] += 1
        await self._files(name, note_id, fields, body)

    async def _course(self, session: AsyncSession, title: str) -> int | None:
        """The caller's course of this title, made when there is none."""
        if not title:
            return None
        found: int | None = await session.scalar(
            select(Course.id).where(
                Course.creator_id == self.caller.user_id, func.lower(Course.title) == func.lower(title)
            )
        )
        if found is None:
            found, _ = await courses.create(session, self.caller.user_id, validate(CreateCourse, {"title": title}))
        return found

    async def _files(self, name: str, note_id: int, fields: dict[str, Any], body: str) -> None:
        """The files that the note lists or links to, attached; links in the text follow them."""
        links: dict[str, str] = {}
        listed = fields.get("attachments")
        for entry in listed if isinstance(listed, list) else []:
            path = entry.get("path") if isinstance(entry, dict) else None
            if isinstance(path, str) and path in self.archive:
                await self._attach(note_id, path, str(entry.get("name") or ""), entry.get("content_type"))
        for found in _LINK.finditer(body):
            target = (found[1] or found[3]).strip()
            source = self._resolve(name, unquote(target))
            if source and target not in links:
                url = await self._attach(note_id, source, "", None)
                if url:
                    links[target] = url
        if links:
            text = _LINK.sub(lambda found: _relinked(found, links), body)
            async with self._database.transaction() as session:
                await notes.update_note(
                    session, self.caller.user_id, note_id, validate(UpdateNote, {"content": text}), quiet=True
                )

    def _resolve(self, note: str, target: str) -> str | None:
        """The file of the archive that a link means: relative to the note, to the top, or by its name alone."""
        if "://" in target or not PurePosixPath(target).suffix or target.lower().endswith((".md", ".markdown")):
            return None
        parts: list[str] = []
        for part in (PurePosixPath(note).parent / target).parts:
            if part == "..":
                parts = parts[:-1]
            elif part != ".":
                parts.append(part)
        for candidate in ("/".join(parts), target):
            if candidate in self.archive:
                return candidate
        base = PurePosixPath(target).name
        return next((name for name in self.archive.names() if PurePosixPath(name).name == base), None)

    async def _attach(self, note_id: int, source: str, name: str, content_type: Any) -> str | None:
        try:
            data = await asyncio.to_thread(self.archive.read, source, attachments.LIMIT)
        except BadEntry as problem:
            self._problem(source, str(problem))
            return None
        headers = Headers({"content-type": content_type} if isinstance(content_type, str) else {})
        upload = UploadFile(
            io.BytesIO(data), size=len(data), filename=name or PurePosixPath(source).name, headers=headers
        )
        async with staged(self._media, upload) as path, self._database.transaction() as session:
            made = await attachments.attach(session, self._media, self.caller.user_id, note_id, upload, path)
        self.result["attachments"] += 1
        row = await self._database.reader.one(ONE, attachment_id=made)
        return media_url(self.request, row["file"]) if row else None


def _relinked(found: re.Match[str], links: dict[str, str]) -> str:
    target = (found[1] or found[3]).strip()
    url = links.get(target)
    if url is None:
        return found[0]
    return f"![{target}]({url})" if found[1] else f"]({url})"


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (AttributeError, TypeError, ValueError):
        return None


def _course_title(name: str, fields: dict[str, Any]) -> str:
    """The course that the file names, else its innermost folder."""
    if "course" in fields:
        return str(fields["course"] or "").strip()[:120]
    parts = PurePosixPath(name).parts[:-1]
    return parts[-1][:120] if parts else ""


def _body(name: str, fields: dict[str, Any], body: str, draft_id: str) -> dict[str, Any]:
    title = fields.get("title")
    wanted: dict[str, Any] = {
        "title": (str(title).strip() if title not in (None, "") else PurePosixPath(name).stem)[:100],
        "content": body,
        "client_draft_id": draft_id,
        "editor_mode": fields.get("editor_mode") or "G",
    }
    for key in ("description", "is_public", "note_type", "source_note_uuid", "metadata_json", "custom_meta"):
        if fields.get(key) not in (None, ""):
            wanted[key] = fields[key]
    return wanted


def _reason(body: Any) -> str:
    """An error body as one line."""
    if isinstance(body, dict):
        return "; ".join(
            f"{key}: {' '.join(map(str, value)) if isinstance(value, list) else value}" for key, value in body.items()
        )
    return str(body)
