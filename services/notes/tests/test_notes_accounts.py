"""Authors: Inbox and welcome note (notes §11.1), and identity's events (ADR 0003)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from tests.support.client import Api, User, eventually

from notechondria_launcher.stack import Stack


def publish(look: Any, subject: str, **data: Any) -> str:
    """Publish an event of identity; its event id."""
    event_id = str(uuid4())
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/notechondria/identity",
        "type": subject,
        "subject": f"users/{data['user_id']}",
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    look._connection.execute(
        "INSERT INTO identity.outbox (event_id, subject, envelope) VALUES (%s, %s, %s)",
        (event_id, subject, json.dumps(envelope)),
    )
    return event_id


def await_consumed(look: Any, event_id: str) -> None:
    eventually(lambda: look.all("SELECT 1 FROM notes.inbox WHERE event_id = %s", event_id))


def state(user: User, **changes: Any) -> dict[str, Any]:
    return {
        "user_id": user.id,
        "username": user.username,
        "image_path": "",
        "editor_mode": "P",
        "is_active": True,
        **changes,
    }


def inboxes(user: User) -> list[dict[str, Any]]:
    return [course for course in user.get("courses/").json() if course["is_default"]]


@pytest.mark.contract("notes §11.1", "notes §2.1", "notes §3.2", "notes §4.6", "notes §9.1")
def test_a_new_account_has_inbox_and_welcome_note(mine: User, look: Any) -> None:
    (inbox,) = inboxes(mine)
    assert (inbox["title"], inbox["description"], inbox["is_default"]) == ("Inbox", "Default category", True)
    assert inbox["slug"] == f"inbox-{mine.id}"
    assert inbox["owner"]["username"] == mine.username
    (welcome,) = mine.get("notes/").json()
    assert "Welcome to Notechondria" in welcome["title"]
    assert (welcome["editor_mode"], welcome["is_public"], welcome["course_id"]) == ("G", False, inbox["id"])
    assert welcome["description"]
    detail = mine.get(f"notes/{welcome['id']}/").json()
    assert [block["block_type"] for block in detail["blocks"]] == ["T", "N"]
    assert (detail["blocks"][0]["text"], detail["blocks"][1]["text"]) == (welcome["title"], detail["content"])
    assert look.events("activity.recorded", user_id=mine.id) == []
    assert [event["title"] for event in look.events("course.created", user_id=mine.id)] == ["Inbox"]
    assert [event["note_id"] for event in look.events("note.created", user_id=mine.id)] == [welcome["id"]]


@pytest.mark.contract("notes §11.1")
def test_activation_seeds_without_a_visit(api: Api, look: Any) -> None:
    user = api.register()
    query = "SELECT count(*) FROM notes.notes WHERE creator_id = %s"
    assert eventually(lambda: look.one(query, user.id)) == 1


@pytest.mark.contract("notes §11.1", "notes §4.6")
def test_many_first_requests_seed_once(api: Api, look: Any) -> None:
    for _ in range(3):
        user = api.register()
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda path, who=user: who.get(path), ["courses/", "notes/"] * 4))
        assert {answer.status_code for answer in answers} == {200}
        assert all(len(answer.json()) == 1 for answer in answers[1::2])
        eventually(lambda: look.all("SELECT 1 FROM notes.authors WHERE user_id = %s AND revision > 0", user.id))
        assert look.one("SELECT count(*) FROM notes.courses WHERE creator_id = %s", user.id) == 1
        assert look.one("SELECT count(*) FROM notes.notes WHERE creator_id = %s", user.id) == 1


@pytest.mark.contract("notes §11.1")
def test_first_contact_does_not_wait_for_the_bus(api: Api, stack: Stack, look: Any) -> None:
    stack.stop_part("nats")
    try:
        user = api.register()
        assert len(inboxes(user)) == 1
        (welcome,) = user.get("notes/").json()
        assert user.delete(f"notes/{welcome['id']}/").status_code == 204
        assert look.one("SELECT revision FROM notes.authors WHERE user_id = %s", user.id) == 0
    finally:
        stack.start_part("nats")
    eventually(lambda: look.one("SELECT revision FROM notes.authors WHERE user_id = %s", user.id), 30)
    # The event of the activation, late, does not make the deleted note again.
    assert user.get("notes/").json() == []
    assert len(inboxes(user)) == 1


@pytest.mark.contract("notes §3.1")
def test_updated_events_change_the_author_and_old_ones_do_not(mine: User, look: Any) -> None:
    mine.get("notes/")
    await_consumed(
        look,
        publish(look, "identity.user.updated", revision=50, **state(mine, username="renamed", image_path="a/b.png")),
    )
    author = mine.get("notes/").json()[0]["author"]
    assert (author["id"], author["username"], author["display_name"]) == (mine.id, "renamed", "renamed")
    assert author["image_url"] == mine.api.url("/media/a/b.png")
    await_consumed(look, publish(look, "identity.user.updated", revision=49, **state(mine, username="late")))
    assert mine.get("notes/").json()[0]["author"]["username"] == "renamed"
    await_consumed(look, publish(look, "identity.user.activated", revision=51, **state(mine, username="again")))
    assert mine.get("notes/").json()[0]["author"]["username"] == "again"
    assert len(inboxes(mine)) == 1


@pytest.mark.contract("notes §3.1")
def test_an_authors_picture_has_a_url_before_it_is_known(mine: User, look: Any) -> None:
    mine.get("notes/")
    await_consumed(look, publish(look, "identity.user.updated", revision=50, **state(mine)))
    url = mine.get("notes/").json()[0]["author"]["image_url"]
    assert url == mine.api.url(f"/media/user_upload/user_{mine.id}/profile_pic/profile_latest.png")


@pytest.mark.contract("notes §2.1", "notes §2.5")
def test_a_deleted_account_takes_everything_along(mine: User, other: User, stack: Stack, look: Any) -> None:
    course = mine.post("courses/", {"title": "Going"}).json()["id"]
    hosted = other.post("courses/", {"title": "Staying"}).json()["id"]
    own = mine.post("notes/", {"title": "own", "content": "text", "course_id": hosted, "is_public": True}).json()
    binned = mine.post("notes/", {"title": "binned"}).json()["id"]
    mine.delete(f"notes/{binned}/")
    foreign = other.post("notes/", {"title": "foreign", "course_id": course}).json()
    comment = other.post("notes/", {"title": "c", "note_type": "C", "source_note_uuid": own["uuid"]}).json()["id"]
    upload = stack.data / "media" / "user_upload" / f"user_{mine.id}" / "notes" / "note_1" / "a.txt"
    upload.parent.mkdir(parents=True)
    upload.write_text("mine")

    answer = mine.request("DELETE", "auth/account/", json={"password": mine.password})
    assert answer.status_code == 204, answer.text
    eventually(lambda: look.all("SELECT 1 FROM notes.deleted_users WHERE user_id = %s", mine.id))
    for table in ("notes", "courses", "note_blocks", "recycle_bin_entries"):
        assert look.one(f"SELECT count(*) FROM notes.{table} WHERE creator_id = %s", mine.id) == 0
    assert look.one("SELECT count(*) FROM notes.authors WHERE user_id = %s", mine.id) == 0
    eventually(lambda: not upload.exists(), what="the files are deleted after the commit")

    left = other.get(f"notes/{foreign['id']}/").json()
    assert (left["course_id"], left["last_edit"]) == (None, foreign["last_edit"])
    assert other.get(f"notes/{comment}/").json()["source_note_uuid"] is None
    assert other.get(f"notes/{own['id']}/").status_code == 404
    assert other.get(f"courses/{course}/").status_code == 404
    deleted = {event["course_id"] for event in look.events("course.deleted", user_id=mine.id)}
    assert course in deleted
    assert len(deleted) == 2
    assert look.events("note.updated", note_id=foreign["id"])[-1]["course_id"] is None

    # Late events bring nothing back, and the old token is refused.
    for subject in ("identity.user.activated", "identity.user.updated"):
        await_consumed(look, publish(look, subject, revision=99, **state(mine)))
    assert look.one("SELECT count(*) FROM notes.authors WHERE user_id = %s", mine.id) == 0
    assert eventually(lambda: mine.get("notes/").status_code == 401)
    assert mine.post("notes/", {"title": "ghost"}).status_code == 401
    await_consumed(look, publish(look, "identity.user.deleted", user_id=mine.id, revision=100))


def test_a_caller_whose_account_is_gone_cannot_write(mine: User, look: Any) -> None:
    """The event can be faster than the revocation of the credential that a replica has cached."""
    mine.get("notes/")
    await_consumed(look, publish(look, "identity.user.deleted", user_id=mine.id, revision=99))
    for answer in (mine.get("notes/"), mine.post("notes/", {"title": "ghost"}), mine.post("courses/", {"title": "g"})):
        assert answer.status_code == 401
    assert look.one("SELECT count(*) FROM notes.authors WHERE user_id = %s", mine.id) == 0


@pytest.mark.contract("notes §1")
def test_an_api_key_opens_the_same_doors(mine: User, api: Api) -> None:
    headers = {"Authorization": f"Bearer {mine.rotate_key()}"}
    made = api.post("notes/", {"title": "by key"}, headers=headers)
    assert made.status_code == 201
    assert mine.get(f"notes/{made.json()['id']}/").json()["can_edit"] is True
    bad = api.get("notes/", headers={"Authorization": f"Bearer ntc_{'0' * 32}"})
    assert (bad.status_code, bad.json()) == (401, {"detail": "Invalid API key."})


def test_files_that_cannot_be_deleted_are_tried_again_until_they_are_gone(mine: User, stack: Stack, look: Any) -> None:
    mine.get("notes/")
    folder = stack.data / "media" / "user_upload" / f"user_{mine.id}" / "notes" / "note_1"
    # A folder where a file is to be deleted makes the store fail.
    (folder / "stubborn" / "inside").mkdir(parents=True)
    path = f"user_upload/user_{mine.id}/notes/note_1/stubborn"
    note = mine.post("notes/", {"title": "t"}).json()["id"]
    look._connection.execute("UPDATE notes.notes SET cover_image = %s WHERE id = %s", (path, note))
    queued = "SELECT count(*) FROM notes.file_deletions WHERE path = %s"
    await_consumed(look, publish(look, "identity.user.deleted", user_id=mine.id, revision=99))
    # The account does not wait for the store; what is to be deleted stands in a row.
    assert look.one("SELECT count(*) FROM notes.authors WHERE user_id = %s", mine.id) == 0
    assert look.one(queued, path) == 1
    (folder / "stubborn" / "inside").rmdir()
    (folder / "stubborn").rmdir()
    eventually(lambda: look.one(queued, path) == 0, what="the deletion is done")


def seed_again(look: Any, user: User) -> None:
    """As if the account had just been activated."""
    look._connection.execute("UPDATE notes.authors SET seeded_at = NULL WHERE user_id = %s", (user.id,))
    await_consumed(look, publish(look, "identity.user.activated", revision=60, **state(user)))


@pytest.mark.contract("notes §11.1")
def test_an_inbox_with_a_note_gets_no_welcome(mine: User, look: Any) -> None:
    (inbox,) = inboxes(mine)
    (welcome,) = mine.get("notes/").json()
    mine.delete(f"notes/{welcome['id']}/")
    kept = mine.post("notes/", {"title": "own", "course_id": inbox["id"]}).json()
    seed_again(look, mine)
    assert [note["id"] for note in mine.get("notes/").json()] == [kept["id"]]
    mine.delete(f"notes/{kept['id']}/")
    seed_again(look, mine)
    assert [note["title"] for note in mine.get("notes/").json()] == [welcome["title"]]
    assert [box["id"] for box in inboxes(mine)] == [inbox["id"]]


@pytest.mark.contract("notes §11.1")
def test_the_slug_of_an_inbox_may_be_taken(mine: User, other: User, look: Any) -> None:
    mine.get("courses/")
    look._connection.execute("DELETE FROM notes.courses WHERE creator_id = %s", (mine.id,))
    taken = other.post("courses/", {"title": f"Inbox {mine.id}"}).json()
    assert taken["slug"] == f"inbox-{mine.id}"
    seed_again(look, mine)
    (inbox,) = inboxes(mine)
    assert inbox["slug"] == f"inbox-{mine.id}-2"
