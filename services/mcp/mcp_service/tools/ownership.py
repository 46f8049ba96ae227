"""Ownership where REST is wider than a tool: a note of somebody else is a note that does not exist (mcp §4)."""

from __future__ import annotations

from uuid import UUID

from mcp_service.upstream.client import JsonObject, Refused, UserClient


async def own_note(notes: UserClient, note_id: int) -> JsonObject:
    """The detail of an own note outside the bin; `Refused` as NotFound for every other."""
    try:
        note = await notes.get(f"notes/{note_id}/")
    except Refused as refusal:
        # A private note of somebody else (400 of notes §5.1) must not be distinguishable from a missing one.
        if refusal.status in {400, 403, 404}:
            raise missing(note_id) from None
        raise
    if not note["can_edit"]:
        raise missing(note_id)
    return note


async def own_or_binned(notes: UserClient, note_id: int) -> JsonObject:
    """The same, also of a note in the recycle bin."""
    try:
        return await own_note(notes, note_id)
    except Refused as refusal:
        if refusal.status != 404:
            raise
    try:
        return {**await notes.get(f"notes/deleted/{note_id}/"), "deleted": True}
    except Refused as refusal:
        if refusal.status == 404:
            raise missing(note_id) from None
        raise


async def visible_note(notes: UserClient, uuid: UUID) -> JsonObject:
    """The detail of an own or public note; somebody else's private one is refused as a missing one."""
    try:
        return await notes.get(f"notes/uuid/{uuid}/")
    except Refused as refusal:
        if refusal.status in {400, 403, 404}:
            cause = f"there is no note {uuid} that the user may read."
            raise Refused("NotFound", cause, 404) from None
        raise


def missing(note_id: int) -> Refused:
    """The refusal of a note that is not the caller's."""
    return Refused("NotFound", f"the user has no note {note_id} (list_notes and search_notes give ids).", 404)


def owner_id(course: JsonObject) -> int | None:
    """The id of a course's owner; None for courses of the product."""
    match course["owner"]:
        case {"id": int(number)}:
            return number
    return None
