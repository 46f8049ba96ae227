"""Whoever gets at the browser of a member of staff, or at web, has no power over accounts without the password."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from notechondria_launcher.stack import Stack
from tests.support.admin import Site, enter, forget_password, make_staff
from tests.support.client import PASSWORD, Api, User
from tests.support.gateway import another_gateway
from tests.support.keys import keys_of
from tests.support.replica import another

POWERFUL = ("disable", "enable", "grant-staff", "revoke-staff", "delete", "code")
PER_MINUTE = 3


@pytest.fixture
def staff(api: Api) -> User:
    return make_staff(api, api.register())


@pytest.fixture
def left_open(api: Api, staff: User) -> Iterator[Site]:
    """A browser that was left open: the session goes on, its password was entered more than five minutes ago."""
    with enter(api, staff) as site:
        forget_password(api, staff)
        yield site


def _state(stack: Stack, user: User) -> object:
    with psycopg.connect(stack.database_url("identity")) as identity:
        return identity.execute(
            "SELECT status, is_staff, (SELECT count(*) FROM codes WHERE user_id = users.id AND used_at IS NULL) "
            "FROM users WHERE id = %s",
            [user.id],
        ).fetchone()


@pytest.mark.parametrize("verb", POWERFUL)
def test_an_open_browser_has_no_power(api: Api, stack: Stack, left_open: Site, verb: str) -> None:
    victim = api.register()
    before = _state(stack, victim)
    for more in ({}, {"own_password": ""}, {"own_password": "Wrong-horse-7"}, {"own_password": "x" * 2000}):
        answer = left_open.post(f"users/{victim.id}/{verb}/", kind="password_reset", **more)
        assert answer.status_code == (400 if more else 200)
        assert 'name="own_password"' in answer.text
        assert "x" * 100 not in answer.text
    assert _state(stack, victim) == before


def _claims(stack: Stack, user: User, *, is_staff: bool = True) -> dict[str, str]:
    carried = {"username": user.username, "image_path": "", "editor_mode": "P", "is_superuser": False}
    claims = {**carried, "is_staff": is_staff, "scopes": ["read", "write"], "kind": "session"}
    assertion = keys_of(stack, "identity").assertion(user.id, claims, "identity", "web")
    return {**stack.internal_header("identity", "web"), "X-Internal-Assertion": assertion}


def _session(stack: Stack, user: User) -> int:
    """The newest session of a user."""
    with psycopg.connect(stack.database_url("identity")) as identity:
        row = identity.execute("SELECT max(id) FROM sessions WHERE user_id = %s", [user.id]).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("verb", POWERFUL)
def test_identity_refuses_whatever_web_leaves_out(api: Api, stack: Stack, staff: User, verb: str) -> None:
    victim, other = api.register(), make_staff(api, api.register())
    before = _state(stack, victim)
    url = f"{stack.service_url('identity')}/internal/admin/users/{victim.id}/{verb}"
    with enter(api, staff), enter(api, other):
        mine, others = _session(stack, staff), _session(stack, other)
        # Just entered in the session of somebody else; never in one of the apps; in no session at all.
        app = api.post("auth/login/", {"email": staff.email, "password": PASSWORD}).json()["session"]["id"]
        for session in ("", str(others), str(app), "0", "-1", "1e3", "9" * 30, f"{mine} "[1:] + "x"):
            refused = httpx.post(
                url,
                json={"kind": "password_reset"},
                headers={**_claims(stack, staff), "X-Internal-Staff-Session": session},
                trust_env=False,
            )
            assert (refused.status_code, refused.json().get("code")) == (403, "password_needed"), session
        ended = {**_claims(stack, staff), "X-Internal-Staff-Session": str(mine)}
        assert staff.delete(f"auth/sessions/{mine}/").status_code == 204
        assert httpx.post(url, json={}, headers=ended, trust_env=False).json()["code"] == "password_needed"
    assert _state(stack, victim) == before


def test_a_password_is_entered_for_ones_own_session_only(api: Api, stack: Stack, staff: User) -> None:
    other = make_staff(api, api.register())
    url = f"{stack.service_url('identity')}/internal/staff/confirm-password"
    with enter(api, other):
        forget_password(api, other)
        body = {"password": PASSWORD, "user_agent": "", "address": "203.0.113.7"}
        headers = _claims(stack, staff)
        for session in (_session(stack, other), 10**9):
            answer = httpx.post(url, json={**body, "session_id": session}, headers=headers, trust_env=False)
            assert answer.status_code == 404, answer.text
        nobody = _claims(stack, staff, is_staff=False)
        mine = {**body, "session_id": _session(stack, staff)}
        assert httpx.post(url, json=mine, headers=nobody, trust_env=False).status_code == 403
        assert httpx.post(url, json=mine, headers=headers, trust_env=False).status_code == 204
    with psycopg.connect(stack.database_url("identity")) as identity:
        recent = identity.execute(
            "SELECT count(*) FROM sessions WHERE user_id = %s AND password_entered_at > now() - interval '5 minutes'",
            [other.id],
        ).fetchone()
    assert recent == (0,)


def test_the_password_is_not_guessed_in_an_open_browser(api: Api, stack: Stack, staff: User) -> None:
    victim = api.register()
    with (
        another(stack, "identity", ACCOUNT_RATE_PER_MINUTE=str(PER_MINUTE)) as identity,
        another(stack, "web", IDENTITY_URL=identity) as web,
        another_gateway(stack, {"identity": identity, "web": web}) as gateway,
        Api(stack, gateway.url) as strict,
        enter(strict, staff) as site,
    ):
        forget_password(strict, staff)
        path = f"users/{victim.id}/disable/"
        statuses = [site.post(path, own_password="Wrong-horse-7").status_code for _ in range(PER_MINUTE + 2)]
        assert statuses == [400] * PER_MINUTE + [429] * 2
        stopped = site.post(path, own_password=PASSWORD)
        assert stopped.status_code == 429
        assert 1 <= int(stopped.headers["retry-after"]) <= 61
        assert "too many tries" in stopped.text
        # They are the tries of signing in.
        login = strict.post("auth/login/", {"email": staff.email, "password": PASSWORD})
        assert login.status_code == 429
    assert victim.get("settings/").status_code == 200


def test_a_foreign_page_cannot_send_the_password_for_somebody(api: Api, left_open: Site) -> None:
    victim = api.register()
    answer = left_open.http.post(f"/admin/users/{victim.id}/disable/", data={"own_password": PASSWORD})
    assert answer.status_code == 403
    assert "not made by this site" in answer.text
    assert victim.get("settings/").status_code == 200
