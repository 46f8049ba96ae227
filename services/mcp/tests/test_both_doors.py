"""What is made through MCP and what is made through REST leave the same rows behind (mcp §6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from tests.support.client import Api, User, eventually
from tests.support.mcp import Agent

from notechondria_local.stack import Stack

OWNERS = ("creator_id", "user_id", "owner_id")
TABLES = """
SELECT c.table_schema, c.table_name, min(c.column_name) AS owner FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema IN ('notes', 'planner') AND c.column_name = ANY(%s) AND t.table_type = 'BASE TABLE'
  AND c.table_name <> 'deleted_users'
GROUP BY 1, 2 ORDER BY 1, 2
"""
FROM_ROW_TO_ROW = ("_id", "_at", "uuid", "slug", "revision", "last_edit", "date_created", "username", "image_path")


def by_mcp(agent: Agent) -> None:
    course = agent("create_course", title="Algebra", description="d", icon=7)["id"]
    other = agent("create_course", title="Biology")["id"]
    agent("update_course", course_id=course, description="groups")
    agent("reorder_courses", course_ids=[other, course])
    agent("subscribe_course", course_id=course)
    agent("subscribe_course", course_id=other)
    agent("unsubscribe_course", course_id=other)
    note = agent("create_note", title="N", content="# N\n\nsome words here", description="about", course_id=course)
    version = agent("snapshot_note", note_id=note["id"])["version_id"]
    agent("update_note", note_id=note["id"], content="# N\n\nquite other words", is_public=True)
    agent("restore_note_version", note_id=note["id"], version_id=version)
    gone = agent("create_note", title="Gone", content="text")["id"]
    agent("delete_note", note_id=gone)
    back = agent("create_note", title="Back")["id"]
    agent("delete_note", note_id=back)
    agent("restore_deleted_note", note_id=back)
    session = agent("create_note_session", note_id=note["id"], summary="s")["id"]
    agent("end_note_session", session_id=session, title="t")
    event = agent("create_event", title="E", event_date="2031-05-09", course_id=course, difficulty_weight=2)["id"]
    agent("update_event", event_id=event, starts_at="2031-05-10T08:00:00Z", is_completed=True)
    agent("delete_event", event_id=agent("create_event", title="X", event_date="2031-05-09")["id"])
    feed = agent("create_calendar_feed", title="F", raw_ical="BEGIN:VCALENDAR\nEND:VCALENDAR", course_id=course)["id"]
    agent("update_calendar_feed", feed_id=feed, is_enabled=False)
    agent("delete_course", course_id=other)


def by_rest(user: User) -> None:
    def made(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = user.post(path, body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    course = made("courses/", {"title": "Algebra", "description": "d", "icon": 7})["id"]
    other = made("courses/", {"title": "Biology"})["id"]
    user.patch(f"courses/{course}/", {"description": "groups"})
    user.post("courses/reorder/", {"course_ids": [other, course]})
    made(f"courses/{course}/subscribe/")
    made(f"courses/{other}/subscribe/")
    user.delete(f"courses/{other}/subscribe/")
    body = {"title": "N", "content": "# N\n\nsome words here", "description": "about", "course_id": course}
    note = made("notes/", body)["id"]
    version = made(f"notes/{note}/snapshot/", {"reason": "mcp"})["id"]
    user.patch(f"notes/{note}/", {"content": "# N\n\nquite other words", "is_public": True})
    made(f"notes/{note}/restore/{version}/", {"reason": "before_restore_mcp"})  # the word of its own (mcp §5.6)
    user.delete(f"notes/{made('notes/', {'title': 'Gone', 'content': 'text'})['id']}/")
    back = made("notes/", {"title": "Back"})["id"]
    user.delete(f"notes/{back}/")
    made(f"notes/{back}/restore/")
    session = made("note-sessions/", {"note_id": note, "summary": "s"})["id"]
    user.patch(f"note-sessions/{session}/", {"title": "t", "ended_at": "2031-01-01T00:00:00Z"})
    body = {"title": "E", "event_date": "2031-05-09", "course_id": course, "difficulty_weight": 2}
    event = made("planner-events/", body)["id"]
    user.patch(f"planner-events/{event}/", {"starts_at": "2031-05-10T08:00:00Z", "is_completed": True})
    user.delete(f"planner-events/{made('planner-events/', {'title': 'X', 'event_date': '2031-05-09'})['id']}/")
    body = {"title": "F", "raw_ical": "BEGIN:VCALENDAR\nEND:VCALENDAR", "course_id": course}
    user.patch(f"calendar-feeds/{made('calendar-feeds/', body)['id']}/", {"is_enabled": False})
    user.delete(f"courses/{other}/")


def rows(database: psycopg.Connection[dict[str, Any]], user_id: int) -> Iterator[tuple[str, list[str]]]:
    """Each table with the user's rows, without what differs from row to row."""
    for table in database.execute(TABLES, [list(OWNERS)]).fetchall():
        name = sql.Identifier(table["table_schema"], table["table_name"])
        query = sql.SQL("SELECT * FROM {} WHERE {} = %s").format(name, sql.Identifier(table["owner"]))
        found = [
            repr(
                sorted(
                    (key, str(value)) for key, value in row.items() if key != "id" and not key.endswith(FROM_ROW_TO_ROW)
                )
            )
            for row in database.execute(query, [user_id]).fetchall()
        ]
        yield f"{table['table_schema']}.{table['table_name']}", sorted(found)


def test_6_both_doors_leave_the_same_rows(api: Api, stack: Stack) -> None:
    one, two = Agent(api, api.register()), api.register()
    for path in ("notes/", "courses/"):
        one.user.get(path)
        two.get(path)
    by_mcp(one)
    by_rest(two)
    with psycopg.connect(stack.admin_database_url, autocommit=True, row_factory=dict_row) as database:

        def settled() -> bool:
            return dict(rows(database, one.user.id)) == dict(rows(database, two.id))

        try:
            eventually(settled, what="the same rows")  # the planner hears of the notes a moment later
        except AssertionError:
            assert dict(rows(database, one.user.id)) == dict(rows(database, two.id))
        seen = {name for name, found in rows(database, one.user.id) if found}
    assert {"notes.notes", "notes.courses", "planner.planner_events", "planner.calendar_feeds"} <= seen
