"""Parts die at any moment; nothing answered is lost and nothing happens twice (ADR 0002)."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import nats
import psycopg
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User, eventually
from tests.support.event_rows import database, settled, values
from tests.support.events import publish_signed

PROJECTIONS = ("note_refs", "course_refs", "activities", "note_sessions", "planner_events", "deleted_users")


def command(stack: Stack, *arguments: str) -> Any:
    """Run the product's own command against the stack; its JSON."""
    call = [sys.executable, "-m", "notechondria_launcher", *arguments, "--data", str(stack.data), "--json"]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def snapshot(stack: Stack) -> dict[str, list[Any]]:
    """Everything the planner made of what it consumed."""
    with database(stack, "planner") as planner:
        return {table: sorted(map(repr, planner.execute(f"SELECT * FROM {table}"))) for table in PROJECTIONS}


def write_note(user: User, title: str) -> int:
    answer = user.post("notes/", {"title": title, "content": f"{title} has five more words"})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_a_killed_broker_loses_and_doubles_nothing(api: Api, stack: Stack) -> None:
    user = api.register()
    written: list[int] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def write() -> None:
        try:
            while not done.is_set() and len(written) < 400:
                written.append(write_note(user, f"Note {len(written)}"))
                time.sleep(0.01)
        except BaseException as failure:
            failures.append(failure)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        eventually(lambda: len(written) > 10 or failures)
        stack.kill("nats")
        reached = len(written)
        eventually(lambda: len(written) > reached + 20 or failures)  # writes go on without a broker
        stack.start_part("nats")
        reached = len(written)
        eventually(lambda: len(written) > reached + 10 or failures)
    finally:
        done.set()
        writer.join()
    assert not failures, failures
    eventually(lambda: settled(stack))
    with database(stack, "planner") as planner:
        assert set(written) <= values(planner, "SELECT note_id FROM note_refs WHERE user_id = %s", user.id)
        counted = planner.execute(
            "SELECT note_id, count(*) FROM activities WHERE user_id = %s GROUP BY note_id", (user.id,)
        ).fetchall()
    assert {note: count for note, count in counted if note in set(written)} == dict.fromkeys(written, 1)


def test_a_service_killed_between_commit_and_publish(api: Api, stack: Stack) -> None:
    user = api.register()
    write_note(user, "Before")
    eventually(lambda: settled(stack))
    stack.kill("nats")
    try:
        note = write_note(user, "Committed, not published")
        stack.kill("notes")
    finally:
        stack.start_part("nats")
        stack.start_part("notes")
    eventually(lambda: settled(stack))
    with database(stack, "planner") as planner:
        assert values(planner, "SELECT title FROM note_refs WHERE note_id = %s", note) == {"Committed, not published"}
        count = planner.execute("SELECT count(*) FROM activities WHERE note_id = %s", (note,)).fetchone()
    assert count == (1,)


def test_replay_heals_a_wiped_broker_and_a_second_replay_changes_nothing(api: Api, stack: Stack) -> None:
    user = api.register()
    write_note(user, "Consumed")
    eventually(lambda: settled(stack))
    stack.stop_part("planner")
    missed = [write_note(user, f"Missed {number}") for number in range(5)]
    assert user.delete(f"notes/{missed[0]}/").status_code == 204
    with database(stack, "notes") as notes:
        eventually(lambda: not values(notes, "SELECT event_id FROM outbox WHERE sent_at IS NULL"))
    stack.stop_part("nats")
    shutil.rmtree(stack.data / "nats" / "jetstream")
    stack.start_part("nats")
    stack.start_part("planner")
    time.sleep(1.5)
    with database(stack, "planner") as planner:
        known = values(planner, "SELECT note_id FROM note_refs WHERE user_id = %s", user.id)
    assert not known & set(missed), "the events were not lost, so this test shows nothing"

    assert command(stack, "events", "replay")["marked"]["notes"] > 0
    eventually(lambda: settled(stack))
    with database(stack, "planner") as planner:
        states = dict(planner.execute("SELECT note_id, state FROM note_refs WHERE user_id = %s", (user.id,)).fetchall())
    assert {states[note] for note in missed[1:]} == {"live"}
    assert states[missed[0]] == "trashed"

    before = snapshot(stack)
    command(stack, "events", "replay")
    eventually(lambda: settled(stack))
    time.sleep(1)
    assert snapshot(stack) == before


@pytest.mark.parametrize("together", [False, True], ids=["as they come", "waiting together"])
def test_a_poison_event_becomes_a_dead_letter_and_the_others_pass(api: Api, stack: Stack, together: bool) -> None:
    user = api.register()
    unreadable, refused = uuid4(), uuid4()
    eventually(lambda: settled(stack))
    if together:  # then they are fetched as one batch
        stack.stop_part("planner")
    try:
        before = write_note(user, "Before the poison")
        with database(stack, "notes") as notes:
            eventually(lambda: not values(notes, "SELECT event_id FROM outbox WHERE sent_at IS NULL"))
        # One that is no event at all, and one that every try of the handler must fail on (an id no table can hold).
        asyncio.run(_publish(stack, unreadable, {"nonsense": True}))
        too_large = {"note_id": 2**70, "uuid": str(uuid4()), "user_id": user.id, "title": "x", "description": ""}
        asyncio.run(_publish(stack, refused, {**too_large, "course_id": None, "revision": 1}))
        behind = write_note(user, "Behind the poison")
        with database(stack, "notes") as notes:
            eventually(lambda: not values(notes, "SELECT event_id FROM outbox WHERE sent_at IS NULL"))
    finally:
        if together:
            stack.start_part("planner")
    with database(stack, "planner") as planner:
        known = "SELECT note_id FROM note_refs WHERE note_id = ANY(%s)"
        eventually(lambda: values(planner, known, [before, behind]) == {before, behind})
        query = "SELECT event_id FROM dead_letters WHERE event_id = ANY(%s)"
        eventually(lambda: values(planner, query, [unreadable, refused]) == {unreadable, refused})
        attempts = dict(planner.execute("SELECT event_id, attempts FROM dead_letters").fetchall())
        counted = "SELECT note_id, count(*) FROM activities WHERE note_id = ANY(%s) GROUP BY 1"
        eventually(lambda: dict(planner.execute(counted, ([before, behind],)).fetchall()) == {before: 1, behind: 1})
    assert attempts[unreadable] == 1
    assert attempts[refused] == 4
    letters = command(stack, "events", "dead-letters", "list")["dead_letters"]
    ours = [letter for letter in letters if letter["event_id"] in {str(unreadable), str(refused)}]
    assert {letter["consumer"] for letter in ours} == {"planner"}


def test_a_dead_letter_that_was_no_event_is_listed_without_an_event_id(stack: Stack) -> None:
    insert = "INSERT INTO mcp.dead_letters (subject, body, error, attempts) VALUES ('notes.x', '', 'no event', 1)"
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute(insert)
        try:
            letters = command(stack, "events", "dead-letters", "list")["dead_letters"]
        finally:
            admin.execute("DELETE FROM mcp.dead_letters WHERE subject = 'notes.x'")
    assert [letter["event_id"] for letter in letters if letter["subject"] == "notes.x"] == [None]


async def _publish(stack: Stack, event_id: Any, data: dict[str, Any]) -> None:
    envelope = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/notechondria/notes",
        "type": "notes.note.created",
        "subject": "notes/0",
        "time": datetime.now(UTC).isoformat(),
        "data": data,
    }
    client = await nats.connect(stack.nats_url("notes"), inbox_prefix=b"_INBOX_notes")
    try:
        await publish_signed(client.jetstream(), stack, "notes.note.created", json.dumps(envelope).encode())
    finally:
        await client.close()


@contextmanager
def trigger(stack: Stack, body: str, *, when: str = "") -> Iterator[str]:
    """A title; inserting a note of that title runs `body`, with all rights, in the transaction of the request."""
    title = f"Disturbed {uuid4()}"
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute(
            "CREATE FUNCTION public.disturb() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
            f"$$ BEGIN {body}; RETURN NULL; END $$"
        )
        admin.execute(
            f"CREATE CONSTRAINT TRIGGER disturb AFTER INSERT ON notes.notes {when} "
            f"FOR EACH ROW WHEN (NEW.title = '{title}') EXECUTE FUNCTION public.disturb()"
        )
        try:
            yield title
        finally:
            admin.execute("DROP TRIGGER disturb ON notes.notes")
            admin.execute("DROP FUNCTION public.disturb()")


@pytest.fixture
def commit_fails(stack: Stack) -> Iterator[str]:
    """A title whose row cannot be committed."""
    with trigger(stack, "RAISE EXCEPTION 'refused at commit'", when="DEFERRABLE INITIALLY DEFERRED") as title:
        yield title


@pytest.mark.parametrize("when", ["", "DEFERRABLE INITIALLY DEFERRED"], ids=["in a statement", "at the commit"])
def test_a_connection_that_is_lost_in_a_write_is_a_503_without_row_or_event(api: Api, stack: Stack, when: str) -> None:
    user = api.register()
    with trigger(stack, "PERFORM pg_terminate_backend(pg_backend_pid())", when=when) as title:
        for _ in range(6):  # more than there are connections: each that was lost is replaced
            answer = user.post("notes/", {"title": title, "content": "never"})
            assert answer.status_code == 503, answer.text
            assert answer.headers["retry-after"]
            assert list(answer.json()) == ["detail"]
    with database(stack, "notes") as notes:
        assert not values(notes, "SELECT id FROM notes WHERE title = %s", title)
        assert not values(notes, "SELECT id FROM outbox WHERE envelope->'data'->>'title' = %s", title)
    assert user.post("notes/", {"title": "The next one", "content": "fine"}).status_code == 201


@pytest.mark.contract("identity §3")
def test_a_failing_commit_is_a_5xx_without_row_or_event(api: Api, stack: Stack, commit_fails: str) -> None:
    user = api.register()
    answer = user.post("notes/", {"title": commit_fails, "content": "never"})
    assert answer.status_code == 500
    assert answer.json().keys() == {"detail", "status_code", "path"}
    assert (answer.json()["status_code"], answer.json()["path"]) == (500, "/api/v1/notes/")
    with database(stack, "notes") as notes:
        assert not values(notes, "SELECT id FROM notes WHERE title = %s", commit_fails)
        published = values(notes, "SELECT id FROM outbox WHERE envelope->'data'->>'title' = %s", commit_fails)
    assert not published
    assert user.post("notes/", {"title": "The next one", "content": "fine"}).status_code == 201


@pytest.mark.contract("identity §17")
def test_services_recover_from_a_restarted_postgres_by_themselves(api: Api, stack: Stack) -> None:
    user = api.register()
    note = write_note(user, "Before the restart")
    services = {name: stack.pid(name) for name in ("identity", "notes", "planner", "mcp")}
    stack.restart_part("postgres")
    eventually(lambda: user.get(f"notes/{note}/").status_code == 200)
    eventually(lambda: user.get("planner-events/").status_code == 200)
    after = eventually(lambda: _try_note(user, "After the restart"))
    eventually(lambda: settled(stack))
    with database(stack, "planner") as planner:
        assert values(planner, "SELECT title FROM note_refs WHERE note_id = %s", after) == {"After the restart"}
    assert {name: stack.pid(name) for name in services} == services


def _try_note(user: User, title: str) -> int | None:
    answer = user.post("notes/", {"title": title, "content": "five words are in here"})
    assert answer.status_code in {201, 503}, answer.text
    return int(answer.json()["id"]) if answer.status_code == 201 else None


def test_an_event_that_is_committed_long_after_later_ones_is_sent(api: Api, stack: Stack) -> None:
    """Its id was given before; the relay looks above what it has sent, and again and again at everything."""
    user = api.register()
    write_note(user, "First")
    copied = (
        "INSERT INTO notes.outbox (event_id, subject, envelope)"
        " SELECT fresh, subject, jsonb_set(envelope, '{id}', to_jsonb(fresh::text)) FROM notes.outbox,"
        " gen_random_uuid() fresh WHERE sent_at IS NOT NULL ORDER BY id DESC LIMIT 1 RETURNING id"
    )
    with psycopg.connect(stack.admin_database_url) as late, database(stack, "notes") as notes:
        eventually(lambda: not values(notes, "SELECT id FROM outbox WHERE sent_at IS NULL"))
        (number,) = late.execute(copied).fetchone() or (0,)
        for count in range(12):  # 3 s, in which later events are sent
            write_note(user, f"Later {count}")
            time.sleep(0.25)
        assert values(notes, "SELECT id FROM outbox WHERE sent_at IS NOT NULL AND id > %s", number)
        late.commit()
        begun = time.monotonic()
        eventually(lambda: values(notes, "SELECT id FROM outbox WHERE id = %s AND sent_at IS NOT NULL", number))
        assert time.monotonic() - begun < 10
    eventually(lambda: settled(stack))
