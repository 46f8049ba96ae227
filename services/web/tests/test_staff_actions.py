"""The record of staff: a row for each action, claimed before and settled after, refusals and signing in among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row
from tests.support.admin import Site, enter, make_staff
from tests.support.client import PASSWORD, Api, User

from notechondria_launcher.stack import Stack


def rows(stack: Stack, user: User) -> list[dict[str, Any]]:
    """What a member of staff did, in order."""
    with psycopg.connect(stack.database_url("identity"), row_factory=dict_row) as identity:
        return identity.execute("SELECT * FROM staff_actions WHERE user_id = %s ORDER BY id", [user.id]).fetchall()


def staff_actions(stack: Stack, user: User) -> list[tuple[str, str, str]]:
    """Action, object and outcome of each row."""
    return [(row["action"], row["object"], row["outcome"]) for row in rows(stack, user)]


@pytest.fixture
def open_again(stack: Stack) -> Iterator[None]:
    """Where there is an invitation nobody registers without one: other tests need it gone."""
    yield
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("DELETE FROM invitations")


@pytest.mark.usefixtures("open_again")
def test_every_action_is_a_row_with_how_it_ended(api: Api, stack: Stack) -> None:
    staff, user = make_staff(api, api.register()), api.register()
    note = user.post("notes/", {"title": "Moss", "content": "x"}).json()["id"]
    inbox = next(row["id"] for row in user.get("courses/").json() if row["is_default"])
    with enter(api, staff) as site:
        site.act(f"notes/{note}/trash/")
        assert site.post(f"courses/{inbox}/delete/").status_code == 400
        assert site.post(f"users/{staff.id}/delete/").status_code == 403
        assert site.post(f"users/{user.id}/code/", kind="password_reset").status_code == 200
        assert site.post("invitations/new/", code="", max_uses="1").status_code == 400
        made = site.post("invitations/new/", code=f"moss-{note}", label="Moss", max_uses="1")
        invitation = re.findall(r"\d+", made.headers["location"])[0]
        site.act(f"invitations/{invitation}/expire/")
        assert site.post("sign-out/").status_code == 303
    sign_in, *done, sign_out = staff_actions(stack, staff)
    assert (sign_in[0], sign_in[2]) == ("sign-in", "done")
    assert sign_out == ("sign-out", sign_in[1], "done")
    assert re.fullmatch(r"sessions/\d+", sign_in[1])
    assert done == [
        ("trash", f"notes/{note}", "done"),
        ("delete", f"courses/{inbox}", "refused 400"),
        ("delete", f"users/{staff.id}", "refused 403"),
        ("code:password_reset", f"users/{user.id}", "done"),
        ("create", "invitations/new", "refused 400"),
        ("create", f"invitations/{invitation}", "done"),
        ("expire", f"invitations/{invitation}", "done"),
    ]
    assert all(row["ended_at"] >= row["begun_at"] for row in rows(stack, staff))


def test_the_record_is_a_list_of_the_site_that_nobody_changes(api: Api, site: Site, staff: User) -> None:
    user = api.register()
    site.act(f"users/{user.id}/sign-out/")
    listed = site.get("staff-actions/", user=staff.username, q=f"users/{user.id}").text
    assert "1 action" in listed
    assert f"users/{user.id}" in listed
    assert f'<a href="/admin/users/{staff.id}/">{staff.username}</a>' in listed
    number = re.findall(r'/admin/staff-actions/(\d+)/"', listed)[0]
    shown = site.get(f"staff-actions/{number}/").text
    assert "<h2>Actions</h2>" not in shown
    assert site.post(f"staff-actions/{number}/delete/").status_code == 404


def test_who_is_not_staff_is_written_down_when_they_try(api: Api, stack: Stack) -> None:
    user = api.register()
    with Site(api) as site:
        assert site.sign_in(user.username, "wrong").status_code == 400
        assert site.sign_in(user.username, PASSWORD).status_code == 403
    assert staff_actions(stack, user) == [("sign-in", f"users/{user.id}", "refused 403")]


def test_a_service_that_is_away_is_an_outcome(api: Api, site: Site, staff: User, stack: Stack) -> None:
    event = api.register().post("planner-events/", {"title": "Later", "event_date": "2030-01-01"}).json()["id"]
    with_planner = len(rows(stack, staff))
    stack.stop_part("planner")
    try:
        assert "planner service does not answer" in site.post(f"events/{event}/delete/").text
    finally:
        stack.start_part("planner")
    assert staff_actions(stack, staff)[with_planner:] == [("delete", f"events/{event}", "service away")]


def test_an_action_that_cannot_be_recorded_is_not_done(api: Api, site: Site, stack: Stack) -> None:
    user = api.register()
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE identity.staff_actions RENAME TO staff_actions_elsewhere")
        try:
            answer = site.post(f"users/{user.id}/sign-out/")
        finally:
            admin.execute("ALTER TABLE identity.staff_actions_elsewhere RENAME TO staff_actions")
    assert "identity service does not answer" in answer.text
    assert user.get("settings/").status_code == 200  # the sessions of the user go on


def test_a_repeated_settlement_changes_nothing(api: Api, site: Site, staff: User, stack: Stack) -> None:
    site.act(f"users/{api.register().id}/sign-out/")
    last = rows(stack, staff)[-1]
    inside = stack.internal_header("identity", "web")
    for number, status in ((last["id"], 204), (10**9, 404)):
        url = f"{stack.service_url('identity')}/internal/staff/actions/{number}/settle"
        again = httpx.post(url, json={"outcome": "refused 500"}, headers=inside, trust_env=False)
        assert again.status_code == status
    assert rows(stack, staff)[-1] == last
