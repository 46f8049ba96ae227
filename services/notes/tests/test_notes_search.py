"""Search (notes §5.3): the same notes in the same order as the rule read aloud, however they are found."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.client import Api, User

from notes_service.search import ranking
from notes_service.search.likeness import Likeness
from notes_service.search.ranking import CandidateColumns, Query, SearchCandidates, like_pattern, sort_out

Row = dict[str, Any]


def plain_search(text: str, rows: list[Row]) -> list[int]:
    """The contract's rule without any shortcut: ids, best first."""
    whole = text.strip().lower()
    found = []
    for row in rows:
        title, description, content = row["title"], row["description"] or "", row["content"]
        searchable = f"{title} {description} {content}".lower()
        exact = sum(word in searchable for word in whole.split())
        in_title = sum(word in title.lower() for word in whole.split())
        parts = (title.lower(), description.lower(), content[:400].lower(), searchable[:500])
        fuzzy = max(SequenceMatcher(None, whole, part).ratio() for part in parts)
        if exact or fuzzy >= 0.45:
            found.append((10 * exact + 5 * in_title + fuzzy, row["last_edit"], row))
    found.sort(key=lambda entry: entry[2]["title"].lower())
    found.sort(key=lambda entry: entry[:2], reverse=True)
    return [row["id"] for *_, row in found]


def packed(numbers: list[int]) -> bytes | None:
    return b"".join(number.to_bytes(8) for number in numbers) or None


def joined(texts: list[str]) -> bytes | None:
    return b"\0".join(text.encode() for text in texts) if texts else None


def search(text: str, rows: list[Row], start: int, end: int | None) -> tuple[list[int], int]:
    """The service's way, with the database's part played by comprehensions."""
    query = Query.of(text)
    low = {row["id"]: f"{row['title']} {row['description'] or ''} {row['content']}".lower() for row in rows}
    exact = {row["id"]: sum(query.times[word] for word in query.times if word in low[row["id"]]) for row in rows}
    found = [row for row in rows if exact[row["id"]]]
    counts = sorted((exact[row["id"]] for row in found), reverse=True)
    least = counts[end - 1] if end is not None and len(counts) >= end else 0
    ranked = [row for row in found if 3 * exact[row["id"]] >= 2 * least]
    if query.kinds.single and end is not None:
        (word,) = query.times
        titled = [row for row in found if not row["title"].isascii() or word in row["title"].lower()]
        surely = [row for row in titled if row["title"].isascii()]
        ranked = titled if len(surely) >= end else found
    others = [row for row in rows if not exact[row["id"]]]
    short = [row for row in others if len(row["content"].encode()) <= query.head_bytes]
    columns = CandidateColumns(
        ids=packed([row["id"] for row in ranked]),
        exact=packed([exact[row["id"]] for row in ranked]),
        titles=joined([row["title"] for row in ranked]),
        descriptions=joined([row["description"] or "" for row in ranked]),
        octets=packed([len(row["content"].encode()) for row in ranked]),
        matched=len(found),
        other_ids=packed([row["id"] for row in others]),
        other_titles=joined([row["title"] for row in others]),
        other_descriptions=joined([row["description"] or "" for row in others]),
        short_ids=packed([row["id"] for row in short]),
        short_texts=joined([row["content"][:500] for row in short]),
    )
    sorting = sort_out(query, SearchCandidates(columns), start, end)
    heads = {row["id"]: row["content"][:500] for row in rows if row["id"] in sorting.in_question}
    edits = {row["id"]: int(row["last_edit"].timestamp()) for row in rows if row["id"] in sorting.contenders}
    return sorting.page(query, heads, edits), sorting.total


WORDS = ("red", "fish", "Meaningful", "Structures", "ü", "über", "a", "kiwi", "of", "bird", "x" * 30, "100%", "漢字")
TEXT = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
NOTES = st.lists(st.tuples(TEXT, st.none() | TEXT, TEXT, st.integers(0, 3)), max_size=12)


@pytest.mark.contract("notes §5.3", "notes §12")
@settings(max_examples=300, deadline=None)
@given(text=TEXT.filter(str.strip) | st.text("abdehirs f", min_size=1).filter(str.strip), notes=NOTES,
       start=st.integers(0, 6), size=st.none() | st.integers(1, 6), looked_at=st.sampled_from((1, 2, 500)))  # fmt: skip
def test_search_shortcuts_change_no_result(
    text: str, notes: list[tuple[str, str | None, str, int]], start: int, size: int | None, looked_at: int
) -> None:
    epoch = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"id": number, "title": title or "t", "description": description, "content": content,
         "last_edit": epoch + timedelta(days=day, seconds=number)}
        for number, (title, description, content, day) in enumerate(notes)
    ]  # fmt: skip
    expected = plain_search(text, rows)
    end = None if size is None else start + size
    with mock.patch.object(ranking, "LOOKED_AT", looked_at):
        assert search(text, rows, start, end) == (expected[start:end], len(expected))


@pytest.mark.contract("notes §5.3")
@settings(max_examples=200, deadline=None)
@given(st.text("abc ", max_size=20), st.text("abc d", max_size=40))
def test_the_bound_is_above_the_ratio(whole: str, part: str) -> None:
    likeness = Likeness(whole)
    ratio = SequenceMatcher(None, whole, part).ratio()
    assert likeness.bound(part) >= ratio - 1e-9
    for floor in (0.0, 0.3, ratio):
        assert likeness.best([part], floor) == pytest.approx(ratio if part else 0.0) or ratio < floor
        assert likeness.possible([part], floor) == {0} or ratio < floor


@pytest.mark.contract("notes §5.3")
def test_words_are_taken_literally() -> None:
    assert like_pattern(r"50%_\x") == r"%50\%\_\\x%"


@pytest.mark.contract("notes §5.3")
def test_search_over_http_follows_the_rule(mine: User) -> None:
    dice = random.Random(7)  # noqa: S311 - any fixed choice will do
    for number in range(40):
        body = " ".join(dice.choices(WORDS, k=dice.randint(0, 9)))
        mine.post(
            "notes/",
            {"title": " ".join(dice.choices(WORDS, k=2))[:100], "description": f"{number}", "content": body},
        )
    rows = []
    for summary in mine.get("notes/").json():
        note = mine.get(f"notes/{summary['id']}/").json()
        rows.append({name: note[name] for name in ("id", "title", "description", "content", "last_edit")})
    for text in (
        "red fish",
        "meanng strctres",
        "ÜBER",
        "a",
        "%",
        "kiwi bird of",
        "nothing like it",
        "struct",
        "x" * 12,
        "漢字",
        "fish 字 fish 漢字 red",
    ):
        expected = plain_search(text, rows)
        assert [note["id"] for note in mine.get("notes/", params={"q": text}).json()] == expected, text
        for offset in (0, 3, 30):
            page = mine.get("notes/", params={"q": text, "limit": 5, "offset": offset}).json()
            assert [note["id"] for note in page["results"]] == expected[offset : offset + 5], (text, offset)
            assert page["total"] == len(expected)


@pytest.mark.contract("notes §5.3")
@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Η ΟΔΟΣ", "ΟΔΟΣ"),
        ("Η ΟΔΟΣ", "οδος"),
        ("η οδος", "ΟΔΟΣ"),
        ("ΟΔΟΣΑ", "οδοσ"),
        ("İzmir", "İzmir"),
        ("İzmir", "izmir"),
        ("GROẞ", "groß"),
    ],
)
def test_letters_that_databases_make_small_in_another_way(mine: User, title: str, query: str) -> None:
    # Far longer than the query, so that likeness finds nothing.
    note = mine.post("notes/", {"title": f"{title} {'and more ' * 9}", "content": "more " * 200}).json()
    assert [found["id"] for found in mine.get("notes/", params={"q": query}).json()] == [note["id"]]


@pytest.mark.contract("notes §5.3")
def test_a_page_of_one_word_begins_with_titles_whatever_their_letters(mine: User) -> None:
    titles = (
        "Kelvin",
        "a scale",
        "\u212aELVIN",
        "KELVIN",
        "kelvin \u0130",
        "\u212aelvin",
        "\u00dcber kelvin",
        "temperature",
    )
    for number, title in enumerate(titles * 2):
        body = {"title": title, "description": f"{number}", "content": f"kelvin {'and more ' * (number % 3)}"}
        mine.post("notes/", body)
    rows = [mine.get(f"notes/{summary['id']}/").json() for summary in mine.get("notes/").json()]
    for text in ("kelvin", "KELVIN kelvin", "\u212aelvin", "elv", "k"):
        expected = plain_search(text, rows)
        for limit, offset in ((1, 0), (3, 0), (3, 3), (10, 0), (5, 9)):
            page = mine.get("notes/", params={"q": text, "limit": limit, "offset": offset}).json()
            shown = [note["id"] for note in page["results"]]
            assert shown == expected[offset : offset + limit], (text, limit, offset)
            assert page["total"] == len(expected)


@pytest.mark.contract("notes §5.3", "notes §12")
def test_the_index_of_public_notes_follows_every_change(mine: User, look: Any) -> None:
    word = f"wombat{mine.id}"
    note = mine.post("notes/", {"title": word, "is_public": True}).json()["id"]

    def found() -> list[int]:
        rows = look.all("SELECT note_id FROM notes.note_search WHERE is_public AND searchable LIKE %s", f"%{word}%")
        return [row["note_id"] for row in rows]

    assert found() == [note]
    mine.patch(f"notes/{note}/", {"is_public": False})
    assert found() == []
    mine.patch(f"notes/{note}/", {"is_public": True})
    mine.delete(f"notes/{note}/")
    assert found() == []
    mine.post(f"notes/{note}/restore/")
    assert found() == []  # it comes back private
    mine.patch(f"notes/{note}/", {"is_public": True})
    assert found() == [note]


@pytest.mark.contract("notes §5.3", "notes §12")
def test_search_among_all_notes_follows_the_rule(mine: User, other: User, api: Api) -> None:
    dice = random.Random(11)  # noqa: S311 - any fixed choice will do
    course = mine.post("courses/", {"title": "Shared"}).json()["id"]
    for number in range(30):
        (mine, other)[number % 2].post(
            "notes/",
            {"title": " ".join(dice.choices(WORDS, k=2))[:100], "content": " ".join(dice.choices(WORDS, k=6)),
             "course_id": course, "is_public": number % 3 == 0},
        )  # fmt: skip
    rows = []
    for user in (mine, other):
        listed = user.get("notes/", params={"course_id": course}).json()
        rows += [user.get(f"notes/{summary['id']}/").json() for summary in listed]
    readers: list[tuple[User | Api, Callable[[Row], bool]]] = [
        (mine, lambda note: note["is_public"] or note["author"]["id"] == mine.id),
        (other, lambda note: note["is_public"] or note["author"]["id"] == other.id),
        (api, lambda note: note["is_public"]),
    ]
    for reader, shown in readers:
        for text in ("red fish", "strctures meaningfl", "a", "kiwi", "nothing", "字", "red 漢 of"):
            expected = plain_search(text, [row for row in rows if shown(row)])
            params = {"q": text, "scope": "all", "course_id": course}
            assert [note["id"] for note in reader.get("notes/", params=params).json()] == expected, text


@pytest.mark.contract("notes §5.3")
def test_a_pasted_page_is_looked_for_by_its_first_words(mine: User) -> None:
    first = mine.post("notes/", {"title": "one", "content": "zebra063"}).json()["id"]
    later = mine.post("notes/", {"title": "two", "content": "zebra064"}).json()["id"]
    page = " ".join(f"zebra{number:03}" for number in range(600))
    answer = mine.get("notes/", params={"q": page})
    assert answer.status_code == 200
    assert [note["id"] for note in answer.json()] == [first]
    assert mine.get("notes/", params={"q": "zebra064"}).json()[0]["id"] == later
