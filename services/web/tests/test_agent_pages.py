"""Keys, programs, the agents' log and taking back on the pages, over plain HTTP."""

from __future__ import annotations

import csv
import io
import json
import re
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb
from tests.support.client import Api, User, eventually
from tests.support.mcp import Agent, call_tool
from tests.support.people import Person, confirm, words
from tests.support.programs import Program

from notechondria_launcher.stack import Stack
from web_service.site.texts import texts


def make_key(person: Person, name: str, **fields: str) -> str:
    """A key made on the pages by who has confirmed."""
    made = person.submit("agents/keys/new/", {"name": name, "scopes": "write", "days": "30", **fields})
    assert made.status_code == 200, made.text
    return str(re.findall(r"ntc_[0-9a-f]{32}", made.text)[0])


@pytest.mark.contract("identity §9")
def test_a_key_is_made_renamed_narrowed_and_revoked(api: Api, ida: User, person: Person) -> None:
    asked = person.get("agents/keys/new/")
    assert asked.headers["location"] == "/account/confirm/?next=%2Faccount%2Fagents%2Fkeys%2Fnew%2F"
    confirm(person)
    key = make_key(person, "Laptop")
    call_tool(api, key, "create_note", {"title": "By key"})
    page = person.get("agents/").text
    assert key not in page
    assert "Laptop" in page
    assert "Calls of tools in the last 90 days: 1." in page
    (path,) = re.findall(r"/account/(agents/keys/\d+/)\"", page)
    wrong = person.submit(path, {"name": "", "scopes": "write"})
    assert wrong.status_code == 400
    assert 'id="name-problem-1"' in wrong.text
    done = person.submit(path, {"name": "Old laptop", "scopes": "read"})
    assert done.headers["location"] == "/account/agents/"
    eventually(
        lambda: (
            "isError"
            in api.request(
                "POST",
                "/mcp/",
                json={
                    "jsonrpc": "2.0",
                    "id": 1,
                    "method": "tools/call",
                    "params": {"name": "create_note", "arguments": {"title": "x"}},
                },
                headers={"Authorization": f"Bearer {key}"},
            ).text
        ),
        what="the key may only read",
    )
    person.post(path, csrf=person.csrf(), name="Old laptop", scopes="write")
    (row,) = [row for row in ida.get("auth/api-keys/").json()["api_keys"] if row["name"] == "Old laptop"]
    assert row["scopes"] == ["read"]
    assert "Revoke Old laptop?" in person.get(f"{path}revoke/").text
    assert person.submit(f"{path}revoke/", {}).headers["location"] == "/account/agents/"
    assert "Old laptop" not in person.get("agents/").text
    assert person.get(path).status_code == 404
    log = words(person.get("log/").text)
    assert "API key made: Laptop" in log
    assert "API key changed: Old laptop" in log
    assert "API key revoked: Old laptop" in log


def test_a_program_loses_rights_at_once(api: Api, ida: User, person: Person) -> None:
    program = Program.registered(api)
    key = program.connect(ida)
    page = person.get("agents/").text
    (path,) = set(re.findall(r"/account/(agents/programs/\d+/)\"", page))
    none = person.submit(path, {})
    assert none.status_code == 400
    assert "Leave it at least one right" in none.text
    kept = re.findall(r'name="(scope-[a-z]+:read)"', person.get(path).text)
    assert kept
    assert person.submit(path, dict.fromkeys(kept, "yes")).status_code == 303
    assert 'name="scope-notes:write"' not in person.get(path).text

    def refused() -> bool:
        answer = api.request(
            "POST",
            "/mcp",
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "create_note", "arguments": {"title": "x"}},
            },
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json, text/event-stream"},
        )
        return answer.status_code == 403

    eventually(refused, what="the program may not write any more")
    assert "Disconnect" in person.get(f"{path}disconnect/").text
    assert person.submit(f"{path}disconnect/", {}).status_code == 303
    assert person.get(path).status_code == 404


def test_the_log_says_in_words_what_was_done(api: Api, ida: User, person: Person) -> None:
    agent = Agent(api, ida)
    course = agent("create_course", title="Cell <b>Biology")
    note = agent("create_note", title="Mitosis", course_id=course["id"])
    agent("update_note", note_id=note["id"], title="Meiosis")
    agent("search_notes", query="cells & more")
    agent.fails("get_note", note_id=10**9)
    page = person.get("agents/log/")
    assert "<em>Cell &lt;b&gt;Biology</em>" in page.text
    shown = words(page.text)
    assert "Created the note Mitosis in Cell <b>Biology" in shown
    assert "Changed the note Meiosis" in shown
    assert "Searched notes for cells & more" in shown
    assert "Read the note (no longer there) failed" in shown
    assert "Rotated key" in shown
    only = words(person.get("agents/log/", tool="create_note").text)
    assert "Mitosis" in only
    assert "Changed the note" not in only
    assert "Created the note" not in words(person.get("agents/log/", outcome="error").text)
    assert "Searched" not in words(person.get("agents/log/", changes="yes").text)
    assert "No calls." in words(person.get("agents/log/", day="2020-01-01").text)
    for odd in ({"before": "x"}, {"day": "9999-12-31"}, {"tool": "x" * 5000}, {"agent": "key-1"}, {"outcome": "?"}):
        assert person.get("agents/log/", **odd).status_code == 200


def test_one_call_is_taken_back_after_it_was_shown(api: Api, ida: User, person: Person) -> None:
    agent = Agent(api, ida)
    note = agent("create_note", title="Unwanted")
    (path,) = re.findall(r"/account/(agents/undo/\?call=\d+)", person.get("agents/log/", tool="create_note").text)
    shown = person.get(f"/account/{path}")
    assert "1 to be taken back" in shown.text
    assert ida.get(f"notes/{note['id']}/").status_code == 200
    done = person.post("agents/undo/", **person.hidden(shown.text))
    assert done.status_code == 303
    said = words(person.get(done.headers["location"]).text)
    assert "1 of 1 are done." in said
    assert "taken back" in said
    assert [row["id"] for row in ida.get("notes/deleted/").json()] == [note["id"]]
    again = words(person.get(f"/account/{path}").text)
    assert "There is nothing that can be taken back." in again
    assert "It was taken back" in again or "it was taken back" in again.lower()


def test_all_of_an_agents_day_is_taken_back_even_where_one_follows_on_another(
    api: Api, ida: User, person: Person
) -> None:
    agent = Agent(api, ida)
    kept = ida.post("notes/", {"title": "Mine", "content": "as it was"}).json()
    note = agent("create_note", title="First")
    agent("update_note", note_id=note["id"], content="second")
    agent("update_note", note_id=kept["id"], content="third", title="Theirs")
    agent("update_note", note_id=kept["id"], content="fourth")
    touched = agent("create_note", title="Touched since")
    ida.patch(f"notes/{touched['id']}/", {"title": "Touched by me"})
    (key,) = set(re.findall(r'value="(key-\d+)"', person.get("agents/log/").text))
    page = person.get("agents/log/", agent=key).text
    (path,) = re.findall(r"/account/(agents/undo/\?agent=key-\d+)", page)
    shown = person.get(f"/account/{path}")
    assert "4 to be taken back" in shown.text
    assert "1 that stay" in shown.text
    assert "It has been changed since." in words(shown.text)
    done = person.post("agents/undo/", **person.hidden(shown.text))
    said = words(person.get(done.headers["location"]).text)
    assert "4 of 4 are done." in said
    assert "stays" not in said
    back = ida.get(f"notes/{kept['id']}/").json()
    assert (back["title"], back["content"]) == ("Mine", "as it was")
    assert [row["id"] for row in ida.get("notes/deleted/").json()] == [note["id"]]
    assert ida.get(f"notes/{touched['id']}/").json()["title"] == "Touched by me"


def test_what_its_owner_changed_between_two_calls_is_not_lost(api: Api, ida: User, person: Person) -> None:
    agent = Agent(api, ida)
    note = ida.post("notes/", {"title": "A", "content": "1"}).json()
    agent("update_note", note_id=note["id"], content="2")
    ida.patch(f"notes/{note['id']}/", {"content": "mine"})
    agent("update_note", note_id=note["id"], content="3")
    (key,) = set(re.findall(r'value="(key-\d+)"', person.get("agents/log/").text))
    shown = person.get("agents/undo/", agent=key)
    assert "1 to be taken back" in shown.text
    ids = re.findall(r"call=(\d+)", person.get("agents/log/", changes="yes").text)
    csrf = person.hidden(shown.text)["csrf"]
    done = person.post("agents/undo/", csrf=csrf, ids=",".join(ids))
    said = words(person.get(done.headers["location"]).text)
    assert "2 of 2 are done." in said
    assert said.count("stays") == 1
    assert ida.get(f"notes/{note['id']}/").json()["content"] == "mine"


def test_the_log_is_saved_as_a_table_and_as_json(api: Api, ida: User, person: Person) -> None:
    agent = Agent(api, ida)
    agent("create_note", title="=HYPERLINK(1)")
    agent("search_notes", query='ümlaut, "quoted"')
    table = person.get("agents/log/export/", format="csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"].startswith('attachment; filename="agents-')
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["tool"] for row in rows] == ["search_notes", "create_note"]
    assert rows[0]["what"] == 'Searched notes for “ümlaut, "quoted"”'
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    listed = person.get("agents/log/export/", format="json", tool="create_note").json()
    assert [row["arguments"] for row in listed] == [{"title": "=HYPERLINK(1)"}]


def test_a_run_that_goes_on_loads_itself_again_and_one_that_was_cut_off_says_so(
    api: Api, stack: Stack, ida: User, person: Person
) -> None:
    agent = Agent(api, ida)
    for title in "ab":
        agent("create_note", title=title)
    ids = [int(one) for one in re.findall(r"undo/\?call=(\d+)", person.get("agents/log/").text)]
    with psycopg.connect(stack.database_url("mcp"), autocommit=True) as mcp:
        row = mcp.execute(
            "INSERT INTO undo_runs (id, user_id, call_ids, refusals, is_done, seen_at)"
            " SELECT coalesce(max(id), 0) + 1000, %s, %s, %s, false, now() FROM undo_runs RETURNING id",
            [ida.id, Jsonb(ids), Jsonb([""])],
        ).fetchone()
        assert row is not None
        going = person.get(f"agents/undo/{row[0]}/")
        assert '<meta http-equiv="refresh" content="2">' in going.text
        assert "1 of 2 are done." in going.text
        assert "<progress" in going.text
        mcp.execute("UPDATE undo_runs SET seen_at = now() - interval '2 minutes' WHERE id = %s", [row[0]])
    cut = person.get(f"agents/undo/{row[0]}/").text
    assert "http-equiv" not in cut
    assert "Taking back was cut off" in cut


def test_nobody_sees_or_takes_back_the_calls_of_others(api: Api, ida: User, person: Person) -> None:
    agent = Agent(api, ida)
    note = agent("create_note", title="Secret of Ida")
    (call_id,) = re.findall(r"call=(\d+)", person.get("agents/log/").text)
    (key_path,) = set(re.findall(r"/account/(agents/keys/\d+/)\"", person.get("agents/").text))
    run = person.submit("agents/undo/", {}, call=call_id).headers["location"]
    other = api.register()
    with Person(api) as stranger:
        assert stranger.get("agents/log/").headers["location"].startswith("/account/sign-in/")
        stranger.sign_in(other.username)
        for path in ("agents/", "agents/log/", f"agents/undo/?call={call_id}", "agents/log/export/?format=json"):
            answer = stranger.get(f"/account/{path}")
            assert answer.status_code == 200
            assert "Secret of Ida" not in answer.text
        assert stranger.get(key_path).status_code == 404
        assert stranger.get(run).status_code == 404
        csrf = stranger.csrf()
        assert stranger.post("agents/undo/", csrf=csrf, ids=call_id).status_code == 404
        assert stranger.post(f"{key_path}revoke/", csrf=csrf).status_code == 404
        assert stranger.post(key_path, csrf=csrf, name="x", scopes="read").status_code == 404
        assert stranger.post("agents/undo/", csrf=person.csrf(), ids=call_id).status_code == 403
    assert ida.get(f"notes/{note['id']}/").status_code in {200, 404}


@pytest.mark.parametrize("name", ["tool", "agent", "day", "outcome", "changes", "before", "call"])
def test_a_filter_that_nothing_has_is_no_fault(person: Person, name: str) -> None:
    for path in ("log/", "log/export/", "undo/"):
        for value in ("%00", "%ED%A0%80", "9" * 30, "-1"):
            assert person.get(f"agents/{path}?day=2026-01-01&{name}={value}").status_code == 200, (path, value)


def is_done(person: Person, run: str) -> bool:
    """Whether the page of a run no longer loads itself again."""
    return 'http-equiv="refresh"' not in person.get(run).text


def test_what_an_agent_did_is_taken_back_after_it_was_ended(api: Api, ida: User, person: Person) -> None:
    """Who sees an agent do harm stops it first."""
    confirm(person)
    call_tool(api, make_key(person, "Laptop"), "create_note", {"title": "By a key"})
    program = Program.registered(api, client_name="Helper")
    for number in range(2):  # two connections of one program
        call_tool(api, program.connect(ida), "create_note", {"title": f"By a program {number}"})
    page = person.get("agents/").text
    for path in re.findall(r'href="/account/(agents/(?:keys/\d+/revoke|programs/\d+/disconnect)/)"', page):
        assert person.submit(path, {}).status_code == 303
    shown = person.get("agents/log/").text
    named = dict(re.findall(r'<option value="((?:key|ended)-\d+)">([^<]+)</option>', shown))
    assert sorted(named.values()) == ["Helper (ended)", "Laptop (ended)"]
    for value in named:
        own, other = ("By a key", "By a program") if value.startswith("key") else ("By a program", "By a key")
        found = words(person.get("agents/log/", agent=value).text)
        assert (own in found, other in found) == (True, False)
        asked = person.get("agents/undo/", agent=value)
        run = person.post("agents/undo/", **person.hidden(asked.text, "/account/agents/undo/")).headers["location"]
        eventually(partial(is_done, person, run), what="all is taken back")
    left = [note["title"] for note in ida.get("notes/").json()]
    assert not [title for title in left if title.startswith("By a ")]


def test_every_tool_has_words() -> None:
    golden = Path(__file__).parents[2] / "mcp" / "tests" / "golden"
    tools = {
        tool["name"]
        for name in ("tools.json", "newer_tools.json")
        for tool in json.loads((golden / name).read_text(encoding="utf-8"))["tools"]
    }
    assert tools == set(texts()["calls"])


def test_calls_of_newer_tools_are_in_words(api: Api, ida: User, person: Person) -> None:
    agent = Agent(api, ida)
    notes = [agent("create_note", title=title, content="- [ ] a")["id"] for title in ("Mitosis", "Meiosis")]
    agent("append_to_note", note_id=notes[0], text="b")
    agent("tick_task", note_id=notes[0], task="a")
    agent("edit_note", note_id=notes[0], old_text="b", new_text="c")
    agent("move_notes", note_ids=notes, course_id="Inbox")
    agent("set_note_fields", note_ids=notes, fields={"tags": ["x"]})
    shown = words(person.get("agents/log/").text)
    for sentence in (
        "Added to the note Mitosis",
        "Ticked or opened a task of the note Mitosis",
        "Replaced a passage of the note Mitosis",
        "Moved the note Mitosis and 1 more to another course",
        "Set fields of the note Mitosis and 1 more",
    ):
        assert sentence in shown
    only = words(person.get("agents/log/", tool="edit_note").text)
    assert "Replaced a passage" in only
    assert "Added to the note" not in only


@pytest.mark.parametrize(
    ("field", "value"),
    [("agent", "key-999999"), ("agent", "program-x"), ("agent", "é"), ("day", "2026-02-30"), ("day", "29.11.2026")],
)
def test_a_wrong_filter_is_said_beside_its_field_and_matches_nothing(
    api: Api, ida: User, person: Person, field: str, value: str
) -> None:
    Agent(api, ida)("create_note", title="Untouched")
    shown = person.get("agents/log/", **{field: value})
    assert f'id="{field}-problem-1"' in shown.text
    assert "No calls." in words(shown.text)
    assert "agents/undo/" not in shown.text
    assert "Untouched" not in person.get("agents/undo/", **{field: value}).text
    assert "There is nothing that can be taken back." in person.get("agents/undo/", **{field: value}).text
    saved = person.get("agents/log/export/", **{field: value, "format": "csv"})
    assert (saved.status_code, len(saved.text.splitlines())) == (200, 1)
