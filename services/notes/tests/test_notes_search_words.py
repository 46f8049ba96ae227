"""The tables that searches read (notes §5.3): they say what the notes say, whatever happens to these."""

from __future__ import annotations

import asyncio
import io
import random
import shutil
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from pydantic import SecretStr
from services.notes.tests.conftest import Look
from tests.support.client import User, eventually
from tests.support.keys import KEY_SETTINGS, ONE_KEY

from notechondria_launcher.stack import Stack
from notechondria_shared.db import Database
from notechondria_shared.db.migrations import migrate
from notes_service.app import SPEC
from notes_service.search.unused_words import remove_unused
from notes_service.settings import NotesSettings

Row = dict[str, Any]

LIVE = (
    "SELECT id AS note_id, course_id, is_public, title, coalesce(description, '') AS description,"
    " octet_length(content) AS octets, CASE WHEN octet_length(content) <= 512 THEN content END AS short_text"
    " FROM notes.notes WHERE creator_id = %s AND deleted_at IS NULL ORDER BY id"
)
KEPT = (
    "SELECT note_id, course_id, is_public, title, description, octets, short_text FROM notes.note_outlines"
    " WHERE creator_id = %s ORDER BY note_id"
)
WORDS_OF_TEXTS = (
    'SELECT s.note_id, array_agg(word ORDER BY word COLLATE "C") AS words FROM notes.note_search s'
    " JOIN notes.note_outlines USING (note_id), notes.words_of(searchable) AS word"
    " WHERE s.creator_id = %s AND note_outlines.words IS NOT NULL GROUP BY s.note_id ORDER BY s.note_id"
)
WORDS_KEPT = (
    'SELECT note_id, array_agg(word ORDER BY word COLLATE "C") AS words FROM notes.note_outlines o,'
    " unnest(words) AS word_id JOIN notes.search_words w ON w.id = word_id"
    " WHERE o.creator_id = %s AND w.creator_id = o.creator_id GROUP BY note_id ORDER BY note_id"
)


UNINDEXED = "SELECT note_id FROM notes.note_outlines WHERE creator_id = %s AND words IS NULL AND octets <= 262144"
COUNTS_KEPT = (
    "SELECT course_id, is_public, sum(notes)::bigint AS notes FROM notes.note_counts WHERE creator_id = %s"
    " GROUP BY 1, 2 HAVING sum(notes) <> 0 ORDER BY 1, 2"
)
COUNTS = (
    "SELECT course_id, is_public, count(*) AS notes FROM notes.notes WHERE creator_id = %s AND deleted_at IS NULL"
    " GROUP BY 1, 2 ORDER BY 1, 2"
)
NOTES = (
    "INSERT INTO notes (creator_id, uuid, sharing_id, title, description, is_public, content, excerpt, preview_lines,"
    " metadata_json, custom_meta, note_type, editor_mode, cover_image, revision, date_created, last_edit, deleted_at)"
    " SELECT 1 + n %% 2, gen_random_uuid(), gen_random_uuid()::text, 'Title ' || n, NULL, n %% 3 = 0,"
    " CASE n WHEN 5 THEN %(large)s ELSE 'Words of ' || n || ' ' || repeat(%(long)s, n %% 4) END, '', '{}',"
    " '', '', 'N', 'G', '', 1, now(), now(), CASE WHEN n > 18 THEN now() END FROM generate_series(1, 20) n"
)


MANY_NOTES = (
    "INSERT INTO notes.notes (creator_id, uuid, sharing_id, title, is_public, content, excerpt, preview_lines,"
    " metadata_json, custom_meta, note_type, editor_mode, cover_image, cover_size, revision, date_created, last_edit)"
    " SELECT %(user)s, gen_random_uuid(), gen_random_uuid()::text, 'Filler ' || n, false, '', '', '{}',"
    " '', '', 'N', 'G', '', 0, 1, now(), now() FROM generate_series(1, %(notes)s) n"
)


def wait_for_words(user: User, look: Any) -> None:
    """Until the words of all texts are indexed but those of the too large."""
    eventually(lambda: not look.all(UNINDEXED, user.id))


def check_tables(user: User, look: Any) -> None:
    """The outlines and words of a person are those of the notes outside the bin."""
    wait_for_words(user, look)
    assert look.all(KEPT, user.id) == look.all(LIVE, user.id)
    assert look.all(WORDS_KEPT, user.id) == look.all(WORDS_OF_TEXTS, user.id)
    assert look.all(COUNTS_KEPT, user.id) == look.all(COUNTS, user.id)


def make(user: User, title: str, **more: Any) -> int:
    answer = user.post("notes/", {"title": title, **more})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.mark.contract("notes §5.3", "notes §12")
def test_the_tables_follow_every_change(mine: User, other: User, look: Any) -> None:
    course = mine.post("courses/", {"title": "Shelf"}).json()["id"]
    foreign = other.post("courses/", {"title": "Theirs"}).json()["id"]
    first = make(mine, "One", content="some words, some more", description="about", course_id=course)
    second = make(mine, "Two", content="word " * 200, course_id=foreign, is_public=True)
    check_tables(mine, look)
    mine.patch(f"notes/{first}/", {"content": "other words", "title": "Uno"})
    mine.patch(f"notes/{second}/", {"is_public": False})
    mine.post(f"notes/{first}/blocks/", {"block_type": "N", "text": "a block with 漢字"})
    check_tables(mine, look)
    mine.delete(f"notes/{first}/")
    check_tables(mine, look)
    assert [row["note_id"] for row in look.all(KEPT, mine.id)][-1] == second
    mine.post(f"notes/{first}/restore/")
    mine.patch(f"notes/{second}/", {"course_id": None, "metadata_json": "{}"})
    check_tables(mine, look)
    other.delete(f"courses/{foreign}/")
    mine.delete(f"courses/{course}/")
    check_tables(mine, look)
    mine.delete(f"notes/{second}/")
    mine.delete("notes/deleted/empty/")
    check_tables(mine, look)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for number in range(5):
            packed.writestr(f"Vault/n{number}.md", f"# Heading {number}\n\ntext of n{number} zebra")
    answer = mine.request("POST", "notes/import/", files={"file": ("vault.zip", archive.getvalue())})
    assert answer.status_code == 200, answer.text
    check_tables(mine, look)
    assert len(mine.get("notes/?q=zebra").json()) == 5


@pytest.mark.contract("notes §5.3")
def test_the_tables_stay_right_when_many_write(mine: User, look: Any) -> None:
    ids = [make(mine, f"start {number}", content=f"shared words {number}") for number in range(6)]

    def write(seed: int) -> set[int]:
        dice = random.Random(seed)  # noqa: S311 - any choice will do, the same each time
        statuses = set()
        for number in range(12):
            words = " ".join(f"w{dice.randrange(40)}" for _ in range(15))
            path = f"notes/{dice.choice(ids)}/"
            match dice.randrange(5):
                case 0:
                    answer = mine.post("notes/", {"title": f"n{seed} {number}", "content": words})
                case 1:
                    answer = mine.delete(path)
                case 2:
                    answer = mine.post(f"{path}restore/")
                case 3:
                    answer = mine.patch(path, {"is_public": dice.random() < 0.5})
                case _:
                    answer = mine.patch(path, {"content": words})
            statuses.add(answer.status_code)
        return statuses

    with ThreadPoolExecutor(8) as pool:
        statuses = set().union(*pool.map(write, range(8)))
    assert statuses <= {200, 201, 204, 404}
    check_tables(mine, look)
    look._connection.execute("SELECT notes.sum_up_counts(%s)", [mine.id])
    check_tables(mine, look)
    assert look.one("SELECT count(*) FROM notes.note_counts WHERE creator_id = %s", mine.id) <= 3
    whole = mine.get("notes/").json()
    for scope, public in (("personal", None), ("public", True), ("private", False)):
        shown = [note for note in whole if public is None or note["is_public"] is public]
        assert mine.get("notes/", params={"limit": 1, "scope": scope}).json()["total"] == len(shown)
        assert mine.get("notes/", params={"limit": 1, "offset": 10**6, "scope": scope}).json()["total"] == len(shown)


LINK = "https://example.org/a/very/long/path/that/goes/on/and/on/until/it/is/far/longer/than/one/piece?of=words&more=1"
PARTS = (
    "red", "fish", "Über", "漢字", "c++", "to", "Meaningful", "x" * 70, LINK, LINK.upper(), "a", "100%", "b_d", "ΟΔΟΣ",
)  # fmt: skip
QUERIES = (
    "red fish", "to", "c++ red", "字", "path/that/goes/on", "far/longer/than/one/piece?of=words", LINK, "x" * 33,
    "x" * 40, "x" * 71, "longer/than/one/piece fish", "%", "_d", "οδος", "meanngfl", "ber to a", "red red fish",
    "org/a/very/long/path/that/goes/of",
)  # fmt: skip


def test_words_of_a_text_are_cut_where_they_are_long(look: Any) -> None:
    long = "".join(chr(97 + number % 26) for number in range(100))
    text = f" one\ttwo  one\r\n{'x' * 64} {'y' * 65}\x0b{long}\fé "
    pieces = {long[:64], long[64:], long[32:96], long[96:]}
    words = {"one", "two", "x" * 64, "y" * 64, "y", "y" * 33, "é", *pieces}
    kept = "SELECT array_agg(word) AS words FROM notes.words_of(%s) AS word"
    assert sorted(look.one(kept, text)) == sorted(words)
    assert look.one(kept, "") is look.one(kept, None) is None


def plain_search(text: str, rows: list[Row]) -> list[int]:
    """The contract's rule without any shortcut: ids, best first."""
    whole = text.strip().lower()
    scored = []
    for row in rows:
        title, description, content = row["title"], row["description"] or "", row["content"]
        searchable = f"{title} {description} {content}".lower()
        # Words are compared with one small sigma, whose form depends on where a word ends.
        folded = searchable.replace("ς", "σ")
        exact = sum(word.replace("ς", "σ") in folded for word in whole.split())
        in_title = sum(word.replace("ς", "σ") in title.lower().replace("ς", "σ") for word in whole.split())
        parts = (title.lower(), description.lower(), content[:400].lower(), searchable[:500])
        fuzzy = max(SequenceMatcher(None, whole, part).ratio() for part in parts)
        if exact or fuzzy >= 0.45:
            scored.append((10 * exact + 5 * in_title + fuzzy, row["last_edit"], row))
    scored.sort(key=lambda entry: entry[2]["title"].lower())
    scored.sort(key=lambda entry: entry[:2], reverse=True)
    return [row["id"] for *_, row in scored]


@pytest.mark.contract("notes §5.3")
def test_search_follows_the_rule_on_texts_of_any_kind(mine: User, look: Any, stack: Stack) -> None:
    dice = random.Random(5)  # noqa: S311 - any fixed choice will do
    course = mine.post("courses/", {"title": "Some"}).json()["id"]
    for number in range(70):
        content = dice.choice((" ", "\n", "\t", "\u00a0")).join(dice.choices(PARTS, k=dice.randint(0, 60)))
        body: dict[str, Any] = {
            "title": " ".join(dice.choices(PARTS[:7], k=2)), "description": f"d{number % 7}", "content": content,
            "is_public": number % 3 == 0, "course_id": course if number % 2 else None,
        }  # fmt: skip
        note = make(mine, **body)
        match number % 10:
            case 3:
                mine.delete(f"notes/{note}/")
            case 4:
                mine.delete(f"notes/{note}/")
                mine.post(f"notes/{note}/restore/")
            case 5:
                mine.patch(f"notes/{note}/", {"content": f"{content} changed"})
    # Too large for an index of its words: read instead.
    make(mine, "Large", content="red " + "unlike " * 40_000 + LINK, course_id=course)
    assert look.one("SELECT words IS NULL FROM notes.note_outlines WHERE title = 'Large' AND creator_id = %s", mine.id)
    everything = [mine.get(f"notes/{summary['id']}/").json() for summary in mine.get("notes/").json()]
    lists: list[tuple[dict[str, object], list[Row]]] = [
        ({}, everything),
        ({"scope": "public"}, [row for row in everything if row["is_public"]]),
        ({"scope": "private"}, [row for row in everything if not row["is_public"]]),
        ({"scope": "all", "course_id": course}, [row for row in everything if row["course_id"] == course]),
        ({"course_id": "none"}, [row for row in everything if row["course_id"] is None]),
        ({"contains": "fish"}, [row for row in everything if "fish" in f"{row['title']}\n{row['content']}".lower()]),
    ]

    def check() -> None:
        for params, rows in lists:
            for text in QUERIES:
                expected = plain_search(text, rows)
                assert [row["id"] for row in mine.get("notes/", params={"q": text, **params}).json()] == expected, text
                for offset in (0, 4):
                    page = mine.get("notes/", params={"q": text, "limit": 4, "offset": offset, **params}).json()
                    assert [row["id"] for row in page["results"]] == expected[offset : offset + 4], (text, params)
                    assert page["total"] == len(expected), (text, params)

    wait_for_words(mine, look)
    check()
    with psycopg.connect(stack.admin_database_url) as held, psycopg.connect(stack.admin_database_url) as database:
        # Nothing is indexed while somebody has the author in hand.
        held.execute("SELECT FROM notes.authors WHERE user_id = %s FOR UPDATE", [mine.id])
        forget = "UPDATE notes.note_outlines SET words = NULL WHERE creator_id = %s AND note_id %% 2 = 0"
        assert database.execute(forget, [mine.id]).rowcount > 20
        database.commit()
        check()
        assert look.all(UNINDEXED, mine.id)
    check_tables(mine, look)


@pytest.mark.contract("notes §5.3", "decision 67")
def test_a_search_among_very_many_notes_shows_all_of_them(mine: User, stack: Stack) -> None:
    alike = make(mine, "meanng")  # the oldest, beyond the 10,000 that are compared (decision 67)
    with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
        database.execute(MANY_NOTES, {"user": mine.id, "notes": 10_050})
        # What matters here is how many they are: nobody has to wait until they are indexed.
        database.execute("UPDATE notes.note_outlines SET words = '{}' WHERE creator_id = %s", [mine.id])
    exact = [make(mine, f"meaning {number}") for number in range(5)]
    first = mine.get("notes/?q=meaning&limit=2").json()
    assert [row["id"] for row in first["results"]] == exact[:2:-1]
    assert (first["total"], first["has_more"]) == (5, True)
    last = mine.get("notes/?q=meaning&limit=2&offset=4").json()
    assert [row["id"] for row in last["results"]] == [exact[0], alike]
    assert (last["total"], last["has_more"]) == (6, False)
    assert mine.get("notes/?q=meaning&limit=5").json()["total"] == 6
    assert [row["id"] for row in mine.get("notes/?q=meaning").json()] == [*reversed(exact), alike]
    assert mine.get("notes/?q=meaning&limit=2&sort=oldest").json()["total"] == 6


def test_who_has_thousands_of_notes_waiting_keeps_nobody_else(mine: User, other: User, stack: Stack) -> None:
    make(other, "zebra")
    both = [mine.id, other.id]
    with psycopg.connect(stack.admin_database_url) as database:
        # The service leaves those alone whom somebody has in hand, and sees nothing before the end.
        database.execute("SELECT FROM notes.authors WHERE user_id = ANY (%s) FOR UPDATE", [both])
        database.execute(MANY_NOTES, {"user": mine.id, "notes": 500})
        database.execute("UPDATE notes.note_outlines SET words = NULL WHERE creator_id = ANY (%s)", [both])
        for _ in range(5):  # the other has some notes of a beginner beside this one
            database.execute("SELECT notes.index_words(50)")
        rows = database.execute(
            "SELECT creator_id, count(*) FROM notes.note_outlines WHERE words IS NULL AND creator_id = ANY (%s)"
            " GROUP BY creator_id",
            [both],
        ).fetchall()
        assert [creator for creator, _ in rows] == [mine.id]
        assert rows[0][1] > 250
        database.rollback()


def test_several_processes_index_words_at_once(mine: User, look: Any, stack: Stack) -> None:
    for number in range(12):
        make(mine, f"note {number}", content=f"shared words {number % 3} " + "longer" * 20)
    wait_for_words(mine, look)
    forget = "UPDATE notes.note_outlines SET words = NULL WHERE creator_id = %s"

    def index(_: int) -> None:
        with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
            while database.execute("SELECT notes.index_words(2)").fetchone() != (0,):
                pass

    with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
        for _ in range(5):
            database.execute("DELETE FROM notes.search_words WHERE creator_id = %s", [mine.id])
            database.execute(forget, [mine.id])
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(index, range(4)))
            check_tables(mine, look)


@pytest.mark.contract("notes §5.3")
def test_a_page_of_a_search_at_the_end_of_numbers_is_empty(mine: User) -> None:
    make(mine, "zebra")
    page = mine.get("notes/", params={"q": "zebra", "limit": 5, "offset": 2**63 - 1}).json()
    assert (page["results"], page["total"]) == ([], 1)


@pytest.mark.contract("notes §5.3")
def test_notes_from_before_have_outlines_and_words() -> None:
    with tempfile.TemporaryDirectory(prefix="notechondria-upgrade-") as folder:
        Path(folder).chmod(0o711)
        before = Path(folder) / "migrations"
        later = shutil.ignore_patterns("001[4-9]_*", "00[2-9]?_*", "__pycache__")
        shutil.copytree(SPEC.migrations, before, ignore=later)
        stack = Stack(Path(folder) / "data", env={"DATABASE_URL": "", "NATS_URL": ""})
        stack.start(database_only=True)
        try:
            url = stack.database_url("notes")
            assert migrate(url, "notes", before)
            with psycopg.connect(url, autocommit=True, row_factory=dict_row) as notes:
                notes.execute(
                    "INSERT INTO authors (user_id, username, image_path, editor_mode, revision)"
                    " VALUES (1, 'ann', '', 'P', 1), (2, 'ben', '', 'P', 1)"
                )
                notes.execute(NOTES, {"long": "x" * 100, "large": "y " * 200_000})
                assert migrate(url, "notes", SPEC.migrations)
                look = Look(notes)
                for author in (1, 2):
                    assert look.all(KEPT, author) == look.all(LIVE, author)
                    kept = look.all(WORDS_KEPT, author)
                    assert kept
                    assert kept == look.all(WORDS_OF_TEXTS, author)
                    assert look.all(COUNTS_KEPT, author) == look.all(COUNTS, author)
                assert look.one("SELECT count(*) FROM note_outlines WHERE words IS NULL") == 1
        finally:
            stack.stop()


def test_words_that_no_note_holds_are_forgotten(mine: User, other: User, look: Any, stack: Stack) -> None:
    def known(user: User) -> set[str]:
        rows = look.all("SELECT word FROM notes.search_words WHERE creator_id = %s", user.id)
        return {row["word"] for row in rows}

    note = make(mine, "quokka", content="numbat kept")
    make(other, "numbat")
    wait_for_words(mine, look)
    assert {"quokka", "numbat", "kept"} <= known(mine)
    mine.patch(f"notes/{note}/", {"title": "wombat", "content": "kept"})
    wait_for_words(mine, look)
    wait_for_words(other, look)
    assert {"kept", "wombat"} <= known(mine)

    settings = NotesSettings(
        database_url=SecretStr(stack.database_url("notes")),
        service_key=SecretStr(ONE_KEY),
        service_public_keys=KEY_SETTINGS["SERVICE_PUBLIC_KEYS"],
    )

    async def forget() -> None:
        database = Database(settings)
        await database.open()
        try:
            last = 0
            while True:
                _, last = await remove_unused(database, last)
                if not last:
                    return
        finally:
            await database.close()

    asyncio.run(forget())
    assert {"kept", "wombat"} <= known(mine)
    assert not {"quokka", "numbat"} & known(mine)
    assert "numbat" in known(other)
    check_tables(mine, look)
    assert [row["id"] for row in mine.get("notes/?q=wombat").json()] == [note]
