"""Tools on courses (mcp §5.3)."""

from __future__ import annotations

from tests.support.mcp import Agent

BRIEF = {"id", "title", "slug", "description", "icon", "is_default"}


def test_5_3_create_read_change(agent: Agent) -> None:
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
    for arguments in ({"title": " "}, {"title": "x" * 121}, {"title": "geometry"}):
        agent.fails("create_course", **arguments)
    assert "icon" in agent.fails("create_course", title="Icons", icon="star")


def test_5_3_notes_of_a_course(agent: Agent, stranger: Agent) -> None:
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


def test_5_3_delete_course_moves_its_notes_to_the_inbox(agent: Agent) -> None:
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
    agent.fails("delete_course", course_id=inbox)
    agent.fails("get_course", course_id=course["id"])


def test_5_3_subscriptions(agent: Agent, stranger: Agent) -> None:
    course = stranger("create_course", title="Lectures")
    agent.fails("unsubscribe_course", course_id=course["id"])
    for _ in range(2):
        assert agent("subscribe_course", course_id=course["id"])["id"] == course["id"]
    assert agent.user.get(f"courses/{course['id']}/").json()["is_subscribed"] is True
    assert agent("unsubscribe_course", course_id=course["id"]) == {"unsubscribed": True, "course_id": course["id"]}
    assert agent.user.get(f"courses/{course['id']}/").json()["is_subscribed"] is False
    agent.fails("unsubscribe_course", course_id=course["id"])


def test_5_3_reorder_courses(agent: Agent, stranger: Agent) -> None:
    first, second = (agent("create_course", title=f"Order {name}")["id"] for name in "AB")
    foreign = stranger("create_course", title="Foreign")["id"]
    given = [second, foreign, "x", None, second, 999_999_999, first, True]
    assert agent("reorder_courses", course_ids=given) == {"reordered": [second, first]}
    orders = {row["id"]: row["sort_order"] for row in agent.user.get("courses/").json()}
    assert (orders[second], orders[first]) == (1, 2)
    assert agent("reorder_courses", course_ids=[]) == {"reordered": []}
    assert "course_ids" in agent.fails("reorder_courses", course_ids="many")
    assert "course_ids" in agent.fails("reorder_courses")


def test_5_3_foreign_courses(agent: Agent, stranger: Agent) -> None:
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
