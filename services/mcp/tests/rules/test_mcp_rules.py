"""The rules of the agents' log: whose calls are shown, how they are chosen, what is taken back and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.rules import Person, Service

from mcp_service import handlers
from notechondria_contracts.events.identity import UserDeleted

NOW = datetime(2031, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def ann(mcp: Service) -> Person:
    return mcp.person()


@pytest.fixture
def ben(mcp: Service) -> Person:
    return mcp.person()


def call(person: Person, tool: str = "list_notes", **more: Any) -> int:
    """A call that the log keeps; its id."""
    values = {
        "user_id": person.id,
        "key_id": 5,
        "client": "tests/1",
        "tool": tool,
        "is_change": False,
        "outcome": "ok",
        "error": "",
        "duration_ms": 12,
        "final_reason": "It changed nothing.",
        "called_at": NOW,
        **more,
    }
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    statement = f"INSERT INTO calls ({names}, arguments, touched) VALUES ({marks}, '{{}}', '{{}}') RETURNING id"
    (row,) = person.service.rows(statement, *values.values())
    return int(row["id"])


def listed(person: Person, **query: Any) -> list[int]:
    answer = person.get("mcp/calls/", **query)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["results"]]


def test_a_user_sees_the_own_calls_newest_first(mcp: Service, ann: Person, ben: Person) -> None:
    first, second = call(ann), call(ann)
    theirs = call(ben)
    assert listed(ann) == [second, first]
    assert listed(ben) == [theirs]
    assert mcp.request("GET", "mcp/calls/").status_code == 401


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["change", "failed", "old", "read"]),
        ({"tool": "read"}, ["read"]),
        ({"tool": "none"}, []),
        ({"outcome": "error"}, ["failed"]),
        ({"outcome": "ok"}, ["change", "old", "read"]),
        ({"changes_only": "1"}, ["change"]),
        ({"changes_only": "true"}, ["change"]),
        ({"changes_only": "no"}, ["change", "failed", "old", "read"]),
        ({"key_id": "7"}, ["failed"]),
        ({"since": "2031-03-03T00:00:00Z"}, ["change", "failed", "read"]),
        ({"until": "2031-03-03T00:00:00Z"}, ["old"]),
        ({"since": "2031-03-01T00:00:00Z", "until": "2031-03-02T12:00:00Z"}, []),
    ],
)
def test_calls_are_chosen(ann: Person, query: dict[str, str], found: list[str]) -> None:
    made = {
        "read": call(ann, "read"),
        "change": call(ann, "change", is_change=True),
        "failed": call(ann, "failed", outcome="error", error="NotFound: no such note", key_id=7),
        "old": call(ann, "old", called_at=NOW - timedelta(days=1)),
    }
    names = {number: name for name, number in made.items()}
    assert sorted(names[number] for number in listed(ann, **query)) == found


@pytest.mark.parametrize(
    "query", [{"limit": "x"}, {"offset": "x"}, {"key_id": "x"}, {"outcome": "maybe"}, {"since": "x"}]
)
def test_a_filter_that_cannot_be_read_is_refused(ann: Person, query: dict[str, str]) -> None:
    answer = ann.get("mcp/calls/", **query)
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])


def test_pages_follow_each_other(ann: Person) -> None:
    made = [call(ann) for _ in range(5)]
    first = ann.get("mcp/calls/", limit="2").json()
    assert (first["total"], first["has_more"], len(first["results"])) == (5, True, 2)
    last = ann.get("mcp/calls/", limit="2", offset="4").json()
    assert ([row["id"] for row in last["results"]], last["has_more"]) == ([made[0]], False)
    assert ann.get("mcp/calls/", limit="5000").json()["limit"] == 200


def test_what_is_final_is_not_taken_back(ann: Person) -> None:
    answer = ann.post(f"mcp/calls/{call(ann)}/undo/")
    assert (answer.status_code, "It changed nothing." in answer.json()["detail"]) == (409, True)


def test_what_was_taken_back_is_not_taken_back_again(ann: Person) -> None:
    answer = ann.post(f"mcp/calls/{call(ann, undone_at=NOW)}/undo/")
    assert (answer.status_code, "already" in answer.json()["detail"]) == (409, True)


def test_a_call_of_somebody_else_is_unknown(ann: Person, ben: Person) -> None:
    number = call(ben)
    assert ann.post(f"mcp/calls/{number}/undo/").status_code == 404
    assert ann.post("mcp/calls/999999999/undo/").status_code == 404


def test_who_may_only_read_takes_nothing_back(mcp: Service, ann: Person) -> None:
    reader = Person(mcp, ann.id, scopes=("read",))
    number = call(ann)
    assert listed(reader) == [number]
    assert reader.post(f"mcp/calls/{number}/undo/").status_code == 403


def test_nothing_is_left_of_a_deleted_account(mcp: Service, ann: Person, ben: Person) -> None:
    call(ann)
    kept = call(ben)
    (subscription,) = [one for one in handlers.SUBSCRIPTIONS if UserDeleted in one.handlers]
    mcp.handle(subscription.handlers[UserDeleted], UserDeleted(user_id=ann.id, revision=2))
    assert mcp.rows("SELECT id FROM calls") == [{"id": kept}]


def test_the_export_has_the_calls_oldest_first(mcp: Service, ann: Person) -> None:
    made = [call(ann), call(ann)]
    answer = mcp.internal("identity", "GET", f"/internal/users/{ann.id}/export")
    assert [row["id"] for row in answer.json()["data"]["calls"]] == made
    assert mcp.request("GET", f"/internal/users/{ann.id}/export").status_code == 403
