"""Front page, activity list, template courses (notes §9.2, §10, §11.2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.client import Api, User, eventually

from notechondria_launcher.stack import Stack
from notechondria_shared.core.media_location import MediaLocation
from notechondria_shared.storage.media import MediaStore
from notes_service.template_courses.reading import samples
from notes_service.template_courses.service import _stored

SLUGS = ["vibe-coding-101", "meaning-of-work-in-age-of-ai", "self-identity-and-expression-in-modern-arts"]
FIVE = {"carousel_courses", "collections", "default_course", "recommended_notes", "recent_notes"}


@pytest.fixture
def admin(api: Api, stack: Stack) -> User:
    """The administrator that the launcher made, signed in."""
    name, password = "admin", stack.plan.credentials.admin_password
    answer = api.post("auth/login/", {"identifier": name, "password": password})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return User(api, body["user"]["id"], name, "admin@localhost", password, body["token"])


def make(user: User, title: str, **more: Any) -> dict[str, Any]:
    answer = user.post("notes/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.contract("notes §10", "planner §9")
def test_strangers_see_five_keys_and_public_notes_only(mine: User, api: Api) -> None:
    eventually(lambda: len(templates(api)) == 3)  # they come in the moments after a start
    for number in range(13):
        make(mine, f"public {number}", is_public=True)
    make(mine, "private")
    page = api.get("front-page/").json()
    assert set(page) == FIVE
    assert len(page["carousel_courses"]) <= 6
    assert page["collections"] == page["carousel_courses"]
    assert not any(course["is_default"] for course in page["carousel_courses"])
    assert page["default_course"] == page["carousel_courses"][0]
    assert [note["title"] for note in page["recommended_notes"]] == [f"public {n}" for n in range(12, 0, -1)]
    assert page["recent_notes"] == page["recommended_notes"][:6]


@pytest.mark.contract("notes §10", "planner §9")
def test_a_signed_in_user_sees_heatmap_and_upcoming_events(mine: User, other: User) -> None:
    mine.post("courses/", {"title": f"Mine {mine.id}"})
    day = "2999-01-01"
    event = mine.post("planner-events/", {"title": "Far", "event_date": day})
    assert event.status_code == 201, event.text
    page = mine.get("front-page/").json()
    assert set(page) == FIVE | {"heatmap", "upcoming_events"}
    assert len(page["heatmap"]["cells"]) == 393
    assert [one["title"] for one in page["upcoming_events"]] == ["Far"]
    assert other.get("front-page/").json()["upcoming_events"] == []
    first = page["carousel_courses"][0]
    assert (first["is_default"], first["owner"]["id"]) == (True, mine.id)
    assert page["default_course"] == first
    shown = {course["id"] for course in page["carousel_courses"]}
    listed = mine.get("courses/").json()
    own = {course["id"] for course in listed if course["owner"] and course["owner"]["id"] == mine.id}
    assert page["carousel_courses"] == [course for course in listed if course["id"] in shown]
    assert len(own) == 2
    # Six are shown; public ones of others may be among them.
    assert own <= shown or len(shown) == 6


@pytest.mark.contract("notes §10")
def test_the_front_page_answers_while_the_planner_is_away(mine: User, stack: Stack) -> None:
    stack.stop_part("planner")
    try:
        answer = mine.get("front-page/")
        assert (answer.status_code, set(answer.json())) == (200, FIVE)
    finally:
        stack.start_part("planner")
    assert eventually(lambda: "heatmap" in mine.get("front-page/").json(), what="the planner is back")


@pytest.mark.contract("notes §9.2", "planner §9", "decision 13")
def test_activity_is_the_ten_latest_notes(mine: User, other: User, api: Api) -> None:
    notes = [make(mine, f"n{number}") for number in range(12)]
    make(other, "theirs", is_public=True)
    mine.delete(f"notes/{notes[11]['id']}/")
    mine.patch(f"notes/{notes[0]['id']}/", {})
    listed = mine.get("activity/").json()
    assert [note["title"] for note in listed] == ["n0", *(f"n{number}" for number in range(10, 1, -1))]
    assert "content" not in listed[0]
    assert api.get("activity/").json() == []
    assert api.get("activity/", headers={"Authorization": "Token bad"}).status_code == 401


def templates(reader: User | Api) -> dict[str, dict[str, Any]]:
    return {course["slug"]: course for course in reader.get("courses/").json() if course["slug"] in SLUGS}


@pytest.mark.contract("notes §11.2", "notes §2.2", "notes §3.2")
def test_template_courses_are_there_from_the_start(api: Api, admin: User) -> None:
    found = eventually(lambda: len(templates(api)) == 3 and templates(api), what="template courses")
    assert found[SLUGS[0]]["owner"]["id"] == admin.id
    for slug in SLUGS:
        course = found[slug]
        assert course["is_default"] is False
        assert course["owner"] is not None
        assert api.http.get(course["cover_image_url"]).headers["content-type"] == "image/png"
        notes = api.get(f"courses/{course['id']}/notes/").json()
        assert len(notes) == (5 if slug == SLUGS[0] else 2)
        for summary in notes:
            note = api.get(f"notes/{summary['id']}/").json()
            assert (note["is_public"], note["editor_mode"]) == (True, "G")
            assert [block["block_type"] for block in note["blocks"]] == ["T", "N"]
            assert note["content"].startswith(f"# {note['title']}\n\n")
            assert note["content"].partition("\n\n")[2].startswith(note["description"])
    (picture,) = found[SLUGS[0]]["media"]
    assert set(picture) == {"id", "title", "description", "source", "image_url"}
    assert api.http.get(picture["image_url"]).status_code == 200


@pytest.mark.contract("notes §11.2", "notes §1", "notes §4.1")
def test_restore_is_for_staff(mine: User, api: Api) -> None:
    path = "admin/template-courses/restore/"
    assert api.post(path).status_code == 401
    refused = mine.post(path)
    assert (refused.status_code, list(refused.json())) == (403, ["detail"])


@pytest.mark.contract("notes §11.2", "notes §4.1", "notes §9.1")
def test_restore_brings_back_what_is_missing_and_never_duplicates(admin: User, api: Api, look: Any) -> None:
    path = "admin/template-courses/restore/"
    assert admin.post(path).status_code == 200
    before = templates(api)
    again = admin.post(path).json()
    assert set(again) == {"message", "log", "courses"}
    assert "as it should be" in again["log"]
    assert templates(api) == before
    assert [c["id"] for c in again["courses"]] == [c["id"] for c in admin.get("courses/").json()]
    first, second = before[SLUGS[0]], before[SLUGS[1]]
    gone = api.get(f"courses/{second['id']}/notes/").json()[0]
    look._connection.execute("DELETE FROM notes.notes WHERE id = %s", (gone["id"],))
    look._connection.execute("DELETE FROM notes.course_media WHERE course_id = %s", (first["id"],))
    look._connection.execute(
        "UPDATE notes.courses SET description = 'x', is_default = true, cover_image = '' WHERE id = %s", (first["id"],)
    )
    admin.post(path)
    after = templates(api)
    assert {slug: {**course, "media": [], "recent_notes": []} for slug, course in after.items()} == {
        slug: {**course, "media": [], "recent_notes": []} for slug, course in before.items()
    }
    assert len(after[SLUGS[0]]["media"]) == 1
    titles = {note["title"] for note in api.get(f"courses/{second['id']}/notes/").json()}
    assert len(titles) == 2
    assert gone["title"] in titles
    assert look.events("activity.recorded", user_id=first["owner"]["id"], course_id=first["id"]) == []


@pytest.mark.contract("notes §11.2")
def test_a_deleted_template_course_comes_back(admin: User, api: Api) -> None:
    path = "admin/template-courses/restore/"
    admin.post(path)
    first = templates(api)[SLUGS[0]]
    assert admin.delete(f"courses/{first['id']}/").status_code == 204
    admin.post(path)
    back = templates(api)[SLUGS[0]]
    assert back["id"] != first["id"]
    assert len(api.get(f"courses/{back['id']}/notes/").json()) == 5


def account(api: Api, look: Any, name: str) -> int:
    """The id of the account of that name, made when there is none."""
    rows = look.all("SELECT id FROM identity.users WHERE username = %s", name)
    return int(rows[0]["id"]) if rows else api.sign_up(name).id


@pytest.mark.contract("decision 18", "notes §11.2")
def test_owners_of_template_courses(admin: User, api: Api, look: Any) -> None:
    path = "admin/template-courses/restore/"
    demo = account(api, look, "CodeX")
    for slug in SLUGS:
        look._connection.execute("DELETE FROM notes.courses WHERE slug = %s", (slug,))
    admin.post(path)
    assert [templates(api)[slug]["owner"]["id"] for slug in SLUGS] == [admin.id, demo, demo]
    for slug in SLUGS:
        for note in api.get(f"courses/{templates(api)[slug]['id']}/notes/").json():
            assert note["author"] == templates(api)[slug]["owner"]


@pytest.mark.contract("notes §11.2")
def test_an_existing_owner_is_kept(admin: User, mine: User, api: Api, look: Any) -> None:
    path = "admin/template-courses/restore/"
    admin.post(path)
    mine.get("notes/")
    course = templates(api)[SLUGS[2]]
    look._connection.execute("UPDATE notes.courses SET creator_id = %s WHERE id = %s", (mine.id, course["id"]))
    admin.post(path)
    kept = templates(mine)[SLUGS[2]]
    assert (kept["id"], kept["owner"]["id"]) == (course["id"], mine.id)
    look._connection.execute(
        "UPDATE notes.courses SET creator_id = %s WHERE id = %s", (course["owner"]["id"], course["id"])
    )


@pytest.mark.contract("notes §11.2")
def test_without_a_superuser_somebody_stands_in(admin: User, api: Api, look: Any) -> None:
    path = "admin/template-courses/restore/"
    stand_in = account(api, look, "sample-course-owner")
    look._connection.execute("DELETE FROM notes.courses WHERE slug = %s", (SLUGS[0],))
    # Other tests may have made superusers too.
    were = look.all("UPDATE identity.users SET is_superuser = false WHERE is_superuser RETURNING id")
    try:
        assert admin.post(path).status_code == 200
        assert templates(api)[SLUGS[0]]["owner"]["id"] == stand_in
    finally:
        for row in were:
            look._connection.execute("UPDATE identity.users SET is_superuser = true WHERE id = %s", (row["id"],))
    look._connection.execute("DELETE FROM notes.courses WHERE slug = %s", (SLUGS[0],))
    admin.post(path)
    assert templates(api)[SLUGS[0]]["owner"]["id"] == admin.id


@pytest.mark.contract("notes §11.2")
def test_missing_files_are_only_logged(tmp_path: Any) -> None:
    log: list[str] = []
    stored = asyncio.run(_stored(MediaStore(MediaLocation(str(tmp_path))), samples()[0], 1, "nothing.png", log))
    assert (stored, log) == ("", [f"{SLUGS[0]}: file 'nothing.png' is missing"])


@pytest.mark.contract("notes §10", "notes §2.5")
def test_only_the_flag_of_a_note_counts(mine: User, other: User, api: Api) -> None:
    inbox = next(course for course in mine.get("courses/").json() if course["is_default"])
    shown = make(mine, "in the Inbox", is_public=True, course_id=inbox["id"])
    gone = make(mine, "gone", is_public=True)
    mine.delete(f"notes/{gone['id']}/")
    for reader in (api, other, mine):
        ids = [note["id"] for note in reader.get("front-page/").json()["recommended_notes"]]
        assert ids[0] == shown["id"]
        assert gone["id"] not in ids


@pytest.mark.contract("notes §10")
def test_without_courses_there_is_no_default_one(api: Api, look: Any) -> None:
    rows = look.all("UPDATE notes.courses SET is_default = true WHERE NOT is_default RETURNING id")
    try:
        page = api.get("front-page/").json()
        assert (page["carousel_courses"], page["collections"], page["default_course"]) == ([], [], None)
    finally:
        look._connection.execute(
            "UPDATE notes.courses SET is_default = false WHERE id = ANY(%s)", ([row["id"] for row in rows],)
        )
