"""Courses, notes, blocks, files, versions, bin (notes §2)."""

import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from notechondria_cli.django_import.accounts import ImportedAccounts
from notechondria_cli.django_import.report import Report
from notechondria_cli.django_import.source import Row, Source, dates, first, text
from notechondria_cli.django_import.target import Target, counted

_LETTERS = frozenset("TSNUEPCQILH")
_VERSIONS_KEPT = 12


@dataclass
class ImportedContent:
    """What is there: courses and notes by id (of a note what the planner keeps of it), and the files named."""

    courses: dict[int, Row] = field(default_factory=dict)
    notes: dict[int, Row] = field(default_factory=dict)
    blocks: set[int] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def file(self, row: Row, name: str) -> str:
        """Return a file column's path and remember the file."""
        path = text(row, name).replace("\\", "/").lstrip("/")
        if path:
            self.files.add(path)
        return path


def move_content(source: Source, target: Target, report: Report, people: ImportedAccounts) -> ImportedContent:
    """Move all that belongs to notes; ids, uuids and share ids stay."""
    found = ImportedContent()
    steps: list[tuple[str, str, tuple[str, ...], Callable[..., Iterator[Row]]]] = [
        ("courses", "notes.courses", ("notes_course",), _courses),
        ("course pictures", "notes.course_media", ("notes_coursemedia",), _course_media),
        ("subscriptions", "notes.course_subscriptions", ("notes_coursesubscription",), _subscriptions),
        ("course operations", "notes.course_operations", ("notes_courseoperationlog",), _operations),
        ("notes", "notes.notes", ("notes_note",), _notes),
        ("blocks", "notes.note_blocks", ("notes_noteblock",), _blocks),
        ("order of blocks", "notes.note_index", ("notes_noteindex",), _index),
        ("attachments", "notes.note_attachments", ("notes_noteattachment",), _attachments),
        ("versions", "notes.note_versions", ("notes_noteversion",), _versions),
    ]
    authors = (_author(row) for row in people.users.values() if row["status"] != "pending")
    target.write("authors", "notes.authors", authors, counted=False)
    for kind, into, tables, rows in steps:
        if table := source.table(*tables):
            target.write(kind, into, rows(source, table, report, people, found))
    target.write("recycle bin", "notes.recycle_bin_entries", _bin(source, report, found))
    return found


def _author(row: Row) -> Row:
    keys = ("username", "image_path", "editor_mode")
    return {"user_id": row["id"], **{key: row[key] for key in keys}, "revision": 1, "seeded_at": datetime.now(UTC)}


def _owned(report: Report, kind: str, row: Row, people: ImportedAccounts) -> int | None:
    owner = people.owner(row)
    if owner is None or people.users[owner]["status"] == "pending":
        report.skip(kind, row["id"], "its account is not there, or was never opened")
        return None
    return owner


def _courses(
    source: Source, table: str, report: Report, people: ImportedAccounts, found: ImportedContent
) -> Iterator[Row]:
    titles: set[tuple[int | None, str]] = set()
    for row in counted(report, "courses", source.rows(table)):
        owned = first(row, "creator_id", "owner_id") is not None
        owner = _owned(report, "courses", row, people) if owned else None
        if owned and owner is None:
            continue
        title = text(row, "title", 120)
        if owner is not None and (owner, title.lower()) in titles:
            title = f"{title[:100]} ({row['id']})"
            report.change("courses", row["id"], "its title was there twice: the id was added")
        titles.add((owner, title.lower()))
        made = {
            "id": row["id"],
            "creator_id": owner,
            "client_course_id": text(row, "client_course_id", 64) or None,
            "slug": text(row, "slug", 120) or f"course-{row['id']}",
            "title": title,
            "description": text(row, "description"),
            "cover_image": found.file(row, "cover_image"),
            "icon": row.get("icon"),
            "is_default": bool(row.get("is_default")),
            "sort_order": int(first(row, "sort_order", default=0)),
            **dates(row),
            "revision": 1,
        }
        found.courses[made["id"]] = {"course_id": made["id"], "user_id": owner, "title": title}
        yield made


def _course_media(
    source: Source, table: str, report: Report, _: ImportedAccounts, found: ImportedContent
) -> Iterator[Row]:
    for row in counted(report, "course pictures", source.rows(table)):
        if row["course_id"] not in found.courses:
            report.skip("course pictures", row["id"], "its course is not there")
            continue
        yield {
            "id": row["id"],
            "course_id": row["course_id"],
            "title": text(row, "title", 120),
            "description": text(row, "description", 255) or None,
            "image": found.file(row, "image"),
            "source": text(row, "source", 255) or None,
            "date_created": dates(row)["date_created"],
        }


def _in_course(kind: str, row: Row, report: Report, people: ImportedAccounts, found: ImportedContent) -> int | None:
    owner = _owned(report, kind, row, people)
    if owner is not None and row["course_id"] not in found.courses:
        report.skip(kind, row["id"], "its course is not there")
        return None
    return owner


def _subscriptions(
    source: Source, table: str, report: Report, people: ImportedAccounts, found: ImportedContent
) -> Iterator[Row]:
    for row in counted(report, "subscriptions", source.rows(table)):
        if (owner := _in_course("subscriptions", row, report, people, found)) is not None:
            yield {
                "id": row["id"],
                "creator_id": owner,
                "course_id": row["course_id"],
                "is_active": bool(first(row, "is_active", default=True)),
                "subscribed_at": first(row, "subscribed_at", "date_created", default=datetime.now(UTC)),
                "last_opened_at": row.get("last_opened_at"),
                **dates(row),
            }


def _operations(
    source: Source, table: str, report: Report, people: ImportedAccounts, found: ImportedContent
) -> Iterator[Row]:
    for row in counted(report, "course operations", source.rows(table)):
        if (owner := _in_course("course operations", row, report, people, found)) is None:
            continue
        if row["operation_type"] not in {"subscribe", "unsubscribe", "open"}:
            report.skip("course operations", row["id"], "its kind is unknown")
            continue
        yield {
            "id": row["id"],
            "creator_id": owner,
            "course_id": row["course_id"],
            "operation_type": row["operation_type"],
            "metadata_json": text(row, "metadata_json"),
            "occurred_at": first(row, "occurred_at", "date_created", default=datetime.now(UTC)),
            "date_created": dates(row)["date_created"],
        }


def _notes(
    source: Source, table: str, report: Report, people: ImportedAccounts, found: ImportedContent
) -> Iterator[Row]:
    summary: Any = importlib.import_module("notes_service.text.summary")
    known = {int(row["id"]) for row in source.rows(table)}
    # A comment may be older by number than the note it belongs to: notes first, then what hangs on them.
    late: list[Row] = []
    for row in counted(report, "notes", source.rows(table)):
        owner = _owned(report, "notes", row, people)
        if owner is None:
            continue
        made = _note(row, owner, people, found, summary)
        if made["source_note_id"] is not None and made["source_note_id"] not in found.notes:
            if made["source_note_id"] in known:
                late.append(made)
                continue
            made["source_note_id"] = None
        yield _remember(made, row, found)
    for made in late:
        if made["source_note_id"] not in found.notes:
            made["source_note_id"] = None
        yield _remember(made, made, found)


def _note(row: Row, owner: int, people: ImportedAccounts, found: ImportedContent, summary: Any) -> Row:
    content, description = text(row, "content"), text(row, "description", 600)
    mode = text(row, "editor_mode", 1)
    course = row.get("course_id")
    return {
        "id": row["id"],
        "creator_id": owner,
        "course_id": course if course in found.courses else None,
        "uuid": row["uuid"],
        "sharing_id": text(row, "sharing_id", 36) or str(row["uuid"]),
        "title": text(row, "title", 100),
        "description": description,
        "is_public": bool(row.get("is_public")) and row.get("deleted_at") is None,
        "content": content,
        "excerpt": summary.excerpt(content, description),
        "preview_lines": summary.preview_lines(content),
        "metadata_json": text(row, "metadata_json"),
        "custom_meta": text(row, "custom_meta"),
        "client_draft_id": text(row, "client_draft_id", 64) or None,
        "deleted_at": row.get("deleted_at"),
        "note_type": "C" if row.get("note_type") == "C" else "N",
        "source_note_id": row.get("source_note_id"),
        "editor_mode": mode if mode in {"G", "B", "P"} else people.users[owner]["editor_mode"],
        "cover_image": found.file(row, "cover_image"),
        **dates(row),
        "revision": 1,
    }


def _remember(made: Row, _: Row, found: ImportedContent) -> Row:
    keys = ("uuid", "title", "description", "course_id", "deleted_at")
    found.notes[made["id"]] = {"note_id": made["id"], "user_id": made["creator_id"], **{key: made[key] for key in keys}}
    return made


def _blocks(
    source: Source, table: str, report: Report, people: ImportedAccounts, found: ImportedContent
) -> Iterator[Row]:
    for row in counted(report, "blocks", source.rows(table)):
        owner = people.owner(row)
        note = row.get("note_id")
        if owner is None or (note is not None and note not in found.notes):
            report.skip("blocks", row["id"], "its note or account is not there")
            continue
        found.blocks.add(row["id"])
        yield {
            "id": row["id"],
            "creator_id": owner,
            "note_id": note,
            "block_type": row["block_type"] if row["block_type"] in _LETTERS else "N",
            "text": row.get("text"),
            "args": text(row, "args", 256) or None,
            "is_ai_generated": bool(row.get("is_ai_generated")),
            "image": found.file(row, "image"),
            "file": found.file(row, "file"),
            **dates(row),
        }


def _index(source: Source, table: str, report: Report, _: ImportedAccounts, found: ImportedContent) -> Iterator[Row]:
    rows = counted(report, "order of blocks", source.rows(table, ("note_id", "index", "id")))
    for _note_id, of_note in groupby(rows, key=lambda row: row["note_id"]):
        place = 0
        for row in of_note:
            if row["note_id"] not in found.notes or row["block_id"] not in found.blocks:
                report.skip("order of blocks", row["id"], "its note or block is not there")
                continue
            yield {"id": row["id"], "note_id": row["note_id"], "block_id": row["block_id"], "position": place}
            place += 1


def _attachments(
    source: Source, table: str, report: Report, _: ImportedAccounts, found: ImportedContent
) -> Iterator[Row]:
    for row in counted(report, "attachments", source.rows(table)):
        if row["note_id"] not in found.notes:
            report.skip("attachments", row["id"], "its note is not there")
            continue
        yield {
            "id": row["id"],
            "note_id": row["note_id"],
            "file": found.file(row, "file"),
            "original_filename": text(row, "original_filename", 255),
            "file_size": max(0, int(first(row, "file_size", default=0))),
            "content_type": text(row, "content_type", 128),
            "date_created": dates(row)["date_created"],
        }


def _versions(
    source: Source, table: str, report: Report, people: ImportedAccounts, found: ImportedContent
) -> Iterator[Row]:
    rows = counted(report, "versions", source.rows(table, ("note_id", "date_created", "id")))
    for note_id, of_note in groupby(rows, key=lambda row: row["note_id"]):
        kept = list(of_note)
        for row in kept[:-_VERSIONS_KEPT]:
            report.skip("versions", row["id"], f"more than {_VERSIONS_KEPT} of one note: the oldest go")
        for row in kept[-_VERSIONS_KEPT:]:
            if note_id not in found.notes:
                report.skip("versions", row["id"], "its note is not there")
                continue
            mode = text(row, "editor_mode", 1)
            yield {
                "id": row["id"],
                "note_id": note_id,
                "creator_id": people.owner(row) or found.notes[note_id]["user_id"],
                "title": text(row, "title", 100),
                "description": text(row, "description", 600),
                "content": text(row, "content"),
                "metadata_json": text(row, "metadata_json"),
                "editor_mode": mode if mode in {"G", "B", "P"} else "P",
                "reason": text(row, "reason", 32) or "manual",
                "date_created": dates(row)["date_created"],
            }


def _bin(source: Source, report: Report, found: ImportedContent) -> Iterator[Row]:
    """An entry for each note that lies in the bin, with the row's own texts where the monolith has one (notes §7)."""
    told: dict[int, Row] = {}
    if table := source.table("notes_recyclebinentry"):
        told = {row["note_id"]: row for row in counted(report, "recycle bin", source.rows(table))}
    for note_id, row in told.items():
        note = found.notes.get(note_id)
        if note is None or note["deleted_at"] is None:
            report.skip("recycle bin", row["id"], "its note is not there, or does not lie in the bin")
    for note_id, note in found.notes.items():
        if note["deleted_at"] is None:
            continue
        row = told.get(note_id, {})
        if not row:
            report.of("recycle bin").read += 1
        about = {key: note[key] for key in ("title", "description", "course_id")}
        yield {
            "creator_id": note["user_id"],
            "note_id": note_id,
            "item_type": "note",
            "deleted_at": note["deleted_at"],
            "metadata_json": text(row, "metadata_json") or json.dumps(about, ensure_ascii=False),
            **dates(row or {"date_created": note["deleted_at"]}),
        }
