"""Lists and search (notes §3.3, §5.3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.client import Api, User


def make(user: User, title: str, **more: Any) -> int:
    answer = user.post("notes/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def titles(reader: User | Api, **params: Any) -> list[str]:
    answer = reader.get("notes/", params=params)
    assert answer.status_code == 200, answer.text
    return [note["title"] for note in answer.json()]


@pytest.mark.contract("notes §5.3")
def test_scopes_choose_own_private_public_and_all(mine: User, other: User, api: Api) -> None:
    mark = f"m{mine.id}"
    course = mine.post("courses/", {"title": mark}).json()["id"]
    for user, name in ((mine, "mine"), (other, "theirs")):
        make(user, f"{name} private", course_id=course)
        make(user, f"{name} public", is_public=True, course_id=course)
    own = ["mine public", "mine private"]
    for scope in ("", "personal", "PERSONAL", "nonsense"):
        assert titles(mine, scope=scope, course_id=course) == own
    assert titles(mine, course_id=course) == own
    assert titles(mine, scope="private", course_id=course) == ["mine private"]
    assert titles(mine, scope="Public", course_id=course) == ["mine public"]
    assert titles(mine, scope="all", course_id=course) == ["theirs public", "mine public", "mine private"]
    for scope in ("", "personal", "private", "public", "all"):
        assert titles(api, scope=scope, course_id=course) == ["theirs public", "mine public"]


@pytest.mark.contract("notes §5.3", "notes §3.3")
def test_the_list_holds_summaries(mine: User) -> None:
    make(mine, "S", content="# S\n\n  one  \n\ntwo\nthree\nfour" + "x" * 500, description="d")
    (note, welcome) = mine.get("notes/").json()
    assert set(note) == {
        "id", "uuid", "title", "description", "excerpt", "preview_lines", "editor_mode", "note_type", "is_public",
        "last_edit", "date_created", "course_id", "course", "author", "source_note_uuid", "cover_image_url",
    }  # fmt: skip
    assert note["preview_lines"] == ["one", "two", "three"]
    assert len(note["excerpt"]) == 220
    assert "Welcome to Notechondria" in welcome["title"]


@pytest.mark.contract("notes §5.3", "notes §5.2")
def test_the_list_is_newest_first_and_paged(mine: User) -> None:
    ids = [make(mine, f"n{number}") for number in range(5)]
    mine.patch(f"notes/{ids[1]}/", {})
    newest_first = ["n1", "n4", "n3", "n2", "n0", "Welcome to Notechondria"]
    assert titles(mine) == newest_first
    page = mine.get("notes/", params={"limit": 2, "offset": 2}).json()
    assert [note["title"] for note in page["results"]] == newest_first[2:4]
    assert {name: page[name] for name in ("total", "offset", "limit", "has_more")} == {
        "total": 6, "offset": 2, "limit": 2, "has_more": True,
    }  # fmt: skip
    last = mine.get("notes/", params={"limit": 2, "offset": 4}).json()
    assert (len(last["results"]), last["total"], last["has_more"]) == (2, 6, False)
    beyond = mine.get("notes/", params={"limit": 2, "offset": 40}).json()
    assert (beyond["results"], beyond["total"], beyond["offset"], beyond["has_more"]) == ([], 6, 40, False)
    whole = mine.get("notes/", params={"limit": 50}).json()
    assert (len(whole["results"]), whole["total"], whole["has_more"]) == (6, 6, False)
    assert titles(mine, offset=3) == newest_first  # an offset alone is not used


@pytest.mark.contract("notes §5.3", "notes §1")
@pytest.mark.parametrize(
    ("given", "limit", "offset"),
    [
        ({"limit": "0"}, 1, 0),
        ({"limit": "-5"}, 1, 0),
        ({"limit": "101"}, 100, 0),
        ({"limit": "99999999999999999999999"}, 100, 0),
        ({"limit": " 7 ", "offset": "-3"}, 7, 0),
        ({"limit": "7", "offset": "99999999999999999999999"}, 7, 2**63 - 1),
    ],
)
def test_limits_are_clamped(mine: User, given: dict[str, str], limit: int, offset: int) -> None:
    page = mine.get("notes/", params=given).json()
    assert (page["limit"], page["offset"]) == (limit, offset)


@pytest.mark.contract("notes §1")
@pytest.mark.parametrize("name", ["limit", "offset", "course_id"])
@pytest.mark.parametrize("value", ["x", "1.5", "1e3", "٣", "0x10", "9" * 5000])
def test_bad_query_numbers_are_400(mine: User, name: str, value: str) -> None:
    answer = mine.get("notes/", params={name: value})
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    assert name in answer.json()["detail"]


@pytest.mark.contract("decision 7", "notes §5.3")
def test_blank_query_values_count_as_absent(mine: User) -> None:
    make(mine, "here")
    blank = mine.get("notes/?q=&limit=&course_id=&offset=&scope=").json()
    assert [note["title"] for note in blank] == ["here", "Welcome to Notechondria"]
    assert len(titles(mine, course_id=0)) == 2
    assert titles(mine, course_id=999999999) == []
    assert titles(mine, course_id=-1) == []


@pytest.mark.contract("decision 27")
def test_nul_in_a_search_is_400(mine: User) -> None:
    for name in ("q", "contains"):
        answer = mine.get(f"notes/?{name}=a%00b")
        assert (answer.status_code, list(answer.json())) == (400, [name])


@pytest.mark.contract("notes §5.3")
def test_search_ranks_words_title_and_likeness(mine: User) -> None:
    make(mine, "Meaningful Structures", content="about forms")
    make(mine, "Gardening", content="structures of roots, meaningful to bees")
    make(mine, "Cooking", description="structures", content="soup")
    assert titles(mine, q="meanng strctres")[0] == "Meaningful Structures"
    assert "Gardening" not in titles(mine, q="meanng strctres")
    assert titles(mine, q="  MEANINGFUL   structures ") == ["Meaningful Structures", "Gardening", "Cooking"]
    assert titles(mine, q="roots") == ["Gardening"]
    assert titles(mine, q="zzzzqqqq") == []
    page = mine.get("notes/", params={"q": "structures", "limit": 1, "offset": 1}).json()
    assert (page["total"], page["has_more"], len(page["results"])) == (3, True, 1)


@pytest.mark.contract("notes §5.3")
def test_equal_scores_go_by_last_edit(mine: User) -> None:
    first = make(mine, "same words", content="kiwi")
    make(mine, "same words", content="kiwi")
    assert mine.get("notes/", params={"q": "kiwi"}).json()[1]["id"] == first
    mine.patch(f"notes/{first}/", {})
    assert mine.get("notes/", params={"q": "kiwi"}).json()[0]["id"] == first


@pytest.mark.contract("notes §5.3")
def test_search_keeps_to_the_scope(mine: User, other: User, api: Api) -> None:
    word = f"quokka{mine.id}"
    make(mine, f"{word} private")
    make(mine, f"{word} public", is_public=True)
    make(other, f"{word} theirs")
    gone = make(mine, f"{word} deleted", is_public=True)
    mine.delete(f"notes/{gone}/")
    assert set(titles(mine, q=word)) == {f"{word} private", f"{word} public"}
    assert f"{word} theirs" in titles(other, q=word)
    assert f"{word} private" not in titles(other, q=word, scope="all")
    assert {f"{word} public"} == {title for title in titles(api, q=word) if title.startswith(word)}


def test_contains_keeps_notes_with_that_text(mine: User, other: User) -> None:
    make(mine, "Old", content="needle in hay")
    make(mine, "NEEDLE")
    make(mine, "Nothing", description="needle")
    make(other, "needle")
    assert titles(mine, contains="Needle") == ["NEEDLE", "Old"]
    page = mine.get("notes/", params={"contains": "needle", "limit": 1}).json()
    assert (page["total"], page["has_more"]) == (2, True)
    assert titles(mine, contains="100%") == []


@pytest.mark.contract("notes §5.3")
def test_deleted_notes_never_appear(mine: User) -> None:
    gone = make(mine, "gone")
    mine.delete(f"notes/{gone}/")
    assert "gone" not in titles(mine)
    assert "gone" not in titles(mine, scope="all")


@pytest.mark.contract("decision 66", "notes §5.3")
@pytest.mark.parametrize("order", [{}, {"sort": "oldest"}, {"sort": "popular"}, {"q": "note"}, {"scope": "all"}])
def test_a_cursor_goes_through_a_list(mine: User, order: dict[str, str]) -> None:
    course = mine.post("courses/", {"title": "Through"}).json()["id"]
    ids = [make(mine, f"note {number}", course_id=course, is_public=number % 2 == 0) for number in range(7)]
    about = {"course_id": course, **order}
    whole = [note["id"] for note in mine.get("notes/", params=about).json()]
    assert sorted(whole) == ids
    shown: list[int] = []
    cursor: str | None = "first"
    while cursor is not None:
        page = mine.get("notes/", params={**about, "limit": 3, "cursor": cursor, "offset": 5}).json()
        assert set(page) == {"results", "total", "offset", "limit", "has_more", "next"}
        assert (page["total"], page["has_more"]) == (7, page["next"] is not None)
        shown += [note["id"] for note in page["results"]]
        cursor = page["next"]
    assert shown == whole
    plain = mine.get("notes/", params={**about, "limit": 3, "offset": 3}).json()
    assert "next" not in plain
    assert [note["id"] for note in plain["results"]] == whole[3:6]


@pytest.mark.contract("decision 66")
def test_a_cursor_does_not_move_when_notes_are_made_or_go(mine: User, look: Any) -> None:
    ids = [make(mine, f"n{number}") for number in range(6)]
    look._connection.execute("UPDATE notes.notes SET last_edit = '1969-12-31 23:59:59.5Z' WHERE id = ANY(%s)", [ids])
    first = mine.get("notes/?limit=4&cursor=first").json()
    _, *latest = [note["id"] for note in first["results"]]
    assert latest == [ids[5], ids[4], ids[3]]
    make(mine, "new")
    mine.delete(f"notes/{ids[3]}/")
    second = mine.get("notes/", params={"limit": 4, "cursor": first["next"]}).json()
    assert [note["id"] for note in second["results"]] == [ids[2], ids[1], ids[0]]
    assert (second["next"], second["has_more"], second["total"]) == (None, False, 7)
    beyond = mine.get("notes/", params={"limit": 4, "cursor": f"at-{2**63}"}).json()
    assert (beyond["results"], beyond["next"], beyond["total"]) == ([], None, 7)
    assert len(mine.get("notes/?cursor=first").json()) == 7


@pytest.mark.contract("decision 66", "decision 7")
@pytest.mark.parametrize("text", ["x", "at-", "at--1", "AAAA", "_" * 22, "f" * 22, "first ' OR 1=1", "ü", "9" * 5000])
def test_what_is_no_cursor_is_400(mine: User, text: str) -> None:
    answer = mine.get("notes/", params={"cursor": text, "limit": 3})
    if answer.status_code == 200:  # letters that happen to say a time and an id
        assert len(text) == 22
    else:
        assert (answer.status_code, list(answer.json())) == (400, ["detail"])
        assert answer.json()["detail"].startswith("cursor: ")
    assert "next" not in mine.get("notes/?cursor=&limit=3").json()


BRIEF = (
    "id", "uuid", "title", "description", "is_public", "editor_mode", "note_type", "course_id", "last_edit",
    "date_created",
)  # fmt: skip


@pytest.mark.contract("decision 68", "notes §5.3")
@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 3}, {"limit": 3, "sort": "oldest"}, {"limit": 3, "sort": "popular"}, {"limit": 3, "offset": 2},
        {"limit": 3, "cursor": "first"}, {"limit": 3, "q": "note"}, {"limit": 3, "contains": "note 1"}, {},
        {"limit": 3, "scope": "public"}, {"scope": "all", "limit": 100}, {"q": "note"}, {"limit": 3, "offset": 900},
        {"limit": 3, "course_id": "none"}, {"sort": "oldest"},
    ],
)  # fmt: skip
def test_short_notes_are_parts_of_the_long_ones(mine: User, asked: dict[str, Any]) -> None:
    course = mine.post("courses/", {"title": "Short"}).json()["id"]
    for number in range(4):
        make(mine, f"note {number}", content="é\n\ntext", description="a", is_public=number < 2, course_id=course)
    make(mine, "note without course")
    notes, short = (mine.get("notes/", params=asked | more).json() for more in ({}, {"fields": "Brief"}))
    if isinstance(notes, dict):
        envelopes = [{**page, "results": len(page["results"])} for page in (notes, short)]
        assert envelopes[0] == envelopes[1]
        notes, short = notes["results"], short["results"]
    assert short == [{name: note[name] for name in BRIEF} for note in notes]
    assert all(tuple(note) == BRIEF for note in short)


@pytest.mark.contract("decision 68")
def test_fields_of_another_word_are_all(mine: User, api: Api) -> None:
    make(mine, "seen", is_public=True)
    whole = mine.get("notes/?limit=1").json()
    assert [mine.get(f"notes/?limit=1&fields={word}").json() for word in ("", "all", "ALL", "id,title")] == [whole] * 4
    (shown,) = api.get("notes/?limit=1&fields=brief").json()["results"]
    assert tuple(shown) == BRIEF
