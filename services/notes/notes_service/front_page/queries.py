"""Reads of the front page and the activity list."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam

from notechondria_shared.db import prepare
from notes_service.courses.queries import FIRST
from notes_service.models import Note
from notes_service.summaries.queries import NEWEST, SummaryRow, live, summaries

COURSES_SHOWN, NOTES_SHOWN, LATEST_SHOWN = 6, 12, 10

COURSES = FIRST
RECOMMENDED = prepare(summaries().where(Note.is_public, *live()).order_by(*NEWEST).limit(NOTES_SHOWN), SummaryRow)
LATEST = prepare(
    summaries()
    .where(Note.creator_id == bindparam("user_id", type_=BigInteger), *live())
    .order_by(*NEWEST)
    .limit(LATEST_SHOWN),
    SummaryRow,
)
