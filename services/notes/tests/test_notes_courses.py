"""Courses (notes §4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from services.notes.tests.conftest import Look
from tests.support.client import Api, User


def titles(answer: Any) -> list[str]:
    return [course["title"] for course in answer.json()]


def own_courses(user: User) -> list[dict[str, Any]]:
    return [c for c in user.get("courses/").json() if c["owner"] and c["owner"]["username"] == user.username]


def make(user: User, title: str, **more: Any) -> dict[str, Any]:
    answer = user.post("courses/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.contract("notes §3.2", "notes §2.1", "notes §3.1", "notes §4.1", "notes §4.2")
def test_a_course_has_every_key(mine: User, other: User, api: Api) -> None:
    made = make(mine, "Linear Algebra", description="Weekly", icon=58713, client_course_id="course-7f2")
    assert made == {
        "id": made["id"],
        "client_course_id": "course-7f2",
        "slug": made["slug"],
        "title": "Linear Algebra",
        "description": "Weekly",
        "cover_image_url": "",
        "icon": 58713,
        "color_hue": None,
        "is_default": False,
        "sort_order": 0,
        "owner": {
            "id": mine.id,
            "username": mine.username,
            "display_name": mine.username,
            "image_url": made["owner"]["image_url"],
        },
        "subscriber_count": 0,
        "is_subscribed": False,
        "is_private_subscription": False,
        "last_opened_at": None,
        "recent_notes": [],
        "media": [],
        "git": None,
    }
    assert made["slug"].startswith("linear-algebra")
    assert made["owner"]["image_url"].startswith(api.url("/media/user_upload/"))
    assert api.http.get(made["owner"]["image_url"]).status_code == 200
    for reader in (mine, other, api):
        assert reader.get(f"courses/{made['id']}/").json() == made


@pytest.mark.contract("notes §3.2", "notes §12")
def test_recent_notes_are_the_five_newest_that_the_caller_may_see(mine: User, other: User, api: Api) -> None:
    course = make(mine, "Recent")["id"]
    for number in range(7):
        mine.post("notes/", {"title": f"own {number}", "course_id": course, "is_public": number % 2 == 0})
    other.post("notes/", {"title": "foreign private", "course_id": course})
    other.post("notes/", {"title": "foreign public", "course_id": course, "is_public": True})

    def recent(reader: User | Api) -> list[str]:
        return [note["title"] for note in reader.get(f"courses/{course}/").json()["recent_notes"]]

    assert recent(mine) == ["foreign public", "own 6", "own 5", "own 4", "own 3"]
    assert recent(other) == ["foreign public", "foreign private", "own 6", "own 4", "own 2"]
    assert recent(api) == ["foreign public", "own 6", "own 4", "own 2", "own 0"]
    deleted = mine.get("notes/", params={"limit": 1}).json()["results"][0]
    assert deleted["title"] == "own 6"
    mine.delete(f"notes/{deleted['id']}/")
    assert recent(mine) == ["foreign public", "own 5", "own 4", "own 3", "own 2"]


@pytest.mark.contract("notes §4.1")
def test_anonymous_and_bad_credentials_are_401(api: Api, mine: User) -> None:
    course = make(mine, "Gate")["id"]
    assert api.get("courses/").status_code == 200
    for method, path in (("POST", "courses/"), ("DELETE", f"courses/{course}/"), ("DELETE", "courses/999999999/")):
        answer = api.request(method, path)
        assert answer.status_code == 401
        assert "Authentication credentials were not provided" in answer.json()["detail"]
    bad = {"Authorization": f"Token {'0' * 40}"}
    for path in ("courses/", f"courses/{course}/", "notes/"):
        answer = api.get(path, headers=bad)
        assert answer.status_code == 401
        assert "Invalid token" in answer.json()["detail"]
    assert api.request("PUT", "courses/").status_code == 401
    assert mine.request("PUT", "courses/").status_code == 405


@pytest.mark.contract("notes §4.1", "notes §1")
def test_unknown_course_is_404(api: Api, mine: User) -> None:
    for answer in (api.get("courses/999999999/"), mine.delete("courses/999999999/")):
        assert answer.status_code == 404
        assert answer.json()["detail"].startswith("Course not found")


@pytest.mark.contract("notes §4.2", "notes §1", "notes §2.1", "notes §4.1")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": None}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": ["x"]}, "title"),
        ({"title": True}, "title"),
        ({"title": "a\u0000b"}, "title"),
        ({"title": "t", "description": {}}, "description"),
        ({"title": "t", "icon": "star"}, "icon"),
        ({"title": "t", "icon": 2**40}, "icon"),
        ({"title": "t", "client_course_id": "x" * 65}, "client_course_id"),
    ],
)
def test_a_bad_course_names_the_failing_field(mine: User, body: dict[str, Any], field: str) -> None:
    answer = mine.post("courses/", body)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert isinstance(answer.json()[field], list)


@pytest.mark.contract("notes §4.2", "notes §1")
def test_bodies_that_are_no_json_object_are_refused(mine: User) -> None:
    assert list(mine.request("POST", "courses/", json=[1]).json()) == ["non_field_errors"]
    malformed = mine.request("POST", "courses/", content=b"{", headers={"Content-Type": "application/json"})
    assert (malformed.status_code, list(malformed.json())) == (400, ["detail"])
    xml = mine.request("POST", "courses/", content=b"<a/>", headers={"Content-Type": "text/xml"})
    assert (xml.status_code, list(xml.json())) == (415, ["detail"])
    form = mine.request("POST", "courses/", data={"title": " From a form ", "icon": "7"})
    assert (form.status_code, form.json()["title"], form.json()["icon"]) == (201, "From a form", 7)


@pytest.mark.contract("notes §4.2", "notes §1", "notes §2.1", "notes §3.2")
def test_values_are_trimmed_and_numbers_become_text(mine: User) -> None:
    assert make(mine, "  Padded  ")["title"] == "Padded"
    made = make(mine, 42, description=None, unknown="ignored", client_course_id="")  # type: ignore[arg-type]
    assert (made["title"], made["description"], made["client_course_id"]) == ("42", "", None)


@pytest.mark.contract("notes §4.2", "notes §2.1", "notes §4.1", "notes §5.7")
def test_post_matches_by_client_course_id(mine: User, other: User) -> None:
    made = make(mine, "First", description="one", icon=5, client_course_id="c1")
    again = mine.post("courses/", {"title": "Second", "client_course_id": "c1"})
    assert again.status_code == 200
    assert again.json() == {**made, "title": "Second", "description": ""}
    with_icon = mine.post("courses/", {"title": "second", "icon": None, "client_course_id": "c1"})
    assert (with_icon.status_code, with_icon.json()["title"], with_icon.json()["icon"]) == (200, "second", None)
    assert make(other, "First", client_course_id="c1")["id"] != made["id"]


@pytest.mark.contract("notes §4.2", "notes §1", "notes §2.1")
def test_equal_titles_are_refused_ignoring_case(mine: User, other: User) -> None:
    make(mine, "Ümlaut")
    clash = mine.post("courses/", {"title": "üMLAUT"})
    assert (clash.status_code, list(clash.json())) == (400, ["detail"])
    make(mine, "Third", client_course_id="c3")
    clash = mine.post("courses/", {"title": "ümlaut", "client_course_id": "c3"})
    assert clash.status_code == 400
    make(other, "Ümlaut")


@pytest.mark.contract("notes §4.2", "notes §4.1", "notes §4.6", "notes §5.7")
def test_a_second_inbox_is_the_first_one_unchanged(mine: User) -> None:
    (inbox,) = own_courses(mine)
    again = mine.post("courses/", {"title": "INBOX", "description": "dropped", "icon": 3, "client_course_id": "c9"})
    assert again.status_code == 200
    assert again.json() == inbox
    other_one = make(mine, "Something", client_course_id="c10")
    matched = mine.post("courses/", {"title": "inbox", "client_course_id": "c10"})
    assert (matched.status_code, matched.json()["id"]) == (200, inbox["id"])
    assert mine.get(f"courses/{other_one['id']}/").json()["title"] == "Something"


@pytest.mark.contract("notes §4.2", "notes §2.1")
def test_simultaneous_posts_of_one_client_id_make_one_course(mine: User) -> None:
    mine.get("courses/")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: mine.post("courses/", {"title": "Race", "client_course_id": "r1"}), range(8)))
    assert sorted(a.status_code for a in answers) == [200] * 7 + [201]
    assert len({a.json()["id"] for a in answers}) == 1


@pytest.mark.contract("decision 15", "notes §2.1")
def test_simultaneous_posts_of_one_title_make_one_course(mine: User) -> None:
    mine.get("courses/")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: mine.post("courses/", {"title": ("RACE", "race")[n % 2]}), range(8)))
    assert sorted(a.status_code for a in answers) == [201] + [400] * 7


@pytest.mark.contract("notes §4.3", "notes §3.2", "notes §4.1")
def test_courses_are_sorted_by_default_order_and_subscription(mine: User, other: User, look: Any) -> None:
    names = ["b rest", "A rest", "third", "First", "opened", "subscribed"]
    ids = {name: make(mine if name != "subscribed" else other, name)["id"] for name in names}
    other_opened = make(other, "also opened")["id"]
    look._connection.execute("UPDATE notes.courses SET sort_order = 2 WHERE id = %s", (ids["third"],))
    look._connection.execute("UPDATE notes.courses SET sort_order = 1 WHERE id = %s", (ids["First"],))
    for course, subscribed, opened in (
        (ids["opened"], "2026-01-01", "2026-03-01"),
        (ids["subscribed"], "2026-02-01", None),
        (other_opened, "2025-01-01", "2026-02-15"),
    ):
        look._connection.execute(
            "INSERT INTO notes.course_subscriptions (creator_id, course_id, is_active, subscribed_at, last_opened_at,"
            " date_created, last_edit) VALUES (%s, %s, true, %s, %s, now(), now())",
            (mine.id, course, subscribed, opened),
        )
    wanted = {*ids.values(), other_opened}
    listed = mine.get("courses/").json()
    assert listed[0]["title"] == "Inbox"
    shown = [c["title"] for c in listed if c["id"] in wanted]
    assert shown == ["First", "third", "opened", "also opened", "subscribed", "A rest", "b rest"]
    by_id = {c["id"]: c for c in listed}
    assert by_id[ids["opened"]]["is_subscribed"]
    assert by_id[ids["opened"]]["last_opened_at"] == "2026-03-01T00:00:00+00:00"
    assert by_id[ids["subscribed"]]["subscriber_count"] == 1
    assert not next(c for c in other.get("courses/").json() if c["id"] == ids["opened"])["is_subscribed"]


@pytest.mark.contract("notes §12", "notes §2", "notes §2.1", "notes §4.1", "decision 37")
def test_other_peoples_inboxes_are_not_listed(mine: User, other: User, api: Api) -> None:
    (inbox,) = own_courses(mine)
    assert inbox["is_default"]
    assert inbox["id"] not in {c["id"] for c in other.get("courses/").json()}
    assert not any(c["is_default"] for c in api.get("courses/").json())
    assert other.get(f"courses/{inbox['id']}/").status_code == 200
    shared = make(mine, "Seen by all")
    assert shared["id"] in {c["id"] for c in other.get("courses/").json()}


@pytest.mark.contract("notes §4.5", "notes §2.1", "notes §4.2", "decision 14")
def test_slugs_are_ascii_numbered_and_never_change(mine: User, other: User) -> None:
    mark = f"q{mine.id}z"
    assert make(mine, f"Crème {mark} & Brûlée!")["slug"] == f"creme-{mark}-brulee"
    assert make(other, f"creme {mark} BRULEE")["slug"] == f"creme-{mark}-brulee-2"
    assert make(other, f"creme {mark} — brulee?")["slug"] == f"creme-{mark}-brulee-3"
    assert make(mine, "数学")["slug"].startswith("local-course")
    long = make(mine, f"{mark} " + "y" * 110)["slug"]
    assert len(long) == 100
    renamed = mine.post("courses/", {"title": "Before", "client_course_id": "s"}).json()
    assert mine.post("courses/", {"title": "After", "client_course_id": "s"}).json()["slug"] == renamed["slug"]


@pytest.mark.contract("notes §4.5", "notes §2.1")
def test_simultaneous_slugs_are_distinct(mine: User, other: User, api: Api) -> None:
    users = [mine, other, api.register(), api.register()]
    for user in users:
        user.get("courses/")
    title = f"Same {mine.id}"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda user: user.post("courses/", {"title": title}), users))
    assert {a.json()["slug"] for a in answers} == {f"same-{mine.id}{end}" for end in ("", "-2", "-3", "-4")}


@pytest.mark.contract("notes §4.7", "notes §1", "notes §2.5", "notes §4.1", "notes §12")
def test_delete_moves_notes_and_keeps_last_edit(mine: User, other: User, look: Any) -> None:
    course = make(mine, "Going")
    note = mine.post("notes/", {"title": "stays", "course_id": course["id"]}).json()
    binned = mine.post("notes/", {"title": "binned", "course_id": course["id"]}).json()
    mine.delete(f"notes/{binned['id']}/")
    foreign = other.post("notes/", {"title": "foreign", "course_id": course["id"]}).json()
    binned_edit = mine.get("notes/deleted/").json()[0]["last_edit"]
    inbox = next(c for c in own_courses(mine) if c["is_default"])

    refused = other.delete(f"courses/{course['id']}/")
    assert (refused.status_code, list(refused.json())) == (403, ["detail"])
    deleted = mine.delete(f"courses/{course['id']}/")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert mine.get(f"courses/{course['id']}/").status_code == 404

    moved = mine.get(f"notes/{note['id']}/").json()
    assert (moved["course_id"], moved["last_edit"]) == (inbox["id"], note["last_edit"])
    in_bin = mine.get("notes/deleted/").json()[0]
    assert (in_bin["course_id"], in_bin["last_edit"]) == (inbox["id"], binned_edit)
    left = other.get(f"notes/{foreign['id']}/").json()
    assert (left["course_id"], left["course"], left["last_edit"]) == (None, None, foreign["last_edit"])

    assert look.events("course.deleted", course_id=course["id"]) == [
        {"course_id": course["id"], "user_id": mine.id, "title": "Going", "revision": 2}
    ]
    assert look.events("note.updated", note_id=note["id"])[-1]["course_id"] == inbox["id"]
    assert look.events("note.updated", note_id=foreign["id"])[-1]["course_id"] is None
    trashed = look.events("note.trashed", note_id=binned["id"])
    assert [(event["course_id"], event["revision"]) for event in trashed] == [(course["id"], 2), (inbox["id"], 3)]
    assert not look.events("note.updated", note_id=binned["id"])


@pytest.mark.contract("notes §4.7", "notes §4.1", "notes §4.6")
def test_a_course_that_is_only_called_inbox_cannot_be_deleted(mine: User, other: User, look: Look) -> None:
    (inbox,) = own_courses(mine)
    look.all("UPDATE notes.courses SET is_default = false WHERE id = %s RETURNING id", inbox["id"])
    refused = mine.delete(f"courses/{inbox['id']}/")
    assert (refused.status_code, list(refused.json())) == (400, ["detail"])
    assert other.delete(f"courses/{inbox['id']}/").status_code == 403


@pytest.mark.contract("notes §4.7", "notes §4.6")
def test_a_missing_inbox_is_made_again(mine: User, look: Any) -> None:
    (inbox,) = own_courses(mine)
    course = make(mine, "Last")
    note = mine.post("notes/", {"title": "homeless", "course_id": course["id"]}).json()
    look._connection.execute("DELETE FROM notes.courses WHERE id = %s", (inbox["id"],))
    assert own_courses(mine)[0]["id"] == course["id"]
    assert mine.delete(f"courses/{course['id']}/").status_code == 204
    (made,) = own_courses(mine)
    assert (made["title"], made["description"], made["is_default"]) == ("Inbox", "Default category", True)
    assert made["slug"] == "inbox" or made["slug"].startswith("inbox-")
    assert mine.get(f"notes/{note['id']}/").json()["course_id"] == made["id"]


@pytest.mark.contract("notes §4.7")
def test_deleting_and_filing_at_once_leaves_no_note_behind(mine: User) -> None:
    course = make(mine, "Contested")["id"]
    notes = [mine.post("notes/", {"title": f"n{n}", "course_id": course}).json()["id"] for n in range(6)]

    def touch(note_id: int) -> int:
        return mine.patch(f"notes/{note_id}/", {"course_id": course}).status_code

    with ThreadPoolExecutor(7) as pool:
        deleting = pool.submit(lambda: mine.delete(f"courses/{course}/").status_code)
        touched = list(pool.map(touch, notes))
        assert deleting.result() == 204
    assert set(touched) <= {200, 404}
    inbox = next(c["id"] for c in own_courses(mine) if c["is_default"])
    assert {mine.get(f"notes/{note_id}/").json()["course_id"] for note_id in notes} == {inbox}


def test_events_of_courses_carry_growing_revisions(mine: User, look: Any) -> None:
    course = make(mine, "Rivers", client_course_id="t")
    mine.post("courses/", {"title": "Rivers again", "client_course_id": "t"})
    mine.delete(f"courses/{course['id']}/")
    published = look.events("course.%", course_id=course["id"])
    assert [(event["title"], event["revision"]) for event in published] == [
        ("Rivers", 1),
        ("Rivers again", 2),
        ("Rivers again", 3),
    ]
    assert {event["user_id"] for event in published} == {mine.id}
