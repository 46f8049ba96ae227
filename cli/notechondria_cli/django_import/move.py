"""All of it in order: schemas, accounts, writings, plans, files, and the numbers that go on from there."""

import importlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import psycopg

from notechondria_cli.django_import.accounts import move_accounts
from notechondria_cli.django_import.plans import move_plans
from notechondria_cli.django_import.report import Report
from notechondria_cli.django_import.source import Source
from notechondria_cli.django_import.target import Target, Tell
from notechondria_cli.django_import.writings import move_content
from notechondria_cli.errors import StackError
from notechondria_cli.names import SERVICES_WITH_SCHEMA

if TYPE_CHECKING:
    from notechondria_shared.storage.media import MediaStore

_NUMBERED = (
    "identity.users", "identity.social_accounts", "identity.invitations", "notes.courses", "notes.course_media",
    "notes.course_subscriptions", "notes.course_operations", "notes.notes", "notes.note_blocks", "notes.note_index",
    "notes.note_attachments", "notes.note_versions", "planner.planner_events", "planner.calendar_feeds",
    "planner.note_sessions",
)  # fmt: skip


def make_schemas(database_urls: Mapping[str, str]) -> None:
    """Bring each service's schema to its present shape, as the service itself would at its start."""
    for service in SERVICES_WITH_SCHEMA:
        with patch.dict(os.environ, {"DATABASE_URL": database_urls[service]}):
            spec: Any = importlib.import_module(f"{service}_service.app").SPEC
        migrations: Any = importlib.import_module("notechondria_shared.db.migrations")
        migrations.migrate(database_urls[service], service, spec.migrations)


def move(
    source: Source,
    database_url: str,
    media: "MediaStore",
    folder: Path | None,
    api_base_url: str,
    tell: Tell,
    *,
    dry_run: bool,
) -> Report:
    """Move everything; the report says what came over. Raises StackError when ids are in somebody else's use."""
    report = Report(dry_run=dry_run)
    with psycopg.connect(database_url, autocommit=True) as connection:
        _check_ids(source, connection)
        target = Target(connection, report, tell, dry_run=dry_run)
        people = move_accounts(source, target, report, api_base_url)
        writings = move_content(source, target, report, people)
        move_plans(source, target, report, people, writings, connection, dry_run=dry_run)
        target.renumber(_NUMBERED)
    files = writings.files | {row["image_path"] for row in people.users.values() if row["image_path"]}
    if folder is not None:
        _copy(sorted(files), folder, media, report, tell, dry_run=dry_run)
    return report


def _check_ids(source: Source, connection: psycopg.Connection[Any]) -> None:
    if connection.execute("SELECT to_regclass('identity.users')").fetchone() == (None,):
        return  # a dry run before there is anything
    ours = {row[0]: row[1].lower() for row in connection.execute("SELECT id, username FROM identity.users")}
    for row in source.rows(source.require("auth_user")):
        known = ours.get(row["id"])
        if known is not None and known not in {row["username"].lower(), f"{row['username'][:140].lower()}_{row['id']}"}:
            raise StackError(
                f"The id {row['id']} of {row['username']} is in use by {known}.",
                "Move into a system that was not started yet (see: notechondria reset).",
            )


def _copy(
    files: Iterable[str],
    folder: Path,
    media: "MediaStore",
    report: Report,
    tell: Tell,
    *,
    dry_run: bool,
) -> None:
    counts = report.of("files")
    root = folder.resolve()
    for number, path in enumerate(files, 1):
        counts.read += 1
        origin = (root / path).resolve()
        if not origin.is_relative_to(root) or not origin.is_file():
            report.skip("files", path, "it is not in the media folder")
            continue
        if not dry_run:
            known = media.read(path)
            if known is not None and known[0] == origin.stat().st_size:
                counts.present += 1
                continue
            with origin.open("rb") as content:
                media.write(path, content)
        counts.written += 1
        tell("files", number)
