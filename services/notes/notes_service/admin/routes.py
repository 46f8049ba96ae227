"""Courses and notes for the administration (docs/admin.md): lists, and what staff may do in their owners' place.

Each action is the owner's own, through the same rule, so that the same events are published.
"""

from __future__ import annotations

from notechondria_contracts.admin import AdminAction, AdminColumn, AdminResource
from notechondria_shared.auth.precondition import UNCONDITIONAL
from notechondria_shared.core.errors import Conflict
from notechondria_shared.web.admin import AdminTable, admin_router
from notechondria_shared.web.dead_letters import dead_letter_table
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notes_service.admin import queries
from notes_service.courses import service as courses
from notes_service.dependencies import Deletions, Transactions
from notes_service.models import EVENTS
from notes_service.notes import access
from notes_service.notes import service as notes
from notes_service.recycle_bin.service import purge_one

NOBODYS = "Course not deleted: Notes.Courses/owner — its owner is gone, and there is no Inbox for its notes."
ID = AdminColumn(key="id", title="Id", kind="id")
USER = AdminColumn(key="user_id", title="User", kind="user")
EDITED = AdminColumn(key="last_edit", title="Last edit", kind="timestamp")

COURSES = AdminTable(
    AdminResource(
        name="courses",
        title="Courses",
        noun="course",
        position=40,
        columns=[
            ID,
            AdminColumn(key="title", title="Title"),
            USER,
            AdminColumn(key="notes", title="Notes"),
            AdminColumn(key="is_default", title="Inbox", kind="yes"),
            AdminColumn(key="slug", title="Slug", wide=True),
            AdminColumn(key="date_created", title="Created", kind="timestamp"),
            EDITED,
        ],
        searched="title, slug, user name or id",
    ),
    queries.COURSES,
    unknown=courses.UNKNOWN,
)
NOTES = AdminTable(
    AdminResource(
        name="notes",
        title="Notes",
        noun="note",
        position=50,
        columns=[
            ID,
            AdminColumn(key="title", title="Title"),
            USER,
            AdminColumn(key="excerpt", title="Beginning", wide=True),
            AdminColumn(key="size", title="Size", kind="size"),
            AdminColumn(key="is_public", title="Public", kind="yes"),
            AdminColumn(key="course_title", title="Course"),
            AdminColumn(key="deleted_at", title="In the bin since", kind="timestamp"),
            AdminColumn(key="date_created", title="Created", kind="timestamp", wide=True),
            EDITED,
        ],
        searched="title, user name or id",
        hint="What people write is theirs: titles, beginnings and sizes are shown here, never a whole text.",
    ),
    queries.NOTES,
    unknown=access.UNKNOWN,
)


@COURSES.action(
    AdminAction(
        name="delete",
        label="Delete",
        done="The course is deleted.",
        question="Its owner's notes move to their Inbox; notes of others lose their course. This is final.",
        gone=True,
    ),
    offered=lambda row: not row.is_default,
)
async def delete_course(read: ReadSession, key: int, database: Transactions, deletions: Deletions) -> None:
    """As its owner deletes it (notes §4.7): 400 for an Inbox, 409 when there is no owner."""
    owner = (await COURSES.one(read, key)).user_id
    if owner is None:
        raise Conflict(NOBODYS)
    async with database.transaction() as db:
        await courses.remove(db, owner, key, UNCONDITIONAL)
    await deletions.delete([f"course_media/course_{key}/"])


@NOTES.action(
    AdminAction(
        name="trash",
        label="Move to the bin",
        done="The note is in its owner's bin.",
        question="The note moves to its owner's recycle bin and becomes private. They can restore it.",
    ),
    offered=lambda row: row.deleted_at is None,
)
async def trash_note(read: ReadSession, key: int, db: WriteSession) -> None:
    """Move a note to its owner's recycle bin (notes §5.8)."""
    await notes.trash(db, await NOTES.owner(read, key), key, UNCONDITIONAL)


@NOTES.action(
    AdminAction(name="restore", label="Restore", done="The note is back, private as it went."),
    offered=lambda row: row.deleted_at is not None,
)
async def restore_note(read: ReadSession, key: int, db: WriteSession) -> None:
    """Bring a note back from its owner's recycle bin (notes §7)."""
    await notes.restore(db, await NOTES.owner(read, key), key)


@NOTES.action(
    AdminAction(
        name="purge",
        label="Purge",
        done="The note is gone for good.",
        question="The note, its versions and files are removed for good. This is final.",
        gone=True,
    ),
    offered=lambda row: row.deleted_at is not None,
)
async def purge_note(read: ReadSession, key: int, database: Transactions, deletions: Deletions) -> None:
    """Remove a binned note for good, with its files (notes §7)."""
    owner = await NOTES.owner(read, key)
    async with database.transaction() as db:
        paths = await purge_one(db, owner, key)
    await deletions.delete(paths)


router = admin_router(COURSES, NOTES, dead_letter_table(EVENTS))
