"""Changing, ordering, subscribing to and reading courses (notes §4)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.client import Api, User

OFFSET = re.compile(r".*\+00:00")


def course(user: User, title: str, **more: Any) -> dict[str, Any]:
    answer = user.post("courses/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def inbox(user: User) -> dict[str, Any]:
    return next(c for c in user.get("courses/").json() if c["is_default"] and c["owner"]["id"] == user.id)


def own(user: User) -> list[str]:
    return [c["title"] for c in user.get("courses/").json() if c["owner"] and c["owner"]["id"] == user.id]


@pytest.mark.contract("notes §4.2", "notes §1", "notes §3.2", "notes §4.1", "notes §4.5")
def test_patch_changes_what_is_sent(mine: User, look: Any) -> None:
    made = course(mine, "Algebra", description="d", icon=5, client_course_id="x")
    path = f"courses/{made['id']}/"
    changed = mine.patch(path, {"title": " Linear Algebra ", "client_course_id": "y"})
    assert changed.status_code == 200
    assert changed.json() == {**made, "title": "Linear Algebra"}  # the slug stays
    assert mine.patch(path, {"description": None, "icon": None}).json() == {
        **made, "title": "Linear Algebra", "description": "", "icon": None,
    }  # fmt: skip
    assert mine.patch(path, {"title": "LINEAR algebra"}).json()["title"] == "LINEAR algebra"
    assert [event["title"] for event in look.events("course.updated", course_id=made["id"])] == [
        "Linear Algebra", "Linear Algebra", "LINEAR algebra",
    ]  # fmt: skip


@pytest.mark.contract("notes §4.2", "notes §4.1")
def test_a_course_patch_is_decided_in_the_order_of_the_contract(mine: User, other: User, api: Api) -> None:
    made = course(mine, "One")
    course(mine, "Two")
    path = f"courses/{made['id']}/"
    assert api.request("PATCH", "courses/999999999/", json={"title": ""}).status_code == 401
    assert other.patch("courses/999999999/", {"title": ""}).status_code == 404
    refused = other.patch(path, {"title": ""})
    assert (refused.status_code, list(refused.json())) == (403, ["detail"])
    for bad in ({"title": ""}, {"title": None}, {"title": "x" * 121}, {"icon": "x"}, {"title": True}):
        answer = mine.patch(path, bad)
        assert (answer.status_code, list(answer.json())) == (400, list(bad))
    taken = mine.patch(path, {"title": "tWO"})
    assert (taken.status_code, list(taken.json())) == (400, ["detail"])
    assert mine.patch(path, {}).json() == made


@pytest.mark.contract("notes §4.6", "notes §4.2")
def test_the_inbox_keeps_its_name(mine: User) -> None:
    box = inbox(mine)
    path = f"courses/{box['id']}/"
    for title in ("Other", "INBOX"):
        assert list(mine.patch(path, {"title": title}).json()) == ["detail"]
    changed = mine.patch(path, {"title": "Inbox", "description": "mine", "icon": 7})
    assert (changed.status_code, changed.json()["description"], changed.json()["icon"]) == (200, "mine", 7)
    taken = mine.patch(f"courses/{course(mine, 'Plain')['id']}/", {"title": "inbox"})
    assert (taken.status_code, list(taken.json())) == (400, ["detail"])


@pytest.mark.contract("notes §4.4", "notes §2.1", "notes §3.2", "notes §4.1")
def test_courses_are_reordered_and_odd_ids_skipped(mine: User, other: User, api: Api) -> None:
    ids = [course(mine, name)["id"] for name in "ABC"]
    theirs = course(other, "Theirs")["id"]
    a, b, c = ids
    wanted = [c, "x", None, True, theirs, inbox(mine)["id"], c, 999999999, str(a), 1.5, {}, -1]
    answer = mine.post("courses/reorder/", {"course_ids": wanted})
    assert answer.status_code == 200
    assert [(one["title"], one["sort_order"]) for one in answer.json()] == [("Inbox", 0), ("C", 1), ("A", 2), ("B", 0)]
    assert other.get(f"courses/{theirs}/").json()["sort_order"] == 0
    assert own(mine) == ["Inbox", "C", "A", "B"]
    assert [one["title"] for one in mine.post("courses/reorder/", {"course_ids": [b]}).json()] == [
        "Inbox", "B", "C", "A",
    ]  # fmt: skip
    assert mine.post("courses/reorder/", {"course_ids": []}).status_code == 200
    for bad in ({}, {"course_ids": None}, {"course_ids": "1"}, {"course_ids": {"a": 1}}):
        refused = mine.post("courses/reorder/", bad)
        assert (refused.status_code, list(refused.json())) == (400, ["detail"])
    assert api.post("courses/reorder/", {"course_ids": []}).status_code == 401


@pytest.mark.contract("notes §4.8", "notes §2.1", "notes §3.1", "notes §3.2", "notes §4.1", "notes §12")
def test_notes_of_a_course_are_shown_by_visibility(mine: User, other: User, api: Api, look: Any) -> None:
    made = course(mine, "Read")
    path = f"courses/{made['id']}/notes/"
    assert mine.get(path).json() == []
    for user, title, public in (
        (mine, "own private", False),
        (mine, "own public", True),
        (other, "their private", False),
        (other, "their public", True),
    ):
        user.post("notes/", {"title": title, "is_public": public, "course_id": made["id"]})
    gone = mine.post("notes/", {"title": "gone", "is_public": True, "course_id": made["id"]}).json()
    mine.delete(f"notes/{gone['id']}/")

    def titles(reader: User | Api) -> list[str]:
        return [note["title"] for note in reader.get(path).json()]

    assert titles(mine) == ["their public", "own public", "own private"]
    assert titles(other) == ["their public", "their private", "own public"]
    assert titles(api) == ["their public", "own public"]
    look._connection.execute("UPDATE notes.courses SET creator_id = NULL WHERE id = %s", (made["id"],))
    assert titles(api) == ["their public", "own public"]
    assert api.get(f"courses/{made['id']}/").json()["owner"] is None
    assert mine.patch(f"courses/{made['id']}/", {}).status_code == 403
    assert mine.get("courses/999999999/notes/").status_code == 404
    assert api.post(path).status_code == 405


@pytest.mark.contract("notes §4.9", "notes §1", "notes §2.3", "notes §2.4", "notes §3.2", "notes §4.1")
def test_a_course_is_subscribed_opened_and_unsubscribed(mine: User, other: User, api: Api, look: Any) -> None:
    made = course(other, "Taught")
    path = f"courses/{made['id']}/"
    assert mine.post(f"{path}open/").status_code == 404
    assert mine.delete(f"{path}subscribe/").status_code == 404
    joined = mine.post(f"{path}subscribe/")
    assert joined.status_code == 200
    assert joined.json() == {**made, "is_subscribed": True, "subscriber_count": 1, "last_opened_at": None}
    opened = mine.post(f"{path}open/").json()
    assert OFFSET.fullmatch(opened["last_opened_at"])
    assert other.get(path).json()["last_opened_at"] is None
    anonymous = api.get(path).json()
    assert (anonymous["is_subscribed"], anonymous["subscriber_count"]) == (False, 1)
    left = mine.delete(f"{path}subscribe/")
    assert (left.status_code, left.json()) == (200, {**made, "last_opened_at": None})
    assert mine.post(f"{path}open/").status_code == 404
    again = mine.post(f"{path}subscribe/").json()
    assert again["last_opened_at"] == opened["last_opened_at"]
    assert other.post(f"{path}subscribe/").json()["subscriber_count"] == 2  # own courses too
    log = look.all(
        "SELECT operation_type, creator_id FROM notes.course_operations WHERE course_id = %s ORDER BY id", made["id"]
    )
    assert [(row["operation_type"], row["creator_id"]) for row in log] == [
        ("subscribe", mine.id), ("open", mine.id), ("unsubscribe", mine.id), ("subscribe", mine.id),
        ("subscribe", other.id),
    ]  # fmt: skip


@pytest.mark.contract("notes §4.9", "notes §4.1")
@pytest.mark.parametrize(("method", "end"), [("POST", "subscribe/"), ("DELETE", "subscribe/"), ("POST", "open/")])
def test_login_comes_before_unknown_courses(mine: User, api: Api, method: str, end: str) -> None:
    assert api.request(method, f"courses/999999999/{end}").status_code == 401
    unknown = mine.request(method, f"courses/999999999/{end}")
    assert (unknown.status_code, list(unknown.json())) == (404, ["detail"])


@pytest.mark.contract("notes §4.9", "notes §2.3")
def test_subscribing_at_once_makes_one_subscription(mine: User, other: User) -> None:
    path = f"courses/{course(other, 'Popular')['id']}/subscribe/"
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: mine.post(path), range(16))} == {200}
    assert mine.post(path).json()["subscriber_count"] == 1


@pytest.mark.contract("notes §4.3")
def test_subscribed_courses_come_before_the_rest(mine: User, other: User) -> None:
    marks = {name: course(other, f"{name} {mine.id}")["id"] for name in ("Aa", "Bb", "Cc")}
    for name in ("Bb", "Cc"):
        mine.post(f"courses/{marks[name]}/subscribe/")
    mine.post(f"courses/{marks['Bb']}/open/")
    seen = [c["id"] for c in mine.get("courses/").json() if c["id"] in marks.values()]
    assert seen == [marks["Bb"], marks["Cc"], marks["Aa"]]


@pytest.mark.contract("notes §4.7", "notes §2.3")
def test_deletion_takes_subscriptions_and_log_along(mine: User, other: User, look: Any) -> None:
    made = course(mine, "Short lived")["id"]
    other.post(f"courses/{made}/subscribe/")
    assert mine.delete(f"courses/{made}/").status_code == 204
    for table in ("course_subscriptions", "course_operations"):
        assert look.one(f"SELECT count(*) FROM notes.{table} WHERE course_id = %s", made) == 0
    assert other.post(f"courses/{made}/open/").status_code == 404
