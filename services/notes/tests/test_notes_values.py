"""Values as they come in and go out, whatever the endpoint (notes §1, §2, §3.9)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.client import Api, User


@pytest.mark.contract("notes §1", "notes §2.1", "notes §2.5", "notes §4.2", "notes §5.4", "notes §6.1")
def test_length_limits_are_exact(mine: User) -> None:
    course = mine.post("courses/", {"title": "c" * 120, "client_course_id": "i" * 64, "description": "d" * 9000})
    assert (course.status_code, course.json()["title"]) == (201, "c" * 120)
    note = mine.post("notes/", {"title": "t" * 100, "description": "d" * 600, "client_draft_id": "i" * 64})
    assert (note.status_code, note.json()["title"], note.json()["description"]) == (201, "t" * 100, "d" * 600)
    block = mine.post(f"notes/{note.json()['id']}/blocks/", {"block_type": "C", "text": "x", "args": "a" * 256})
    assert (block.status_code, block.json()["args"]) == (201, "a" * 256)
    # Blanks around it do not count.
    assert mine.post("notes/", {"title": f"  {'t' * 100}\n"}).status_code == 201


@pytest.mark.contract("notes §1")
@pytest.mark.parametrize("field", ["title", "description", "content", "metadata_json", "custom_meta"])
def test_texts_are_trimmed_and_numbers_become_text(mine: User, field: str) -> None:
    body: dict[str, Any] = {"title": "t", field: " \n\tkept inside too \r\n "}
    note = mine.post("notes/", body).json()
    assert note[field] == "kept inside too"
    path = f"notes/{note['id']}/"
    assert mine.patch(path, {field: " again "}).json()[field] == "again"
    assert mine.patch(path, {field: 7}).json()[field] == "7"
    for bad in (True, ["x"], {"a": 1}, "nul\u0000"):
        refused = mine.patch(path, {field: bad})
        assert (refused.status_code, list(refused.json())) == (400, [field])
    assert mine.patch(path, {"markdown": "  # M  "}).json()["content"] == "# M"


@pytest.mark.contract("notes §1")
@pytest.mark.parametrize(
    ("given", "wanted"),
    [(True, True), (False, False), (1, True), (0, False), ("true", True), ("false", False), ("1", True), ("0", False),
     ("yes", True), ("no", False), ("True", True), ("FALSE", False)],
)  # fmt: skip
def test_booleans_are_read_leniently(mine: User, given: Any, wanted: bool) -> None:
    assert mine.post("notes/", {"title": "t", "is_public": given}).json()["is_public"] is wanted


@pytest.mark.contract("notes §1")
@pytest.mark.parametrize("bad", [None, "maybe", 2, [], {}])
def test_what_is_no_boolean(mine: User, bad: Any) -> None:
    answer = mine.post("notes/", {"title": "t", "is_public": bad})
    assert (answer.status_code, list(answer.json())) == (400, ["is_public"])


@pytest.mark.contract("notes §1")
def test_integers_are_read_leniently(mine: User) -> None:
    course = mine.post("courses/", {"title": "C", "icon": "58713"}).json()
    assert course["icon"] == 58713
    assert type(course["id"]) is int
    note = mine.post("notes/", {"title": "t", "course_id": str(course["id"])}).json()
    assert (note["course_id"], type(note["id"])) == (course["id"], int)
    wrong: list[object] = ["x", 1.5, True, [], {}]
    for bad in wrong:
        answer = mine.patch(f"notes/{note['id']}/", {"course_id": bad})
        assert answer.json() == {"course_id": ["A valid integer is required."]}


@pytest.mark.contract("notes §1")
def test_forms_and_multipart_carry_the_same_fields(mine: User) -> None:
    fields = {"title": " Form ", "content": "text", "is_public": "true", "course_id": "", "surplus": "x"}
    for options in ({"data": fields}, {"files": {name: (None, value) for name, value in fields.items()}}):
        made = mine.request("POST", "notes/", **options)
        assert made.status_code == 201, made.text
        body = made.json()
        assert (body["title"], body["content"], body["is_public"], body["course_id"]) == ("Form", "text", True, None)
        changed = mine.request("PATCH", f"notes/{body['id']}/", data={"title": "Changed"}).json()
        assert (changed["title"], changed["content"]) == ("Changed", "text")


@pytest.mark.contract("notes §1")
def test_a_patch_validates_only_what_is_there(mine: User) -> None:
    note = mine.post("notes/", {"title": "t", "content": "text", "custom_meta": "m"}).json()
    changed = mine.patch(f"notes/{note['id']}/", {"description": "only this"}).json()
    assert changed == {**note, "description": "only this", "last_edit": changed["last_edit"]}
    assert changed["last_edit"] > note["last_edit"]


@pytest.mark.contract("notes §1", "notes §8", "decision 2")
def test_body_over_20_mib_without_a_file(mine: User) -> None:
    note = mine.post("notes/", {"title": "t"}).json()["id"]
    large = "x" * (20 * 1024 * 1024)
    for answer in (
        mine.post("notes/", {"title": "t", "content": large}),
        mine.request("POST", "notes/", data={"title": "t", "content": large}),
        mine.request("POST", f"notes/{note}/attachments/", data={"note": large + "x"}, files={"file": ("a", b"a")}),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    assert mine.get(f"notes/{note}/attachments/").json() == []


@pytest.mark.contract("notes §3.9")
def test_urls_carry_the_host_that_was_asked(mine: User, api: Api) -> None:
    note = mine.post("notes/", {"title": "t"}).json()["id"]
    made = mine.request("POST", f"notes/{note}/attachments/", files={"file": ("a b.txt", b"a")}).json()
    assert made["url"].startswith(api.url("/media/user_upload/"))
    port = made["url"].split(":")[2].split("/")[0]
    (seen,) = mine.get(f"notes/{note}/attachments/", headers={"Host": f"localhost:{port}"}).json()
    assert seen["url"] == made["url"].replace("127.0.0.1", "localhost")
    # What a client claims of itself is not believed.
    (seen,) = mine.get(f"notes/{note}/attachments/", headers={"X-Forwarded-Proto": "https"}).json()
    assert seen["url"] == made["url"]


@pytest.mark.contract("notes §3.9", "notes §2.2", "notes §3.2")
def test_other_absolute_urls_pass_unchanged(mine: User, look: Any) -> None:
    course = mine.post("courses/", {"title": "Elsewhere"}).json()["id"]
    there = "https://pictures.example/c.png?size=1"
    look._connection.execute("UPDATE notes.courses SET cover_image = %s WHERE id = %s", (there, course))
    look._connection.execute(
        "INSERT INTO notes.course_media (course_id, title, description, image, source, date_created)"
        " VALUES (%s, 'second', NULL, '', NULL, now()), (%s, 'first', 'd', %s, 's', now() - interval '1 hour')",
        (course, course, there),
    )
    shown = mine.get(f"courses/{course}/").json()
    assert shown["cover_image_url"] == there
    assert [{**media, "id": 0} for media in shown["media"]] == [
        {"id": 0, "title": "first", "description": "d", "source": "s", "image_url": there},
        {"id": 0, "title": "second", "description": None, "source": None, "image_url": ""},
    ]
    look._connection.execute("UPDATE notes.courses SET cover_image = '' WHERE id = %s", (course,))
    assert mine.get(f"courses/{course}/").json()["cover_image_url"] == ""


@pytest.mark.contract("notes §3.3")
def test_excerpt_and_preview_over_http(mine: User) -> None:
    for content, description, excerpt, preview in (
        ("# T\n\n body \n\n# H\nx", "d", "body \n\n# H\nx", ["body", "# H", "x"]),
        ("# T", "d", "# T", []),
        ("", "d" * 300, "d" * 220, []),
        ("", None, "", []),
        ("\n\n## T\n" + "y" * 300, "d", ("## T\n" + "y" * 300)[:220], ["## T", "y" * 220]),
    ):
        note = mine.post("notes/", {"title": "t", "content": content, "description": description}).json()
        assert (note["excerpt"], note["preview_lines"]) == (excerpt, preview)
