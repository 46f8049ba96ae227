"""Lists cost the same number of statements, however long they are (issue: never a query per row)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import pytest
from tests.support.client import User


@pytest.fixture
def statements(look: Any) -> Callable[[Callable[[], Any]], int]:
    """How many statements on courses and notes a call costs.

    Housekeeping runs at the same time: it affects one of several calls, not all.
    """
    look._connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
    query = (
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid"
        " WHERE r.rolname = 'notes' AND query ~ 'notes\\.(notes|courses|note_blocks|course_media|authors)'"
    )

    def count(call: Callable[[], Any]) -> int:
        before = int(look.one(query))
        call()
        return int(look.one(query)) - before

    return lambda call: min(count(call) for _ in range(5))


@pytest.mark.contract("notes §12")
@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("courses/", 3),
        ("notes/", 2),
        ("notes/?limit=5", 1),
        ("notes/?scope=all&limit=50", 1),
        ("notes/?q=row", 4),
        ("notes/deleted/", 2),
    ],
)
def test_lists_do_not_cost_a_statement_per_row(
    mine: User, statements: Callable[[Callable[[], Any]], int], path: str, most: int
) -> None:
    def grow(mark: str) -> None:
        for number in range(4):
            course = mine.post("courses/", {"title": f"{mark}{number}"}).json()["id"]
            for _ in range(2):
                note = mine.post("notes/", {"title": f"row {mark}", "content": "text", "course_id": course}).json()
                mine.post("notes/", {"title": f"row {mark}", "course_id": course})
                mine.delete(f"notes/{note['id']}/")

    grow("a")
    few = statements(lambda: mine.get(path))
    grow("b")
    many = statements(lambda: mine.get(path))
    assert 0 < many <= most
    # A page that is full costs a count, one that holds everything does not: everybody's public notes count too.
    assert many <= few or "limit=" in path


@pytest.mark.contract("notes §5.3", "notes §7")
def test_long_lists_come_in_slices_and_whole(
    mine: User, statements: Callable[[Callable[[], Any]], int], look: Any
) -> None:
    mine.get("notes/")  # from now on there is an author
    for title in ("live", "thrown away"):
        look._connection.execute(
            "INSERT INTO notes.notes (creator_id, uuid, sharing_id, title, is_public, content, excerpt, preview_lines,"
            " metadata_json, custom_meta, note_type, editor_mode, cover_image, revision, date_created, last_edit,"
            " deleted_at) SELECT %s, gen_random_uuid(), gen_random_uuid()::text, %s || n, false, '', '', '{}', '', '',"
            " 'N', 'G', '', 1, now(), now() - (n %% 50) * interval '1 hour',"
            " CASE WHEN %s THEN now() - (n %% 50) * interval '1 minute' END FROM generate_series(1, 430) n",
            [mine.id, title, title != "live"],
        )
    look._connection.execute(
        "INSERT INTO notes.recycle_bin_entries (note_id, creator_id, item_type, deleted_at, metadata_json,"
        " date_created, last_edit) SELECT id, creator_id, 'note', deleted_at, '', now(), now() FROM notes.notes"
        " WHERE creator_id = %s AND deleted_at IS NOT NULL",
        [mine.id],
    )
    whole = mine.get("notes/").json()
    pages = [mine.get(f"notes/?limit=100&offset={offset}").json()["results"] for offset in range(0, 500, 100)]
    assert len(whole) >= 430
    assert whole == [note for page in pages for note in page]
    assert len({note["id"] for note in whole}) == len(whole)
    bin_ = mine.get("notes/deleted/").json()
    assert len(bin_) == 430
    order = [(note["deleted_at"], note["id"]) for note in bin_]
    assert order == sorted(order, reverse=True)
    assert statements(lambda: mine.get("notes/")) == 1 + 5
    oldest = mine.get("notes/?sort=oldest").json()
    assert [note["id"] for note in oldest] == [note["id"] for note in reversed(whole)]
    for sort, order in (("newest", whole), ("oldest", oldest)):
        for offset in (0, 1, 213, 214, 215, 216, 217, 218, 300, 425, 430, 431, 432, 2**63 - 1):
            page = mine.get("notes/", params={"limit": 7, "offset": offset, "sort": sort}).json()
            assert page["results"] == order[offset : offset + 7], (sort, offset)
            assert (page["total"], page["has_more"]) == (len(whole), offset + 7 < len(whole))
    assert len(mine.get("notes/?sort=popular").json()) == len(whole)


def test_a_note_costs_one_statement(mine: User, statements: Callable[[Callable[[], Any]], int]) -> None:
    note = mine.post("notes/", {"title": "t", "content": "# H\n\na\n\n## B\n\nb"}).json()["id"]
    assert statements(lambda: mine.get(f"notes/{note}/")) == 1


@pytest.mark.contract("notes §4.8", "notes §4.1")
def test_a_course_of_2000_notes_comes_in_slices_and_whole(
    mine: User, statements: Callable[[Callable[[], Any]], int], look: Any
) -> None:
    course = mine.post("courses/", {"title": "Large"}).json()["id"]
    look._connection.execute(
        "INSERT INTO notes.notes (creator_id, course_id, uuid, sharing_id, title, is_public, content, excerpt,"
        " preview_lines, metadata_json, custom_meta, note_type, editor_mode, cover_image, revision, date_created,"
        " last_edit) SELECT %s, %s, gen_random_uuid(), gen_random_uuid()::text, 'n' || n, false, 'text', 'text',"
        " '{text}', '', '', 'N', 'G', '', 1, now(), now() - n * interval '1 second' FROM generate_series(1, 2000) n",
        (mine.id, course),
    )
    path = f"courses/{course}/notes/"
    assert statements(lambda: mine.get(path)) == 1 + 20
    assert [note["title"] for note in mine.get(path).json()] == [f"n{number}" for number in range(1, 2001)]


@pytest.mark.contract("notes §8")
def test_attachments_cost_the_same_however_many(mine: User, statements: Callable[[Callable[[], Any]], int]) -> None:
    path = f"notes/{mine.post('notes/', {'title': 't'}).json()['id']}/attachments/"
    for number in range(5):
        mine.request("POST", path, files={"file": (f"{number}.txt", b"x")})
    assert statements(lambda: mine.get(path)) <= 2
    assert len(mine.get(path).json()) == 5


@pytest.mark.contract("notes §5.5", "notes §5.6")
def test_a_note_is_written_in_one_statement_and_changed_in_two(
    mine: User, statements: Callable[[Callable[[], Any]], int]
) -> None:
    course = mine.post("courses/", {"title": "Course"}).json()["id"]
    note = mine.post("notes/", {"title": "Note", "content": "a b"}).json()
    assert statements(lambda: mine.post("notes/", {"title": "n", "content": "a b", "course_id": course})) == 1
    assert statements(lambda: mine.patch(f"notes/{note['id']}/", {"metadata_json": "{}", "course_id": None})) == 2
    assert statements(lambda: mine.patch(f"notes/{note['id']}/", {"content": "# T\n\na b c"})) == 2
    # What one statement does not decide costs what it did before.
    courses = cycle([course, None])
    assert statements(lambda: mine.patch(f"notes/{note['id']}/", {"course_id": next(courses)})) > 2


@pytest.mark.contract("notes §5.5", "notes §5.6")
def test_the_answer_to_a_write_is_what_is_read_afterwards(mine: User) -> None:
    course = mine.post("courses/", {"title": "Other course"}).json()["id"]
    blocks = [
        {"block_type": "C", "text": "x = 1", "args": "python"},
        {"block_type": "N", "text": "ä \u2014 \U0001f600"},
    ]
    bodies = (
        {"title": "Plain"},
        {"title": "Text", "content": "# Title\n\nwords\n\n## Part\n\nmore", "description": "about", "is_public": True},
        {"title": "Blocks", "blocks": blocks, "course_id": course, "custom_meta": "{}", "editor_mode": "G"},
        {"title": "Draft", "markdown": "m", "client_draft_id": "direct-1", "metadata_json": '{"a": 1}'},
    )
    changes: tuple[dict[str, Any], ...] = (
        {"title": "Renamed"},
        {"description": None},
        {"content": ""},
        {"markdown": "some\n\nother text"},
        {"blocks": blocks},
        {"blocks": []},
        {"course_id": course, "is_public": False},
        {"course_id": None, "editor_mode": "P", "custom_meta": None},
        {},
    )
    for body in bodies:
        answer = mine.post("notes/", body)
        assert answer.status_code == 201
        path = f"notes/{answer.json()['id']}/"
        assert {**answer.json(), "can_edit": True} == mine.get(path).json()
        for change in changes:
            answer = mine.patch(path, change)
            assert answer.status_code == 200
            assert {**answer.json(), "can_edit": True} == mine.get(path).json()
    again = mine.post("notes/", {"title": "Draft again", "client_draft_id": "direct-1"})
    assert again.status_code == 200
    assert again.json()["title"] == "Draft again"
