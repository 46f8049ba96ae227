"""The credential of one user never shows or changes a row of another, endpoint by endpoint."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from notes_service.notes.access import PRIVATE
from tests.support.client import Api, User
from tests.support.documents import SERVICES, operations
from tests.support.mcp import call_tool, rpc
from tests.support.programs import Program

# Others' public notes are in a stranger's lists too: no text of theirs looks like this.
MARK = secrets.token_hex(8)


class Belongings:
    """One of everything that a user can own, each with a mark in its text."""

    def __init__(self, owner: User) -> None:
        self.owner = owner
        self.course = owner.post("courses/", {"title": f"Course of {owner.username}"}).json()
        self.note = owner.post(
            "notes/",
            {"title": f"Private {MARK}", "content": f"a secret thought {MARK}", "course_id": self.course["id"]},
        ).json()
        self.binned = owner.post("notes/", {"title": f"Binned {MARK}", "content": f"an old secret {MARK}"}).json()
        assert owner.delete(f"notes/{self.binned['id']}/").status_code == 204
        self.event = owner.post("planner-events/", {"title": f"Dentist {MARK}", "event_date": "2030-05-06"}).json()
        self.session = owner.post("note-sessions/", {"note_id": self.note["id"]}).json()
        self.device = owner.get("auth/sessions/").json()["sessions"][0]
        Program.registered(owner.api, client_name=f"Program {MARK}").connect(owner)
        self.program = owner.get("auth/programs/").json()["programs"][0]

    def fingerprint(self) -> list[Any]:
        """Everything as its owner sees it."""
        note, event = f"notes/{self.note['id']}/", f"planner-events/{self.event['id']}/"
        paths = (
            note,
            event,
            "notes/",
            "notes/deleted/",
            "planner-events/",
            "note-sessions/",
            "auth/sessions/",
            "auth/programs/",
        )
        answers = [self.owner.get(path) for path in paths]
        assert all(answer.status_code == 200 for answer in answers), [answer.text for answer in answers]
        return [answer.json() for answer in answers]


@pytest.fixture(scope="module")
def mine(api: Api) -> Belongings:
    return Belongings(api.register())


@pytest.fixture(scope="module")
def stranger(api: Api) -> User:
    return api.register()


ATTEMPTS = [
    ("GET", "notes/{note}/", None, 400),
    ("PATCH", "notes/{note}/", {"title": "Mine now"}, 400),
    ("DELETE", "notes/{note}/", None, 400),
    ("GET", "notes/{binned}/", None, 404),
    ("PATCH", "notes/{binned}/", {"title": "Mine now"}, 404),
    ("POST", "notes/{binned}/restore/", {}, 404),
    ("DELETE", "courses/{course}/", None, 403),
    ("GET", "planner-events/{event}/", None, 404),
    ("PATCH", "planner-events/{event}/", {"title": "Mine now"}, 404),
    ("DELETE", "planner-events/{event}/", None, 404),
    ("POST", "note-sessions/", {"note_id": "{note}"}, 404),
    ("PATCH", "note-sessions/{session}/", {"title": "Mine now"}, 404),
    ("DELETE", "auth/sessions/{device}/", None, 404),
    ("DELETE", "auth/programs/{program}/", None, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), ATTEMPTS, ids=[f"{a[0]} {a[1]}" for a in ATTEMPTS])
def test_a_stranger_is_refused(
    mine: Belongings, stranger: User, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    ids = {
        "note": mine.note["id"],
        "binned": mine.binned["id"],
        "course": mine.course["id"],
        "event": mine.event["id"],
        "session": mine.session["id"],
        "program": mine.program["id"],
        "device": mine.device["id"],
    }
    filled = {key: value.format(**ids) if isinstance(value, str) else value for key, value in (body or {}).items()}
    before = mine.fingerprint()
    answer = stranger.request(method, path.format(**ids), json=filled)
    assert answer.status_code == status, answer.text
    assert MARK not in answer.text
    assert mine.fingerprint() == before


WITH_ID_AND_BODY = [
    (method, path)
    for service in SERVICES
    for method, path, operation in operations(service)
    if "{" in path and "requestBody" in operation
]
BAD_BODIES: list[dict[str, Any]] = [
    {"content": b"{not json", "headers": {"Content-Type": "application/json"}},
    {"content": b"[1]", "headers": {"Content-Type": "application/json"}},
    {"content": b"<x/>", "headers": {"Content-Type": "text/xml"}},
    {"content": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    {"files": {"file": ("a.txt", b"", "text/plain"), "cover": ("a.png", b"no picture", "image/png")}},
]
UNKNOWN = {"note_uuid": "01234567-89ab-4cde-8f01-23456789abcd"}


def _asked(owned: Belongings) -> dict[str, str]:
    """What a stranger puts in the place of each parameter. A parameter that is missing here fails the test."""
    feed = owned.owner.post("calendar-feeds/", {"title": f"Feed {MARK}"}).json()
    version = owned.owner.post(f"notes/{owned.note['id']}/snapshot/").json()
    found = {
        "note_id": owned.note["id"],
        "note_uuid": owned.note["uuid"],
        "version_id": version["id"],
        "block_id": owned.owner.get(f"notes/{owned.note['id']}/").json()["blocks"][0]["id"],
        "course_id": owned.course["id"],
        "event_id": owned.event["id"],
        "session_id": owned.session["id"],
        "feed_id": feed["id"],
    }
    return {name: str(value) for name, value in found.items()}


@pytest.fixture(scope="module")
def foreign(mine: Belongings) -> dict[str, str]:
    return _asked(mine)


@pytest.mark.parametrize(("method", "path"), WITH_ID_AND_BODY, ids=[f"{m} {p}" for m, p in WITH_ID_AND_BODY])
def test_whose_it_is_comes_before_what_the_body_says(
    mine: Belongings, stranger: User, foreign: dict[str, str], method: str, path: str
) -> None:
    unknown = path.format_map({name: UNKNOWN.get(name, "999999999999") for name in foreign})
    for body in BAD_BODIES:
        for user, target in ((stranger, unknown), (mine.owner, unknown)):
            answer = user.request(method, target, **body)
            assert (answer.status_code, list(answer.json())) == (404, ["detail"]), (target, body, answer.text)
        answer = stranger.request(method, path.format_map(foreign), **body)
        # A private note is refused with an array (notes §5.1); no other refusal of a body looks like that.
        refused = answer.json() if answer.status_code == 400 else answer.status_code
        assert refused in (403, 404, [PRIVATE]), (path, body, answer.text)
    anonymous = stranger.api.request(method, path.format_map(foreign), **BAD_BODIES[0])
    assert anonymous.status_code == 401


def test_a_version_is_looked_for_before_the_body(mine: Belongings) -> None:
    for body in BAD_BODIES[:3]:
        answer = mine.owner.request("POST", f"notes/{mine.note['id']}/restore/999999999/", **body)
        assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_an_operator_hears_of_an_unknown_account_before_the_body_is_looked_at(api: Api) -> None:
    stack = api.stack
    for method, path in (("PATCH", "users/nobody-of-this-name"), ("POST", "users/nobody-of-this-name/code")):
        answer = api.http.request(
            method,
            f"{stack.service_url('identity')}/internal/operators/{path}",
            content=b"[1]",
            headers={**stack.internal_header("identity"), "Content-Type": "application/json"},
        )
        assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_lists_show_own_rows_only(mine: Belongings, stranger: User) -> None:
    for path in (
        "notes/?scope=all",
        f"notes/?scope=all&q={MARK}",
        f"notes/?course_id={mine.course['id']}&scope=all",
        "notes/deleted/",
        "planner-events/?include_completed=1",
        "note-sessions/",
        "activity/week/?start_date=2030-05-06",
        "auth/sessions/",
    ):
        assert MARK not in stranger.get(path).text, path
    assert mine.device["id"] not in [row["id"] for row in stranger.get("auth/sessions/").json()["sessions"]]
    shown = next(course for course in stranger.get("courses/").json() if course["id"] == mine.course["id"])
    assert shown["recent_notes"] == []
    assert stranger.delete("notes/deleted/empty/").json() == {"count": 0, "deleted_count": 0}
    assert [note["id"] for note in mine.owner.get("notes/deleted/").json()] == [mine.binned["id"]]


def test_agents_reach_own_rows_only(api: Api, mine: Belongings, stranger: User) -> None:
    key = stranger.rotate_key()
    for tool, arguments in (
        ("get_note", {"note_id": mine.note["id"]}),
        ("delete_note", {"note_id": mine.note["id"]}),
        ("get_note", {"note_id": mine.binned["id"]}),
    ):
        result = rpc(api, key, "tools/call", {"name": tool, "arguments": arguments})["result"]
        assert result["isError"] is True
        assert MARK not in result["content"][0]["text"]
    assert all(MARK not in note["title"] for note in call_tool(api, key, "list_notes", {})["notes"])
    assert call_tool(api, key, "list_events", {"include_completed": True}) == {"events": []}


def test_forged_internal_headers_are_stripped_at_the_gateway(api: Api, mine: Belongings) -> None:
    for headers in (
        {"X-Internal-Assertion": "eyJhbGciOiJub25lIn0.e30."},
        {"X-Internal-Token": "guess"},
        {"X-User-Id": str(mine.owner.id)},
    ):
        assert api.get("notes/deleted/", headers=headers).status_code == 401
        assert api.get("/internal/health/ready", headers=headers).status_code == 404
