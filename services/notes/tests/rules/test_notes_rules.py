"""The rules of notes: notes, blocks, courses, the recycle bin, versions, who sees what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.rules import Person, Service


def newcomer(notes: Service) -> Person:
    """Somebody who has been here: the first course and note, which everybody gets, are made and published."""
    person = notes.person()
    assert person.get("courses/").status_code == 200
    notes.rows("DELETE FROM outbox")
    return person


@pytest.fixture
def ann(notes: Service) -> Person:
    return newcomer(notes)


@pytest.fixture
def ben(notes: Service) -> Person:
    return newcomer(notes)


def note(person: Person, title: str = "A note", **more: Any) -> dict[str, Any]:
    return person.make("notes/", title=title, **more)


def read(person: Person, made: dict[str, Any]) -> dict[str, Any]:
    answer = person.get(f"notes/{made['id']}/")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def kinds(shown: dict[str, Any]) -> list[tuple[str, str]]:
    return [(block["block_type"], block["text"]) for block in shown["blocks"]]


def activities(notes: Service) -> list[tuple[str, int]]:
    rows = notes.rows(
        "SELECT envelope -> 'data' AS d FROM outbox WHERE subject = 'notes.activity.recorded' ORDER BY id"
    )
    return [(row["d"]["activity_type"], row["d"]["word_count"]) for row in rows]


@pytest.mark.parametrize(
    ("content", "blocks"),
    [
        ("", [("T", "A note")]),
        ("# Title\n\ntext", [("T", "Title"), ("N", "text")]),
        ("## Part", [("T", "A note"), ("S", "Part")]),
        ("one\n\ntwo\n## Part\nthree", [("T", "A note"), ("N", "one\n\ntwo"), ("S", "Part"), ("N", "three")]),
        ("```\n# code\n```", [("T", "A note"), ("N", "```\n# code\n```")]),
    ],
)
def test_content_becomes_blocks(ann: Person, content: str, blocks: list[tuple[str, str]]) -> None:
    shown = note(ann, content=content)
    assert kinds(shown) == blocks
    assert shown["content"] == content


def test_blocks_become_content(ann: Person) -> None:
    made = note(ann, "Code", content="# Code\n\ntext")
    answer = ann.post(f"notes/{made['id']}/blocks/", {"block_type": "C", "text": " x = 1 ", "args": "python"})
    assert answer.status_code == 201
    assert read(ann, made)["content"] == "# Code\n\ntext\n\n```python\nx = 1\n```"


def test_a_block_is_changed_and_removed(ann: Person) -> None:
    made = note(ann, content="# A\n\none\n\n## B\n\ntwo")
    ids = [block["id"] for block in made["blocks"]]
    changed = ann.patch(f"blocks/{ids[1]}/", {"text": "uno"})
    assert (changed.status_code, changed.json()["text"]) == (200, "uno")
    assert ann.delete(f"blocks/{ids[3]}/").status_code == 204
    assert read(ann, made)["content"] == "# A\n\nuno\n\n## B"
    assert [block["id"] for block in read(ann, made)["blocks"]] == ids[:3]


def test_blocks_are_put_into_another_order(ann: Person) -> None:
    made = note(ann, content="# A\n\none\n\n## B")
    ids = [block["id"] for block in made["blocks"]]
    order = [ids[0], ids[2], ids[1]]
    assert ann.post(f"notes/{made['id']}/reorder/", {"ordered_block_ids": order}).status_code == 200
    shown = read(ann, made)
    assert [block["id"] for block in shown["blocks"]] == order
    assert shown["content"] == "# A\n\n## B\n\none"


@pytest.mark.parametrize("field", [{"block_type": "X"}, {"block_type": "N", "args": "a" * 257}, {"text": "no type"}])
def test_a_block_that_cannot_be_changes_nothing(ann: Person, field: dict[str, str]) -> None:
    made = note(ann)
    assert ann.post(f"notes/{made['id']}/blocks/", field).status_code == 400
    assert read(ann, made)["blocks"] == made["blocks"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 101),
        ("title", None),
        ("note_type", "Z"),
        ("editor_mode", "Z"),
        ("is_public", "perhaps"),
    ],
)
def test_a_field_that_cannot_be_is_named(notes: Service, ann: Person, field: str, value: Any) -> None:
    answer = ann.post("notes/", {"title": "x", field: value})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert "notes.note.created" not in notes.events()


def test_the_same_draft_is_the_same_note(notes: Service, ann: Person, ben: Person) -> None:
    made = note(ann, "Draft", content="one", client_draft_id="d-1")
    again = ann.post("notes/", {"title": "Draft", "content": "two words", "client_draft_id": "d-1"})
    assert again.json()["id"] == made["id"]
    assert read(ann, made)["content"] == "two words"
    assert note(ben, client_draft_id="d-1")["id"] != made["id"]
    assert notes.events().count("notes.note.created") == 2


def test_a_draft_that_was_binned_comes_back_when_it_is_saved_again(notes: Service, ann: Person) -> None:
    made = note(ann, client_draft_id="d-1")
    ann.delete(f"notes/{made['id']}/")
    assert ann.post("notes/", {"title": "Again", "client_draft_id": "d-1"}).json()["id"] == made["id"]
    assert ann.get("notes/deleted/").json() == []
    assert [one for one in notes.events() if one.startswith("notes.note.")][-2:] == [
        "notes.note.trashed", "notes.note.restored",
    ]  # fmt: skip


def test_an_update_touches_what_was_sent(ann: Person) -> None:
    made = note(ann, content="text", description="about", is_public=True)
    shown = ann.patch(f"notes/{made['id']}/", {"title": "Other"}).json()
    assert (shown["title"], shown["content"], shown["description"]) == ("Other", "text", "about")
    assert shown["is_public"] is True
    assert shown["last_edit"] > made["last_edit"]
    assert shown["date_created"] == made["date_created"]


def test_written_words_are_counted_for_the_heatmap(notes: Service, ann: Person) -> None:
    made = note(ann, content="one two three")
    ann.patch(f"notes/{made['id']}/", {"content": "one two three four five"})
    kinds_and_words = activities(notes)
    assert kinds_and_words[0] == ("C", 3)
    assert kinds_and_words[1][0] == "E"
    assert kinds_and_words[1][1] > 0


def test_a_private_note_is_its_owners_alone(notes: Service, ann: Person, ben: Person) -> None:
    path = f"notes/{note(ann)['id']}/"
    refusals = [ben.get(path), ben.patch(path, {"title": "mine"}), ben.delete(path), notes.request("GET", path)]
    assert [answer.status_code for answer in refusals] == [400, 400, 400, 400]
    assert refusals[0].json() == [
        "Note not shown: Notes.Notes/access — this note is private, you have no permission to read it."
    ]
    assert ann.get(path).json()["title"] == "A note"


def test_a_public_note_is_read_by_all_and_written_by_its_owner(notes: Service, ann: Person, ben: Person) -> None:
    path = f"notes/{note(ann, is_public=True)['id']}/"
    assert (ann.get(path).json()["can_edit"], ben.get(path).json()["can_edit"]) == (True, False)
    assert notes.request("GET", path).json()["can_edit"] is False
    assert ben.patch(path, {"title": "mine"}).status_code == 403


def test_a_write_that_depends_on_what_was_seen(ann: Person) -> None:
    made = note(ann)

    def write(title: str, last_edit: str) -> int:
        seen = {"X-Internal-Expected": json.dumps({"last_edit": last_edit})}
        return ann.request("PATCH", f"notes/{made['id']}/", json={"title": title}, headers=seen).status_code

    assert write("First", made["last_edit"]) == 200
    assert write("Second", made["last_edit"]) == 412
    assert read(ann, made)["title"] == "First"


def test_the_bin_keeps_and_gives_back(notes: Service, ann: Person) -> None:
    made = note(ann, is_public=True, content="kept")
    path = f"notes/{made['id']}/"
    assert ann.delete(path).status_code == 204
    assert ann.get(path).status_code == 404
    (binned,) = ann.get("notes/deleted/").json()
    assert (binned["id"], binned["is_public"]) == (made["id"], False)
    restored = ann.post(f"{path}restore/")
    assert (restored.status_code, restored.json()["content"]) == (200, "kept")
    assert ann.get("notes/deleted/").json() == []
    assert [one for one in notes.events() if one.startswith("notes.note.")] == [
        "notes.note.created", "notes.note.trashed", "notes.note.restored",
    ]  # fmt: skip


def test_an_emptied_bin_is_empty_for_good(notes: Service, ann: Person, ben: Person) -> None:
    for person in (ann, ben):
        person.delete(f"notes/{note(person)['id']}/")
    assert ann.delete("notes/deleted/empty/").json()["count"] == 1
    assert (len(ann.get("notes/deleted/").json()), len(ben.get("notes/deleted/").json())) == (0, 1)
    assert notes.events().count("notes.note.purged") == 1
    binned = notes.rows("SELECT creator_id FROM notes WHERE deleted_at IS NOT NULL")
    assert binned == [{"creator_id": ben.id}]


def test_a_version_brings_the_text_back(ann: Person) -> None:
    made = note(ann, content="first")
    path = f"notes/{made['id']}/"
    version = ann.make(f"{path}snapshot/")
    ann.patch(path, {"content": "second"})
    assert ann.post(f"{path}restore/{version['id']}/").json()["content"] == "first"
    reasons = [one["content"] for one in ann.get(f"{path}history/").json()]
    assert "first" in reasons


def test_courses_stand_in_the_order_of_their_owner(ann: Person) -> None:
    ids = [ann.make("courses/", title=title)["id"] for title in ("A", "B", "C")]
    order = [ids[2], ids[0], ids[1]]
    assert ann.post("courses/reorder/", {"course_ids": order}).status_code == 200
    assert [one["id"] for one in ann.get("courses/").json() if one["id"] in ids] == order


def test_a_note_goes_into_a_known_course_only(ann: Person) -> None:
    course = ann.make("courses/", title="Algebra")
    made = note(ann, course_id=course["id"])
    assert made["course"]["title"] == "Algebra"
    assert ann.post("notes/", {"title": "x", "course_id": 999_999}).status_code == 404
    assert ann.patch(f"notes/{made['id']}/", {"course_id": 999_999}).status_code == 404


def test_a_course_is_changed_by_its_owner_alone(notes: Service, ann: Person, ben: Person) -> None:
    path = f"courses/{ann.make('courses/', title='Algebra')['id']}/"
    assert ben.patch(path, {"title": "mine"}).status_code == 403
    assert ann.patch(path, {"title": "Geometry"}).json()["title"] == "Geometry"
    assert [one for one in notes.events() if "course" in one] == ["notes.course.created", "notes.course.updated"]


def test_notes_of_a_deleted_course_stay(ann: Person) -> None:
    course = ann.make("courses/", title="Algebra")
    made = note(ann, course_id=course["id"])
    assert ann.delete(f"courses/{course['id']}/").status_code == 204
    assert read(ann, made)["course_id"] != course["id"]


def test_a_course_is_subscribed_to_and_left(ann: Person, ben: Person) -> None:
    path = f"courses/{ann.make('courses/', title='Algebra')['id']}/subscribe/"
    assert (ben.post(path).json()["is_subscribed"], ben.post(path).json()["subscriber_count"]) == (True, 1)
    assert ben.request("DELETE", path).json()["subscriber_count"] == 0
