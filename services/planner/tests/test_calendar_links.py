"""Links to published calendars: the resource and its tokens."""

from __future__ import annotations

import hmac
import re
import subprocess
import sys
from typing import Any

import pytest
from services.planner.tests.calls import link, read_link
from services.planner.tests.support import Publisher, Tables
from tests.support.client import Api, User, eventually

from notechondria_contracts.fields import validation_messages
from notechondria_launcher.stack import Stack
from planner_service.calendar_links import tokens


@pytest.mark.contract("planner §0")
def test_links_are_made_listed_and_revoked(ann: User, ben: User, api: Api, publisher: Publisher, stack: Stack) -> None:
    course_id = publisher.course(ann)
    made = link(ann, name="  Watch ", include_sessions="off", course_id=course_id)
    shown = {key: value for key, value in made.items() if key not in {"token", "url"}}
    assert shown == {
        "id": made["id"],
        "name": "Watch",
        "include_events": True,
        "include_sessions": False,
        "include_deadlines": True,
        "course_id": course_id,
        "alarm_minutes": None,
        "date_created": made["date_created"],
        "last_edit": made["last_edit"],
    }
    assert made["url"].endswith(f"/calendar/{made['token']}.ics")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", made["token"])
    other = link(ann, name="A")
    assert ann.get("calendar-links/").json() == [{k: other[k] for k in shown}, shown]
    assert ben.get("calendar-links/").json() == []
    assert ben.delete(f"calendar-links/{made['id']}/").status_code == 404
    assert ben.post(f"calendar-links/{made['id']}/regenerate/").status_code == 404
    assert read_link(api, made).status_code == 200
    assert ann.delete(f"calendar-links/{made['id']}/").status_code == 204
    assert ann.delete(f"calendar-links/{made['id']}/").status_code == 404
    assert read_link(api, made).status_code == 401
    assert read_link(api, other).status_code == 200


def test_a_new_token_ends_the_old_one(ann: User, api: Api) -> None:
    made = link(ann)
    again = ann.post(f"calendar-links/{made['id']}/regenerate/").json()
    assert again["token"] != made["token"]
    assert (read_link(api, made).status_code, read_link(api, again).status_code) == (401, 200)


def test_tokens_are_not_kept_and_not_logged(ann: User, api: Api, tables: Tables, stack: Stack) -> None:
    made = link(ann)
    read_link(api, made)
    api.get(f"/calendar/{made['token']}")
    api.get(f"//calendar/{made['token']}.ics")
    api.get(f"/calendar/{made['token']}.ics?again=1")
    (row,) = tables.rows("SELECT * FROM planner.calendar_links WHERE id = %s", made["id"])
    assert made["token"] not in str(row)
    for name in ("planner", "identity", "gateway"):
        assert made["token"] not in stack.log(name).read_text()
    assert made["token"] not in (stack.data / "logs" / "access.log").read_text()
    assert "GET    /calendar/***" in stack.log("planner").read_text()


@pytest.mark.parametrize("token", ["x", "a" * 43, "%00", "..", "a" * 5000, "ä"])
def test_wrong_tokens_are_401(api: Api, token: str) -> None:
    answer = api.get(f"/calendar/{token}.ics")
    if token in {"%00", ".."}:
        assert answer.status_code in {400, 401, 404}
    else:
        assert answer.status_code == 401
        assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("kept", [None, tokens.digest("other")])
def test_wrong_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch, kept: str | None) -> None:
    compared = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return compare_digest(one, other)

    compare_digest = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert not tokens.matches("wrong", kept)
    # Whether there is such a link or not: digests of one length, compared whole.
    ((one, other),) = compared
    assert (one, len(one)) == (tokens.digest("wrong"), len(other))
    assert tokens.matches("other", tokens.digest("other"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": ""}, {"name": [validation_messages.BLANK]}),
        (
            {"name": "x" * 121, "course_id": "x"},
            {"name": [validation_messages.too_long(120)], "course_id": [validation_messages.NOT_INTEGER]},
        ),
        ({"include_events": "perhaps"}, {"include_events": [validation_messages.NOT_BOOLEAN]}),
        (
            {"include_events": False, "include_sessions": False, "include_deadlines": False},
            {"non_field_errors": ["Choose at least one of events, sessions and deadlines."]},
        ),
    ],
)
def test_bad_fields(eve: User, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    answer = eve.post("calendar-links/", {"name": "Phone", **fields})
    assert (answer.status_code, answer.json()) == (400, expected)


def test_unknown_course_and_anonymous(ann: User, api: Api) -> None:
    assert ann.post("calendar-links/", {"name": "Phone", "course_id": 899_999_999}).status_code == 404
    assert api.get("calendar-links/").status_code == api.post("calendar-links/").status_code == 401


def test_a_disabled_account_publishes_nothing(api: Api, stack: Stack) -> None:
    owner = api.register()
    path = "/calendar/" + link(owner)["token"] + ".ics"
    assert api.get(path).status_code == 200
    call = [sys.executable, "-m", "notechondria_launcher", "users"]
    for command, status in (("disable", 401), ("enable", 200)):
        subprocess.run([*call, command, owner.username, "--data", str(stack.data)], check=True, capture_output=True)
        eventually(lambda: api.get(path).status_code == status, seconds=5)


def test_links_of_a_user_are_bounded(api: Api) -> None:
    owner = api.register()
    for _ in range(50):
        link(owner)
    refused = owner.post("calendar-links/", {"name": "One more"})
    assert (refused.status_code, list(refused.json())) == (400, ["non_field_errors"])
