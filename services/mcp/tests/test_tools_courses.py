"""Tools on courses (mcp §5.3)."""

from __future__ import annotations

from datetime import datetime

import psycopg
import pytest
from tests.support.mcp import Agent

from notechondria_launcher.stack import Stack

BRIEF = {"id", "title", "slug", "description", "icon", "is_default"}


@pytest.mark.contract("mcp §5.3", "mcp §4")
def test_a_course_is_created_read_and_changed(agent: Agent) -> None:
    made = agent("create_course", title="  Lattice theory  ", description="Groups", icon=58713)
    assert made.keys() == BRIEF
    assert (made["title"], made["slug"], made["description"], made["icon"]) == (
        "Lattice theory",
        "lattice-theory",
        "Groups",
        58713,
    )
    assert made in agent("list_courses")["courses"]
    changed = agent("update_course", course_id=made["id"], title="Geometry", icon=None)
    assert (changed["title"], changed["icon"], changed["description"]) == ("Geometry", None, "Groups")
    rest = agent.user.get(f"courses/{made['id']}/").json()
    assert {name: rest[name] for name in BRIEF} == changed
    assert agent("create_course", title="x" * 120)["slug"]
    assert agent("update_course", course_id=made["id"], description="only this")["title"] == "Geometry"
    for arguments in ({"title": " "}, {"title": "x" * 121}, {"title": "geometry"}):
        agent.fails("create_course", **arguments)
    assert "icon" in agent.fails("create_course", title="Icons", icon="star")


@pytest.mark.contract("mcp §5.3")
def test_slugs_are_those_of_rest(agent: Agent, stranger: Agent) -> None:
    """One home for the rule (mcp §6): notes §4.5 says how a slug is made unique."""
    slugs = [someone("create_course", title="Same Words")["slug"] for someone in (agent, stranger)]
    assert slugs == ["same-words", "same-words-2"]
    by_tool = agent("create_course", title="\u65e5\u672c")["slug"]
    by_rest = stranger.user.post("courses/", {"title": "\u65e5\u672c"}).json()["slug"]
    assert by_rest.startswith(by_tool.rstrip("0123456789").rstrip("-"))


@pytest.mark.contract("mcp §5.3")
def test_list_courses_lists_those_of_everybody(agent: Agent, stranger: Agent) -> None:
    foreign = stranger("create_course", title="Open to all")
    listed = agent("list_courses")["courses"]
    assert foreign in listed
    assert all(course.keys() == BRIEF for course in listed)
    assert [course["id"] for course in listed] == [course["id"] for course in agent.user.get("courses/").json()]


@pytest.mark.contract("mcp §5.3")
def test_private_notes_in_a_foreign_course_stay_private(agent: Agent, stranger: Agent) -> None:
    """[H]: not even the owner of the course sees them (notes §12, 1)."""
    course = agent("create_course", title="Shared shelf")["id"]
    private = stranger("create_note", title="Mine alone", course_id=course)["id"]
    for tool in ("get_course", "list_course_notes"):
        assert agent(tool, course_id=course)["notes"] == []
        assert [note["id"] for note in stranger(tool, course_id=course)["notes"]] == [private]


@pytest.mark.contract("mcp §5.3")
def test_the_owner_of_a_course_sees_all_its_notes(agent: Agent, stranger: Agent) -> None:
    course = agent("create_course", title="With notes")
    made = [agent("create_note", title=f"n{number}", course_id=course["id"])["id"] for number in range(22)]
    public = agent("create_note", title="for all", course_id=course["id"], is_public=True)["id"]
    seen = agent("get_course", course_id=course["id"])
    assert seen.keys() == BRIEF | {"notes"}
    assert [note["id"] for note in seen["notes"]] == [public, *reversed(made[3:])]
    assert [note["id"] for note in agent("list_course_notes", course_id=course["id"])["notes"]] == [
        public,
        *reversed(made),
    ]
    listed = stranger("list_course_notes", course_id=course["id"])
    assert (listed["course_id"], [note["id"] for note in listed["notes"]]) == (course["id"], [public])
    assert [note["id"] for note in stranger("get_course", course_id=course["id"])["notes"]] == [public]


@pytest.mark.contract("mcp §5.3")
def test_delete_course_moves_its_notes_to_the_inbox(agent: Agent) -> None:
    course = agent("create_course", title="Short-lived")
    note = agent("create_note", title="Moved", course_id=course["id"])
    deleted = agent("delete_course", course_id=course["id"])
    inbox = next(
        row["id"]
        for row in agent.user.get("courses/").json()
        if row["is_default"] and row["owner"]["username"] == agent.user.username
    )
    assert deleted == {"deleted": True, "notes_moved_to": inbox}
    assert agent("get_note", note_id=note["id"])["course_id"] == inbox
    assert "BadArgument" in agent.fails("delete_course", course_id=inbox)
    assert "BadArgument" in agent.fails("update_course", course_id=inbox, title="Renamed")
    agent.fails("get_course", course_id=course["id"])


def subscribed_at(stack: Stack, user_id: int, course_id: int) -> datetime:
    query = (
        "SELECT subscribed_at FROM notes.course_subscriptions WHERE creator_id = %s AND course_id = %s AND is_active"
    )
    with psycopg.connect(stack.database_url("notes")) as connection:
        (row,) = connection.execute(query, [user_id, course_id]).fetchall()
    found: datetime = row[0]
    return found


@pytest.mark.contract("mcp §5.3")
def test_a_course_is_subscribed_and_unsubscribed(agent: Agent, stranger: Agent, stack: Stack) -> None:
    course = stranger("create_course", title="Lectures")
    agent.fails("unsubscribe_course", course_id=course["id"])
    subscribed: list[datetime] = []
    for _ in range(2):
        assert agent("subscribe_course", course_id=course["id"])["id"] == course["id"]
        subscribed.append(subscribed_at(stack, agent.user.id, course["id"]))
    assert subscribed[0] < subscribed[1]  # the time is refreshed; the rows of the log are compared in test_same_rows.py
    assert agent.user.get(f"courses/{course['id']}/").json()["is_subscribed"] is True
    assert agent("unsubscribe_course", course_id=course["id"]) == {"unsubscribed": True, "course_id": course["id"]}
    assert agent.user.get(f"courses/{course['id']}/").json()["is_subscribed"] is False
    agent.fails("unsubscribe_course", course_id=course["id"])


@pytest.mark.contract("mcp §5.3", "decision 36")
def test_reorder_courses_skips_foreign_unknown_and_repeated_ids(agent: Agent, stranger: Agent) -> None:
    first, second = (agent("create_course", title=f"Order {name}")["id"] for name in "AB")
    foreign = stranger("create_course", title="Foreign")["id"]
    inbox = next(course["id"] for course in agent("list_courses")["courses"] if course["is_default"])
    given = [second, foreign, inbox, "x", None, second, 999_999_999, first, True]
    assert agent("reorder_courses", course_ids=given) == {"reordered": [second, first]}
    orders = {row["id"]: row["sort_order"] for row in agent.user.get("courses/").json()}
    assert (orders[second], orders[first]) == (1, 2)
    assert agent("reorder_courses", course_ids=[]) == {"reordered": []}
    assert "course_ids" in agent.fails("reorder_courses", course_ids="many")
    assert "course_ids" in agent.fails("reorder_courses")


@pytest.mark.contract("mcp §5.3")
def test_foreign_and_unknown_courses_cannot_be_changed(agent: Agent, stranger: Agent) -> None:
    foreign = stranger("create_course", title="Not yours")["id"]
    for tool in ("update_course", "delete_course"):
        assert "Forbidden" in agent.fails(tool, course_id=foreign)
    assert stranger("get_course", course_id=foreign)["title"] == "Not yours"
    for tool in (
        "get_course",
        "update_course",
        "delete_course",
        "list_course_notes",
        "subscribe_course",
        "unsubscribe_course",
    ):
        assert "NotFound" in agent.fails(tool, course_id=999_999_999)


@pytest.mark.contract("mcp §5.3", "apps §5")
def test_without_an_inbox_the_notes_of_a_deleted_course_have_none(agent: Agent) -> None:
    listed = agent.user.get("courses/").json()
    inbox = next(one["id"] for one in listed if one["is_default"])
    assert agent.user.delete(f"courses/{inbox}/").status_code == 204
    course = agent("create_course", title="Short")["id"]
    note = agent("create_note", title="Left over", course_id=course)
    assert agent("delete_course", course_id=course) == {"deleted": True}
    assert agent("get_note", note_id=note["id"])["course_id"] is None
