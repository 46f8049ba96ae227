"""The instructions that an agent gets at the start: the manual, and the user's own text (mcp §2.1)."""

from __future__ import annotations

import logging

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from pydantic import BaseModel

from mcp_service.agent import Agent, agent_of
from mcp_service.upstream.client import Refused

logger = logging.getLogger("notechondria.tools")

MANUAL = """\
# Notechondria

Notechondria keeps one person's notes, courses and plans. Every tool works on the data of the user whose API key you
carry, and does what the app would do: nothing here is a draft.

## What there is

* **Note**: markdown text in `content` (the `blocks` follow from it), title, one-line description, attachments, up to 12
  kept versions. It has an integer `id`, which tools take, and a `uuid`, which share links hold. Private unless
  `is_public`.
* **Course**: a category of notes and events. The Inbox (`is_default`) takes what was filed nowhere else.
* **Event**: something to do or to attend: a date, optionally `starts_at` and `ends_at` as full ISO date-times, a weight
  (1 to 4), optionally a course, done or not done. Without times it takes one hour from noon UTC.
* **Work session**: when the user worked on a note.
* **Calendar feed**: another calendar shown in the week, subscribed (a URL) or pasted (text). Google calendars need the
  secret iCal address from their settings.
* **Heatmap**: how much was written on past days, how much is planned on coming ones.
* **Recycle bin**: where deleted notes lie until it is emptied.

## How things are done

* **Capture**: search_notes for a telling word first. Is the thought there already, update that note; else create_note.
* **Task**: create_event with title and date only; add times only when the user named them.
* **Weekly review**: get_activity_week for the days, get_activity for what was written, then say what is open.
* **Done**: update_event with is_completed true. Do not delete what was done.
* **Reschedule**: update_event with starts_at and ends_at, or event_date alone to move the whole event.
* **Many at once**: list first, create only what is missing, one call per thing.
* **Going back**: list_note_versions and restore_note_version for texts, restore_deleted_note for the bin, undo_call for
  what you did yourself (list_recent_calls shows it).
* **For good**: empty_recycle_bin, delete_event, delete_course and delete_attachment cannot be taken back by the user in
  the app. Ask the user, and wait for the answer, before you call one of them.

An error says which argument was wrong or what could not be done; a failed call has changed nothing unless it says so.
Lists are paged: `total` tells how many there are."""

NEWER = f"""{MANUAL}

## Parts, times and many at once

* **A part of a text**: append_to_note (under a heading, if named), edit_note (a passage, exactly as it is there) and
  tick_task change just that; the text before becomes a version. update_note with content replaces all of it.
* **Long answers** end at 24,000 characters: `more` says how to go on. get_note reads by lines, or the part below a
  heading (`section`). Tools that write answer the note without its text.
* **Times** without an offset are the user's own; get_profile says which zone that is, and what time it is there now.
* **Courses** are named by id or by exact title, wherever a tool takes course_id.
* **Up to 50 notes at once**: move_notes, set_note_fields, restore_deleted_notes, purge_notes (ask first). One
  undo_call takes a batch back; undo_calls takes back everything from one call to a later one."""
"""The manual of clients that are no plain ones (decision 60)."""

HEADING = "## User skill.md"


def joined(manual: str, skill: str) -> str:
    """The manual, and below it the user's own text when there is one."""
    return f"{manual}\n\n{HEADING}\n\n{skill.strip()}" if skill.strip() else manual


async def for_user(agent: Agent) -> str:
    """The instructions for the user; just the manual while identity is away."""
    manual, identity = MANUAL if agent.is_plain else NEWER, agent.services.identity
    try:
        skill = (await identity.get("settings/"))["mcp_skill_md"]
    except Refused as refusal:
        logger.warning("instructions without the user's text: %s", refusal)
        return manual
    return joined(manual, skill) if isinstance(skill, str) else manual


async def personal(ctx: ServerRequestContext[object, object], call_next: CallNext) -> HandlerResult:
    """Server middleware: `initialize` and `server/discover` answer with the user's own instructions."""
    result = await call_next(ctx)
    if ctx.method not in {"initialize", "server/discover"}:
        return result
    text = await for_user(agent_of(ctx.request))
    if isinstance(result, BaseModel):
        return result.model_copy(update={"instructions": text})
    return {**result, "instructions": text} if isinstance(result, dict) else result
