"""Creating notes (notes §3.4, §5.4, §5.5)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.client import Api, User

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def make(user: User, title: str | int = "A note", **more: Any) -> dict[str, Any]:
    answer = user.post("notes/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def kinds(note: dict[str, Any]) -> list[tuple[str, str]]:
    return [(block["block_type"], block["text"]) for block in note["blocks"]]


@pytest.mark.contract("notes §3.4", "notes §1", "notes §2.5", "notes §3.3", "notes §3.5", "notes §5.2")
def test_a_note_detail_has_every_key(mine: User) -> None:
    course = mine.post("courses/", {"title": "Algebra"}).json()
    note = make(
        mine,
        "Eigenvalues",
        description="Two proofs",
        content="# Eigenvalues\n\nA scalar is…\n\nsecond\nthird\nfourth",
        metadata_json='{"course_id": 41}',
        custom_meta='{"a": 1}',
        editor_mode="G",
        course_id=course["id"],
    )
    assert UUID.fullmatch(note["uuid"])
    assert TIMESTAMP.fullmatch(note["last_edit"])
    assert TIMESTAMP.fullmatch(note["date_created"])
    blocks = note.pop("blocks")
    assert note == {
        "id": note["id"],
        "uuid": note["uuid"],
        "title": "Eigenvalues",
        "description": "Two proofs",
        "excerpt": "A scalar is…\n\nsecond\nthird\nfourth",
        "preview_lines": ["A scalar is…", "second", "third"],
        "editor_mode": "G",
        "note_type": "N",
        "is_public": False,
        "last_edit": note["last_edit"],
        "date_created": note["date_created"],
        "course_id": course["id"],
        "course": {"id": course["id"], "title": "Algebra", "slug": course["slug"]},
        "author": course["owner"],
        "source_note_uuid": None,
        "cover_image_url": "",
        "content": "# Eigenvalues\n\nA scalar is…\n\nsecond\nthird\nfourth",
        "metadata_json": '{"course_id": 41}',
        "custom_meta": '{"a": 1}',
    }
    assert set(blocks[0]) == {
        "id", "block_type", "text", "args", "is_AI_generated", "image_url", "date_created", "last_edit"
    }  # fmt: skip
    assert (blocks[0]["block_type"], blocks[0]["text"], blocks[0]["args"]) == ("T", "Eigenvalues", None)
    assert TIMESTAMP.fullmatch(blocks[0]["date_created"])
    assert isinstance(note["id"], int)
    assert mine.get(f"notes/{note['id']}/").json() == {**note, "blocks": blocks, "can_edit": True}


@pytest.mark.contract("notes §5.4", "notes §2.5")
def test_a_note_of_a_title_alone_has_defaults(mine: User) -> None:
    note = make(mine, "Bare")
    assert (note["description"], note["content"], note["metadata_json"], note["custom_meta"]) == ("", "", "", "")
    assert (note["is_public"], note["course_id"], note["note_type"], note["editor_mode"]) == (False, None, "N", "P")
    assert (note["excerpt"], note["preview_lines"]) == ("", [])
    assert kinds(note) == [("T", "Bare")]


@pytest.mark.contract("notes §5.4", "notes §1", "notes §2.5", "notes §5.2", "notes §6.1", "decision 9")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": None}, "title"),
        ({"title": " \n "}, "title"),
        ({"title": "x" * 101}, "title"),
        ({"title": {"a": 1}}, "title"),
        ({"title": "nul\u0000"}, "title"),
        ({"description": "x" * 601}, "description"),
        ({"description": []}, "description"),
        ({"content": None}, "content"),
        ({"content": True}, "content"),
        ({"content": "a\u0000"}, "content"),
        ({"markdown": {}}, "markdown"),
        ({"metadata_json": {"an": "object"}}, "metadata_json"),
        ({"custom_meta": [1]}, "custom_meta"),
        ({"is_public": None}, "is_public"),
        ({"is_public": "perhaps"}, "is_public"),
        ({"course_id": "seven"}, "course_id"),
        ({"course_id": 1.5}, "course_id"),
        ({"client_draft_id": "x" * 65}, "client_draft_id"),
        ({"editor_mode": "X"}, "editor_mode"),
        ({"note_type": "Q"}, "note_type"),
        ({"source_note_uuid": "no-uuid"}, "source_note_uuid"),
        ({"blocks": None}, "blocks"),
        ({"blocks": "text"}, "blocks"),
        ({"blocks": [1]}, "blocks"),
        ({"blocks": [{"block_type": "Z"}]}, "blocks"),
        ({"blocks": [{"args": "x" * 257}]}, "blocks"),
        ({"blocks": [{"text": ["x"]}]}, "blocks"),
    ],
)
def test_a_bad_note_names_the_failing_field(mine: User, body: dict[str, Any], field: str) -> None:
    created = mine.post("notes/", {"title": "fine", **body})
    assert created.status_code == 400
    assert list(created.json()) == [field]
    assert all(isinstance(text, str) for text in created.json()[field])
    note = make(mine)
    patched = mine.patch(f"notes/{note['id']}/", body)
    assert (patched.status_code, list(patched.json())) == (400, [field])


@pytest.mark.contract("notes §5.4", "notes §1")
def test_all_failing_fields_together(mine: User) -> None:
    answer = mine.post("notes/", {"content": None, "course_id": "x"})
    assert answer.status_code == 400
    assert set(answer.json()) == {"title", "content", "course_id"}
    assert answer.json()["title"] == ["This field is required."]
    assert answer.json()["course_id"] == ["A valid integer is required."]


@pytest.mark.contract("notes §5.4", "notes §1", "decision 9")
def test_values_are_read_leniently(mine: User) -> None:
    note = make(
        mine, 7, description=None, content="  padded \n", metadata_json=None, custom_meta=None, is_public="yes",
        course_id=0, markdown=None, source_note_uuid=None, client_draft_id="", surplus=1,
    )  # fmt: skip
    assert (note["title"], note["description"], note["content"]) == ("7", "", "padded")
    assert (note["metadata_json"], note["custom_meta"], note["is_public"], note["course_id"]) == ("", "", True, None)
    form = mine.request("POST", "notes/", data={"title": "form", "content": "text", "is_public": "1"})
    assert (form.status_code, form.json()["is_public"]) == (201, True)


@pytest.mark.contract("notes §5.4")
def test_markdown_counts_when_content_is_missing_or_blank(mine: User) -> None:
    assert make(mine, markdown="from markdown")["content"] == "from markdown"
    assert make(mine, content=" ", markdown="from markdown")["content"] == "from markdown"
    assert make(mine, content="wins", markdown="loses")["content"] == "wins"


@pytest.mark.contract("notes §5.4", "notes §5.2")
def test_the_course_must_exist_but_may_be_anybodys(mine: User, other: User) -> None:
    course = other.post("courses/", {"title": "Open to all"}).json()["id"]
    assert make(mine, course_id=str(course))["course_id"] == course
    for unknown in (999999999, -1):
        answer = mine.post("notes/", {"title": "x", "course_id": unknown})
        assert (answer.status_code, list(answer.json())) == (404, ["detail"])


@pytest.mark.contract("notes §5.4")
def test_editor_mode_defaults_to_the_callers_setting(mine: User, look: Any) -> None:
    assert make(mine)["editor_mode"] == "P"
    assert make(mine, editor_mode="B")["editor_mode"] == "B"
    assert mine.post("notes/", {"title": "x", "editor_mode": None}).status_code == 400


@pytest.mark.contract("notes §5.4", "notes §2.5", "notes §3.3")
def test_comments_link_a_note(mine: User, other: User) -> None:
    source = make(mine, "Source", is_public=True)
    comment = make(other, "Comment", note_type="C", source_note_uuid=source["uuid"].upper())
    assert (comment["note_type"], comment["source_note_uuid"]) == ("C", source["uuid"])
    assert make(other, source_note_uuid="00000000-0000-4000-8000-000000000000")["source_note_uuid"] is None
    mine.delete(f"notes/{source['id']}/")
    assert make(other, source_note_uuid=source["uuid"])["source_note_uuid"] is None
    assert other.get(f"notes/{comment['id']}/").json()["source_note_uuid"] == source["uuid"]


@pytest.mark.contract("notes §5.5", "notes §2.5", "notes §5.2", "notes §5.4", "notes §5.7")
def test_create_upserts_by_client_draft_id(mine: User, other: User) -> None:
    course = mine.post("courses/", {"title": "C"}).json()["id"]
    source = make(mine, "Source")
    first = make(
        mine, "Draft", content="one two", description="d", course_id=course, is_public=True, custom_meta="keep",
        metadata_json="m", client_draft_id="d-1", editor_mode="G", note_type="C", source_note_uuid=source["uuid"],
    )  # fmt: skip
    answer = mine.post("notes/", {"title": "Draft 2", "client_draft_id": "d-1", "content": "three"})
    assert answer.status_code == 200
    second = answer.json()
    assert {name: second[name] for name in ("id", "uuid", "date_created", "custom_meta", "note_type")} == {
        name: first[name] for name in ("id", "uuid", "date_created", "custom_meta", "note_type")
    }
    assert (second["title"], second["content"], second["description"], second["metadata_json"]) == (
        "Draft 2", "three", "", ""
    )  # fmt: skip
    assert (second["is_public"], second["course_id"], second["editor_mode"]) == (False, None, "P")
    assert second["source_note_uuid"] == source["uuid"]
    assert second["last_edit"] > first["last_edit"]
    assert kinds(second) == [("T", "Draft 2"), ("N", "three")]
    assert make(other, "Draft", client_draft_id="d-1")["id"] != first["id"]
    assert mine.post("notes/", {"title": "D", "client_draft_id": "d-1", "custom_meta": ""}).json()["custom_meta"] == ""


@pytest.mark.contract("notes §5.5")
def test_upsert_brings_a_binned_note_back(mine: User, look: Any) -> None:
    first = make(mine, client_draft_id="d-2")
    mine.delete(f"notes/{first['id']}/")
    answer = mine.post("notes/", {"title": "Back", "client_draft_id": "d-2"})
    assert (answer.status_code, answer.json()["id"], answer.json()["uuid"]) == (200, first["id"], first["uuid"])
    assert mine.get("notes/deleted/").json() == []
    assert mine.get(f"notes/{first['id']}/").json()["title"] == "Back"
    assert [event["revision"] for event in look.events("note.%", note_id=first["id"])] == [1, 2, 3]
    (restored,) = look.events("note.restored", note_id=first["id"])
    assert restored["title"] == "Back"


@pytest.mark.contract("notes §5.5", "notes §2.5")
def test_simultaneous_posts_of_one_draft_make_one_note(mine: User, look: Any) -> None:
    mine.get("notes/")
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda n: mine.post("notes/", {"title": f"t{n}", "content": f"c{n}", "client_draft_id": "race"}),
                range(8),
            )
        )
    assert sorted(a.status_code for a in answers) == [200] * 7 + [201]
    (note_id,) = {a.json()["id"] for a in answers}
    final = mine.get(f"notes/{note_id}/").json()
    assert kinds(final) == [("T", final["title"]), ("N", final["content"])]
    revisions = [event["revision"] for event in look.events("note.%", note_id=note_id)]
    assert revisions == list(range(1, 9))


@pytest.mark.contract("notes §5.5")
def test_saving_and_emptying_at_once_never_fails(mine: User) -> None:
    mine.get("notes/")

    def work(number: int) -> int:
        if number % 3 == 0:
            return mine.delete("notes/deleted/empty/").status_code
        answer = mine.post("notes/", {"title": "t", "client_draft_id": "churn"})
        mine.delete(f"notes/{answer.json()['id']}/")
        return answer.status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(work, range(30))) <= {200, 201}


@pytest.mark.contract("notes §5.5", "notes §2.5", "notes §5.4", "notes §6.1")
def test_blocks_are_used_and_content_is_not_regenerated(mine: User) -> None:
    note = make(
        mine,
        "Blocks",
        content="kept as it is",
        blocks=[
            {"block_type": "T", "text": "Title\r\nin two lines"},
            {"text": "one\n\n\ntwo\nthree"},
            {"block_type": "C", "text": "x = 1", "args": "python", "is_AI_generated": "true"},
            {"block_type": "U", "text": None, "args": " "},
        ],
    )
    assert note["content"] == "kept as it is"
    assert [(b["block_type"], b["text"], b["args"], b["is_AI_generated"]) for b in note["blocks"]] == [
        ("T", "Title in two lines", None, False),
        ("N", "one\ntwo\nthree", None, False),
        ("C", "x = 1", "python", True),
        ("U", "", None, False),
    ]
    empty = make(mine, "No blocks", content="# A\n\ntext", blocks=[])
    assert kinds(empty) == [("T", "A"), ("N", "text")]


@pytest.mark.contract("notes §5.5")
def test_blocks_come_from_content_or_description_or_title(mine: User) -> None:
    assert kinds(make(mine, "T", content="# H\n\nbody\n\n## S\n\nmore", description="d")) == [
        ("T", "H"), ("N", "body"), ("S", "S"), ("N", "more")
    ]  # fmt: skip
    assert kinds(make(mine, "T", description="only this")) == [("T", "T"), ("N", "only this")]
    assert kinds(make(mine, "T")) == [("T", "T")]


@pytest.mark.contract("notes §5.7", "notes §2.5")
def test_the_uuid_is_the_servers(mine: User) -> None:
    asked = "11111111-1111-4111-8111-111111111111"
    note = make(mine, uuid=asked, id=5)
    assert note["uuid"] != asked
    patched = mine.patch(f"notes/{note['id']}/", {"uuid": asked}).json()
    assert patched["uuid"] == note["uuid"]


@pytest.mark.contract("notes §9.1", "notes §5.5")
def test_creating_and_upserting_are_activity(mine: User, look: Any) -> None:
    course = mine.post("courses/", {"title": "C"}).json()["id"]
    note = make(mine, content="one two\nthree", course_id=course, client_draft_id="a")
    (row,) = look.events("activity.recorded", note_id=note["id"])
    assert (row["activity_type"], row["word_count"], row["user_id"], row["course_id"]) == ("C", 3, mine.id, course)
    mine.post("notes/", {"title": "t", "content": "one two", "client_draft_id": "a"})
    edited = look.events("activity.recorded", note_id=note["id"])[-1]
    assert (edited["activity_type"], edited["word_count"], edited["course_id"]) == ("E", 2, None)
    assert row["activity_id"] != edited["activity_id"]
    silent = make(mine)
    assert look.events("activity.recorded", note_id=silent["id"]) == []
    from_blocks = make(mine, "t", blocks=[{"text": "four words in here"}])
    (row,) = look.events("activity.recorded", note_id=from_blocks["id"])
    assert row["word_count"] == 6  # of "# t", a blank line, and the four


def test_events_of_a_note(mine: User, look: Any) -> None:
    note = make(mine, "Rivers", description="why")
    (created,) = look.events("note.created", note_id=note["id"])
    assert created == {
        "note_id": note["id"],
        "uuid": note["uuid"],
        "user_id": mine.id,
        "title": "Rivers",
        "description": "why",
        "course_id": None,
        "revision": 1,
    }


@pytest.mark.contract("notes §5.2")
def test_anonymous_cannot_create(api: Api) -> None:
    answer = api.post("notes/", {"no": "title"})
    assert answer.status_code == 401
    assert "Authentication credentials were not provided" in answer.json()["detail"]
