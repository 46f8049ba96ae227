"""What the newest apps ask of notes and courses (apps §4, §5, §8)."""

from __future__ import annotations

from typing import Any

import pytest
from services.notes.tests.conftest import Look
from tests.support.client import Api, User, eventually

from notes_service.notes.long_titles import cut


def make(user: User, title: str, **more: Any) -> int:
    answer = user.post("notes/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def course(user: User, title: str, **more: Any) -> dict[str, Any]:
    answer = user.post("courses/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def inbox(user: User) -> dict[str, Any] | None:
    return next((one for one in user.get("courses/").json() if one["is_default"]), None)


def titles(reader: User | Api, **params: Any) -> list[str]:
    answer = reader.get("notes/", params=params)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [note["title"] for note in (body["results"] if isinstance(body, dict) else body)]


def edited(look: Look, note_id: int, days_ago: float) -> None:
    """Have a note look as if it had been edited before."""
    change = "UPDATE notes.notes SET last_edit = now() - %s * interval '1 day' WHERE id = %s RETURNING id"
    assert look.all(change, days_ago, note_id)


@pytest.mark.contract("apps §4")
@pytest.mark.parametrize("word", ["none", "null", "uncategorized", "None", "UNCATEGORIZED", " null "])
def test_notes_without_a_course_can_be_listed(mine: User, word: str) -> None:
    placed = course(mine, "Placed")["id"]
    make(mine, "loose")
    make(mine, "placed", course_id=placed)
    make(mine, "loose enzymes", content="enzymes")
    make(mine, "placed enzymes", content="enzymes", course_id=placed)
    assert titles(mine, course_id=word) == ["loose enzymes", "loose"]
    assert titles(mine, course_id=word, q="enzymes") == ["loose enzymes"]
    assert titles(mine, course_id=word, scope="public") == []
    page = mine.get("notes/", params={"course_id": word, "limit": 1, "offset": 1}).json()
    assert (page["total"], [note["title"] for note in page["results"]]) == (2, ["loose"])


@pytest.mark.contract("apps §4", "decision 7")
def test_other_words_for_a_course_are_refused(mine: User) -> None:
    for word in ("nothing", "nul", "none1", "1.5"):
        answer = mine.get("notes/", params={"course_id": word})
        assert (answer.status_code, list(answer.json())) == (400, ["detail"])


@pytest.mark.contract("apps §4")
def test_notes_are_sorted_and_narrowed_by_their_last_edit(mine: User, look: Look) -> None:
    box = course(mine, "Sorted")["id"]
    for title, days_ago in (("today", 0.1), ("last week", 6), ("last month", 20), ("long ago", 400)):
        edited(look, make(mine, f"{title} enzymes", course_id=box), days_ago)
    newest = ["today enzymes", "last week enzymes", "last month enzymes", "long ago enzymes"]
    assert titles(mine, course_id=box, sort="newest") == newest
    assert titles(mine, course_id=box, sort="OLDEST") == newest[::-1]
    assert titles(mine, course_id=box, sort="nonsense", window="5") == newest
    assert titles(mine, course_id=box, window="all") == newest
    for window, count in (("3", 1), ("7", 2), ("30", 3), ("365", 3)):
        assert titles(mine, course_id=box, window=window) == newest[:count]
        assert titles(mine, course_id=box, window=window, sort="oldest") == newest[:count][::-1]
        assert sorted(titles(mine, course_id=box, window=window, q="enzymes")) == sorted(newest[:count])
    assert titles(mine, course_id=box, sort="oldest", q="enzymes") == newest[::-1]
    page = {"course_id": box, "sort": "oldest", "limit": 2, "offset": 1}
    assert titles(mine, **page) == titles(mine, **page, q="enzymes") == newest[::-1][1:3]
    body = mine.get("notes/", params={**page, "q": "enzymes"}).json()
    assert (body["total"], body["has_more"]) == (4, True)


@pytest.mark.contract("apps §4")
def test_popular_notes_have_the_most_sessions_and_comments(mine: User, look: Look) -> None:
    box = course(mine, "Popular")["id"]
    ids = {title: make(mine, f"{title} enzymes", course_id=box) for title in ("none", "one", "three", "two")}

    def begin(title: str, **more: Any) -> None:
        assert mine.post("note-sessions/", {"note_id": ids[title], **more}).status_code == 201

    begin("one")
    begin("three")
    begin("three", started_at="2020-01-01T00:00:00Z")
    begin("two")
    begin("none", started_at="2999-01-01T00:00:00Z")  # no use until then
    uuids = {note["title"]: note["uuid"] for note in mine.get("notes/", params={"course_id": box}).json()}
    for title in ("three", "two"):
        make(mine, "a comment", note_type="C", source_note_uuid=uuids[f"{title} enzymes"])
    expected = ["three enzymes", "two enzymes", "one enzymes", "none enzymes"]
    eventually(lambda: titles(mine, course_id=box, sort="popular") == expected, what="the sessions are counted")
    assert titles(mine, course_id=box, sort="popular", q="enzymes") == expected
    assert titles(mine, course_id=box, sort="popular", limit=2, offset=1) == expected[1:3]
    # Within the window both have two uses, and the newest is first.
    edited(look, ids["three"], 1)
    assert titles(mine, course_id=box, sort="popular", window="7")[:2] == ["two enzymes", "three enzymes"]


@pytest.mark.contract("apps §4", "apps §1")
def test_sessions_of_a_deleted_account_and_a_purged_note_are_forgotten(mine: User, look: Look) -> None:
    kept, purged = make(mine, "kept"), make(mine, "purged")
    for note_id in (kept, purged):
        mine.post("note-sessions/", {"note_id": note_id})
    counted = "SELECT note_id FROM notes.work_sessions WHERE user_id = %s ORDER BY note_id"
    eventually(lambda: len(look.all(counted, mine.id)) == 2)
    mine.delete(f"notes/{purged}/")
    mine.delete("notes/deleted/empty/")
    assert [row["note_id"] for row in look.all(counted, mine.id)] == [kept]
    assert mine.request("DELETE", "auth/account/", json={"password": mine.password}).status_code == 204
    eventually(lambda: not look.all(counted, mine.id), what="the account's sessions are gone")


@pytest.mark.contract("apps §4")
def test_the_notes_of_a_course_come_in_pages_when_asked_for(mine: User, other: User, api: Api) -> None:
    box = course(mine, "Paged")["id"]
    for number in range(5):
        make(mine, f"n{number}", course_id=box, is_public=number % 2 == 0)
    bare = mine.get(f"courses/{box}/notes/").json()
    assert [note["title"] for note in bare] == ["n4", "n3", "n2", "n1", "n0"]
    page = mine.get(f"courses/{box}/notes/?limit=2&offset=2").json()
    assert {**page, "results": len(page["results"])} == {
        "results": 2, "total": 5, "offset": 2, "limit": 2, "has_more": True,
    }  # fmt: skip
    assert page["results"] == bare[2:4]
    assert api.get(f"courses/{box}/notes/?limit=2&offset=2").json()["total"] == 3
    assert other.get("courses/999999999/notes/?limit=2").status_code == 404
    assert mine.get(f"courses/{box}/notes/?limit=two").status_code == 400


@pytest.mark.contract("apps §4", "apps §8")
def test_strangers_get_courses_with_something_to_read_in_pages(mine: User, api: Api) -> None:
    folders = {name: course(mine, f"{name} of {mine.id}")["id"] for name in ("private", "empty", "public", "binned")}
    make(mine, "secret", course_id=folders["private"])
    make(mine, "open", course_id=folders["public"], is_public=True)
    mine.delete(f"notes/{make(mine, 'gone', course_id=folders['binned'], is_public=True)}/")
    listed = api.get("courses/").json()
    assert [one["id"] for one in listed if one["id"] in folders.values()] == [folders["public"]]
    assert {folders["private"], folders["empty"]} <= {one["id"] for one in mine.get("courses/").json()}
    page = api.get("courses/?limit=1&offset=1").json()
    assert (page["results"], page["total"], page["offset"], page["limit"]) == (listed[1:2], len(listed), 1, 1)
    assert page["has_more"] == (len(listed) > 2)
    own = mine.get("courses/?limit=2").json()
    assert own["results"] == mine.get("courses/").json()[:2]


@pytest.mark.contract("apps §8")
def test_the_front_page_shows_strangers_no_private_folder(mine: User, other: User, api: Api) -> None:
    private = course(mine, f"A private folder of {mine.id}")
    mine.post("courses/reorder/", {"course_ids": [private["id"]]})  # to the front of all lists
    make(mine, "secret", course_id=private["id"])

    def shown(reader: User | Api) -> set[int]:
        page = reader.get("front-page/").json()
        courses = [*page["carousel_courses"], *page["collections"]]
        return {one["id"] for one in [*courses, page["default_course"]] if one}

    assert private["id"] in shown(mine)
    assert private["id"] not in shown(other)
    assert private["id"] not in shown(api)
    other.post(f"courses/{private['id']}/subscribe/")
    assert private["id"] in shown(other)
    # What a stranger files there makes it no more public than it was.
    make(other, "a stranger's", course_id=private["id"], is_public=True)
    assert private["id"] not in shown(api)
    assert private["id"] not in {one["id"] for one in api.get("courses/").json()}
    make(mine, "open", course_id=private["id"], is_public=True)
    assert private["id"] in shown(api)


@pytest.mark.contract("apps §5", "notes §4.7")
def test_a_deleted_inbox_stays_gone_and_leaves_its_notes(mine: User, api: Api, look: Look) -> None:
    box = inbox(mine)
    assert box is not None
    inside, binned = make(mine, "inside", course_id=box["id"]), make(mine, "binned", course_id=box["id"])
    mine.delete(f"notes/{binned}/")
    assert mine.delete(f"courses/{box['id']}/").status_code == 204
    assert mine.get(f"notes/{inside}/").json()["course_id"] is None
    assert titles(mine, course_id="none") == ["inside", "Welcome to Notechondria"]
    assert look.events("course.deleted", course_id=box["id"])
    # Neither the next sign-in nor another course's deletion makes a new one.
    api.post("auth/login/", {"email": mine.username, "password": mine.password})
    folder = course(mine, "Folder")["id"]
    kept = make(mine, "in a folder", course_id=folder)
    assert mine.delete(f"courses/{folder}/").status_code == 204
    assert mine.get(f"notes/{kept}/").json()["course_id"] is None
    assert inbox(mine) is None
    new = make(mine, "new")
    assert mine.get(f"notes/{new}/").json()["course_id"] is None
    assert mine.post(f"notes/{binned}/restore/").json()["course_id"] is None


@pytest.mark.contract("apps §5")
def test_who_makes_an_inbox_again_has_one(mine: User) -> None:
    first = inbox(mine)
    assert first is not None
    mine.delete(f"courses/{first['id']}/")
    again = course(mine, "Inbox")
    assert again["is_default"]
    folder = course(mine, "Folder")["id"]
    moved = make(mine, "moved", course_id=folder)
    mine.delete(f"courses/{folder}/")
    assert mine.get(f"notes/{moved}/").json()["course_id"] == again["id"]


@pytest.mark.contract("apps §5", "notes §4.6")
def test_a_course_renamed_to_the_title_of_the_inbox_is_it(mine: User) -> None:
    first = inbox(mine)
    assert first is not None
    mine.delete(f"courses/{first['id']}/")
    renamed = course(mine, "Renamed")["id"]
    assert mine.patch(f"courses/{renamed}/", {"title": "INBOX"}).json()["is_default"] is True
    assert mine.patch(f"courses/{renamed}/", {"title": "Z"}).status_code == 400
    assert mine.delete(f"courses/{renamed}/").status_code == 204
    assert inbox(mine) is None


@pytest.mark.contract("apps §5", "notes §4.7")
def test_only_ones_own_default_inbox_goes(mine: User, other: User, look: Look) -> None:
    box = inbox(mine)
    assert box is not None
    assert other.delete(f"courses/{box['id']}/").status_code == 403
    assert look.all("UPDATE notes.courses SET is_default = false WHERE id = %s RETURNING id", box["id"])
    assert mine.delete(f"courses/{box['id']}/").status_code == 400


@pytest.mark.contract("apps §5")
def test_a_subscription_may_be_private(mine: User, other: User) -> None:
    made = course(mine, "Read me")
    path = f"courses/{made['id']}/"
    assert made["is_private_subscription"] is False
    private = other.post(f"{path}subscribe-private/")
    assert (private.status_code, private.json()["is_subscribed"]) == (200, True)
    assert private.json()["is_private_subscription"] is True
    assert other.get(path).json()["is_private_subscription"] is True
    assert mine.get(path).json()["is_private_subscription"] is False
    assert other.post(f"{path}subscribe/").json()["is_private_subscription"] is False
    other.post(f"{path}subscribe-private/")
    assert other.delete(f"{path}subscribe/").json()["is_private_subscription"] is False
    assert other.post("courses/999999999/subscribe-private/").status_code == 404


@pytest.mark.contract("apps §5")
def test_a_course_has_a_hue(mine: User) -> None:
    made = course(mine, "Coloured", color_hue=210, client_course_id="c-hue")
    assert (made["color_hue"], made["git"]) == (210, None)
    path = f"courses/{made['id']}/"
    assert mine.patch(path, {"title": "Coloured"}).json()["color_hue"] == 210
    assert mine.patch(path, {"color_hue": 0}).json()["color_hue"] == 0
    matched = mine.post("courses/", {"title": "Coloured", "client_course_id": "c-hue", "color_hue": 359})
    assert (matched.status_code, matched.json()["color_hue"]) == (200, 359)
    assert mine.patch(path, {"color_hue": None}).json()["color_hue"] is None
    for bad in (-1, 360, "red", 1.5, True):
        refused = mine.patch(path, {"color_hue": bad})
        assert (refused.status_code, list(refused.json())) == (400, ["color_hue"])


@pytest.mark.contract("apps §5")
def test_repository_courses_are_not_offered(mine: User, other: User) -> None:
    path = f"courses/{course(mine, 'In a repository')['id']}/git/"
    body = {"repo": "mira/biology", "branch": "main", "sync_enabled": True}
    for answer in (mine.request("PUT", path, json=body), mine.post(f"{path}import/")):
        assert answer.status_code == 501
        assert "GITHUB_DATA_SYNC_APP_NAME" in answer.json()["detail"]
    assert list(mine.request("PUT", path, json={}).json()) == ["repo"]
    assert other.request("PUT", path, json=body).status_code == 403
    assert mine.request("PUT", "courses/999999999/git/", json=body).status_code == 404


@pytest.mark.contract("apps §8", "notes §5.1")
def test_the_refusal_of_a_private_note_speaks_of_permission(mine: User, other: User, api: Api) -> None:
    note_id = make(mine, "secret")
    for reader in (other, api):
        answer = reader.get(f"notes/{note_id}/")
        assert answer.status_code == 400
        assert "permission" in answer.json()[0]


LONG = "Mitochondria, " * 7 + "and why the cell has so many of them"


@pytest.mark.contract("apps §8")
@pytest.mark.parametrize(
    "text",
    [
        {"content": f"# {LONG}\n\ntext"},
        {"content": f"\n   ## {LONG} and more ##\n"},
        {"markdown": f"intro\n\n# {LONG}"},
        {"content": f"#   {LONG.replace(' ', '  ')}"},
        {"blocks": [{"block_type": "N", "text": "intro"}, {"block_type": "T", "text": LONG}]},
        {"blocks": [{"block_type": "S", "text": f"{LONG}, part 2", "args": "##"}]},
        {"content": f"```\n# not this\n```\n\n# {LONG}"},
        {"content": f"{LONG}\n===\n\ntext"},
        {"content": f"# **{LONG[:30]}**{LONG[30:]}"},
        {"content": f"> quoted\n\n## `{LONG[:3]}`{LONG[3:]} [link](a.md)\n"},
    ],
)
def test_a_long_title_that_is_the_heading_is_cut_at_a_word(mine: User, text: dict[str, Any]) -> None:
    made = mine.post("notes/", {"title": f" {LONG} ", **text})
    assert made.status_code == 201, made.text
    title = made.json()["title"]
    assert len(title) <= 100
    assert title.endswith("…")
    head = title.removesuffix("…")
    assert LONG.startswith(head)
    assert LONG[len(head)] == " "  # whole words
    changed = mine.patch(f"notes/{make(mine, 'short')}/", {"title": LONG, **text})
    assert (changed.status_code, changed.json()["title"]) == (200, title)
    if "content" in text:
        assert made.json()["content"].split() == text["content"].split()


@pytest.mark.contract("apps §8", "notes §5.4")
@pytest.mark.parametrize(
    "text",
    [
        {},
        {"content": ""},
        {"content": LONG},
        {"content": f"# Another heading\n\n# {LONG}"},
        {"content": f"# {LONG[:60]}"},
        {"content": f"```\n# {LONG}\n```"},
        {"blocks": [{"block_type": "N", "text": LONG}]},
        {"blocks": "none"},
        {"description": f"# {LONG}"},
    ],
)
def test_other_long_titles_are_refused(mine: User, text: dict[str, Any]) -> None:
    answer = mine.post("notes/", {"title": LONG, **text})
    assert answer.status_code == 400
    assert "title" in answer.json()


def test_titles_are_cut_where_there_is_a_word_and_elsewhere_where_they_must() -> None:
    assert cut("x" * 120) == "x" * 99 + "…"
    assert cut("one " * 40) == ("one " * 25).rstrip() + "…"
    assert cut("enzyme " * 40) == ("enzyme " * 14).rstrip() + "…"
    assert cut("a" * 99 + " tail") == "a" * 99 + "…"
    assert len(cut("\U0001f393 " * 80)) <= 100


@pytest.mark.contract("apps §8", "identity §11.3")
def test_every_owner_of_a_course_has_a_picture(api: Api) -> None:
    def owners() -> list[dict[str, Any]]:  # a course whose account was deleted has none
        return [one["owner"] for one in api.get("courses/").json() if one["owner"]]

    for owner in eventually(owners, what="the template courses are there"):
        picture = api.http.get(owner["image_url"])
        assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")
    assert api.http.get(api.url("/media/user_upload/user_999999999/profile_pic/profile_latest.png")).status_code == 404
