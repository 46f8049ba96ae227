"""Making the template courses, or bringing back what is missing of them (notes §11.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_contracts.events.notes import CourseCreated, CourseUpdated, NoteCreated
from notechondria_shared.db import Database
from notechondria_shared.storage.media import MediaStore
from notes_service.authors import service as authors
from notes_service.blocks.schemas import BlockDraft
from notes_service.blocks.service import replace_blocks
from notes_service.events import publish
from notes_service.models import Author, Course, CourseMedia, Note
from notes_service.template_courses.owners import Owner, Owners
from notes_service.template_courses.reading import Sample, SampleNote, samples
from notes_service.text.summary import excerpt, preview_lines


async def restore(database: Database, media: MediaStore, owners: Owners) -> list[str]:
    """Get or make every template course with its pictures and notes; lines that say what was done. Idempotent.

    The first course is the superuser's, the others are the demo account's, or the superuser's while there is none. A
    course does not change its owner. Without an owner the notes are made later. Each course
    takes two transactions, and its pictures are stored between them.
    """
    log: list[str] = []
    for number, sample in enumerate(samples()):
        async with _locked(database) as db:
            present = [owner for owner in (owners.superuser, owners.demo) if owner and await _ensure_owner(db, owner)]
            designated = owners.superuser if number == 0 or owners.demo not in present else owners.demo
            owner_id = designated.user_id if designated and designated in present else None
            course = await _course(db, sample, owner_id, log)
            missing = await _missing_pictures(db, sample, course)
        stored = {name: await _stored(media, sample, course.id, name, log) for name in missing}
        async with _locked(database) as db:
            # The account may have been deleted since; accounts are locked before courses.
            has_owner = course.creator_id is not None and await authors.ACCOUNTS.lock(db, course.creator_id)
            await _pictures(db, sample, course.id, stored, log)
            if course.creator_id is None or not has_owner:
                log.append(f"{sample.slug}: no owner yet, notes follow later")
            else:
                await _notes(db, sample, course, course.creator_id, log)
    return log


@asynccontextmanager
async def _locked(database: Database) -> AsyncIterator[AsyncSession]:
    """A transaction that no other replica's work on template courses overlaps."""
    async with database.transaction() as db:
        await db.execute(select(func.pg_advisory_xact_lock(func.hashtext("notes.template_courses"))))
        yield db


async def _ensure_owner(db: AsyncSession, owner: Owner) -> bool:
    """Make the author row of an owner when it is missing; False when the account was deleted."""
    if not await authors.ACCOUNTS.lock(db, owner.user_id):
        return False
    row = upsert(Author).values(user_id=owner.user_id, username=owner.username, image_path="", editor_mode="P")
    await db.execute(row.on_conflict_do_nothing())
    await authors.lock_author_shared(db, owner.user_id, exclusive=True)
    return True


async def _course(db: AsyncSession, sample: Sample, owner: int | None, log: list[str]) -> Course:
    course: Course | None = await db.scalar(select(Course).where(Course.slug == sample.slug).with_for_update())
    if course is None:
        course = Course(
            creator_id=await _unless_title_used(db, owner, sample.title),
            slug=sample.slug,
            title=sample.title,
            description=sample.description,
        )
        db.add(course)
        await db.flush()
        await publish(db, course.event(CourseCreated))
        log.append(f"{sample.slug}: created")
        return course
    course.is_default = False
    course.description = sample.description
    if course.creator_id is None:
        course.creator_id = await _unless_title_used(db, owner, sample.title)
    elif course.title != sample.title and await _title_free(db, course.creator_id, sample.title):
        course.title = sample.title
    if db.is_modified(course):
        course.touch()
        await publish(db, course.event(CourseUpdated))
        log.append(f"{sample.slug}: brought up to date")
    else:
        log.append(f"{sample.slug}: as it should be")
    return course


async def _unless_title_used(db: AsyncSession, owner: int | None, title: str) -> int | None:
    """The owner, None when they have a course of this title already: nobody has two."""
    return owner if owner is None or await _title_free(db, owner, title) else None


async def _title_free(db: AsyncSession, owner: int, title: str) -> bool:
    same = select(Course.id).where(Course.creator_id == owner, func.lower(Course.title) == func.lower(title))
    return await db.scalar(same.limit(1)) is None


async def _known_pictures(db: AsyncSession, course_id: int) -> set[tuple[str, str | None]]:
    rows = await db.execute(select(CourseMedia.title, CourseMedia.source).where(CourseMedia.course_id == course_id))
    return set(rows.tuples())


async def _missing_pictures(db: AsyncSession, sample: Sample, course: Course) -> list[str]:
    """The files of the sample that the course does not show yet, each once."""
    known = await _known_pictures(db, course.id)
    cover = [sample.cover_image] if not course.cover_image and sample.cover_image else []
    pictures = [picture.path for picture in sample.media if (picture.title, picture.source) not in known]
    return list(dict.fromkeys([*cover, *pictures]))


async def _pictures(db: AsyncSession, sample: Sample, course_id: int, stored: dict[str, str], log: list[str]) -> None:
    """Have the course show what was stored: `stored` maps a file of the sample to its path, "" when it is missing."""
    course = await db.get(Course, course_id, with_for_update=True)
    if course is None:
        return  # deleted while its pictures were stored
    if not course.cover_image and sample.cover_image:
        course.cover_image = stored.get(sample.cover_image, "")
    known = await _known_pictures(db, course_id)
    for picture in sample.media:
        path = stored.get(picture.path)
        if path and (picture.title, picture.source) not in known:
            db.add(
                CourseMedia(
                    course_id=course_id,
                    title=picture.title,
                    description=picture.description,
                    image=path,
                    source=picture.source,
                )
            )
            log.append(f"{sample.slug}: picture {picture.title!r} added")


async def _stored(media: MediaStore, sample: Sample, course_id: int, name: str, log: list[str]) -> str:
    """Put a file of the sample into the store; its path, "" when the file is missing."""
    source = sample.file(name)
    if not source.is_file():
        log.append(f"{sample.slug}: file {name!r} is missing")
        return ""
    path = f"course_media/course_{course_id}/{source.name}"
    await media.put(path, source.read_bytes())
    return path


async def _notes(db: AsyncSession, sample: Sample, course: Course, owner: int, log: list[str]) -> None:
    titles = set(await db.scalars(select(Note.title).where(Note.course_id == course.id, Note.deleted_at.is_(None))))
    for note in sample.notes:
        if note.title not in titles:
            await _note(db, note, course.id, owner)
            log.append(f"{sample.slug}: note {note.title!r} added")


async def _note(db: AsyncSession, sample: SampleNote, course_id: int, owner: int) -> None:
    note = Note(
        creator_id=owner,
        course_id=course_id,
        title=sample.title,
        description=sample.description,
        is_public=True,
        editor_mode="G",
        content=sample.content,
        excerpt=excerpt(sample.content, sample.description),
        preview_lines=preview_lines(sample.content),
    )
    db.add(note)
    await db.flush()
    await replace_blocks(db, note, [BlockDraft("T", sample.title), BlockDraft("N", sample.body)], new=True)
    await publish(db, note.event(NoteCreated))
