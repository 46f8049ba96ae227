"""Actions with power ask for the password of the member of staff on a page, and then go on (docs/admin.md)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import psycopg
import pytest
from tests.support.admin import Site, enter, forget_password, make_staff
from tests.support.client import PASSWORD, Api, User

from notechondria_launcher.stack import Stack


@pytest.fixture
def member(api: Api) -> User:
    return make_staff(api, api.register())


@pytest.fixture
def later(api: Api, member: User) -> Iterator[Site]:
    """Signed in, and the password of it does not count any more."""
    with enter(api, member) as site:
        forget_password(api, member)
        yield site


def hidden_fields(page: str) -> dict[str, str]:
    """What the form of the page sends along, but for its token and what has no name."""
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.partition("<main")[2]))
    fields.pop("csrf")
    return {name: html.unescape(value) for name, value in fields.items()}


def actions(stack: Stack, user: User) -> list[tuple[str, str, str]]:
    with psycopg.connect(stack.database_url("identity")) as identity:
        rows = identity.execute(
            "SELECT action, object, outcome FROM staff_actions WHERE user_id = %s ORDER BY id", [user.id]
        )
        return [(str(action), str(about), str(outcome)) for action, about, outcome in rows]


def test_the_action_goes_on_once_the_password_is_right(api: Api, stack: Stack, member: User, later: Site) -> None:
    user = api.register()
    path = f"users/{user.id}/code/"
    asked = later.post(path, kind="password_reset")
    assert asked.status_code == 200
    assert user.username in asked.text
    assert 'type="password"' in asked.text
    kept = hidden_fields(asked.text)
    assert kept == {"kind": "password_reset"}
    wrong = later.post(path, **kept, own_password="Wrong-horse-7")
    assert wrong.status_code == 400
    assert "the password is wrong" in wrong.text
    assert re.search(r'aria-describedby="own_password-problem-1"', wrong.text)
    assert "Wrong-horse-7" not in wrong.text
    assert hidden_fields(wrong.text) == kept
    done = later.post(path, **kept, own_password=PASSWORD)
    assert re.search(r'class="code">\d{6}<', done.text)
    assert PASSWORD not in done.text
    # It counts for the next ones.
    later.act(f"users/{user.id}/disable/")
    later.act(f"users/{user.id}/enable/")
    session = actions(stack, member)[0][1]
    assert actions(stack, member)[1:] == [
        ("code:password_reset", f"users/{user.id}", "password needed"),
        ("confirm-password", session, "refused 400"),
        ("confirm-password", session, "done"),
        ("code:password_reset", f"users/{user.id}", "done"),
        ("disable", f"users/{user.id}", "done"),
        ("enable", f"users/{user.id}", "done"),
    ]


def test_what_was_typed_is_not_lost_when_the_form_itself_is_refused(api: Api, later: Site) -> None:
    user = api.register()
    answer = later.post(f"users/{user.id}/code/", kind="<b>nonsense</b>", unknown="dropped")
    assert hidden_fields(answer.text) == {"kind": "<b>nonsense</b>"}
    refused = later.post(f"users/{user.id}/code/", kind="nonsense", own_password=PASSWORD)
    assert refused.status_code == 400
    assert "not a valid choice" in refused.text
    assert 'name="own_password"' not in refused.text


def test_actions_without_power_ask_for_nothing(api: Api, later: Site) -> None:
    user = api.register()
    note = user.post("notes/", {"title": "Moss", "content": "x"}).json()["id"]
    later.act(f"notes/{note}/trash/")
    later.act(f"notes/{note}/restore/")
    later.act(f"users/{user.id}/sign-out/")


def test_signing_in_counts_as_entering_the_password(api: Api, member: User) -> None:
    user = api.register()
    with enter(api, member) as site:
        site.act(f"users/{user.id}/disable/")


def test_a_session_of_an_app_enters_the_password_too(api: Api, member: User) -> None:
    """One's token of the apps in the cookie is a session of staff that never entered it here."""
    user = api.register()
    with Site(api) as site:
        site.http.cookies.set("notechondria_admin", member.token, path="/admin/")
        site.csrf = site.token(site.get("").text)
        assert 'name="own_password"' in site.post(f"users/{user.id}/disable/").text
        assert user.get("settings/").status_code == 200
        assert site.post(f"users/{user.id}/disable/", own_password=PASSWORD).status_code == 303
        assert user.get("settings/").status_code == 401
