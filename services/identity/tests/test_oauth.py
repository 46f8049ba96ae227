"""Sign-in with Google and GitHub, links, callbacks (identity §10), against a provider of our own over real HTTP."""

from __future__ import annotations

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from services.identity.tests.oauth_calls import BOTH, headers, sign_in, someone
from tests.support.client import PASSWORD, Api, User
from tests.support.provider import GITHUB_CLIENT, GOOGLE_CLIENT, Provider

from notechondria_launcher.stack import Stack


@pytest.mark.contract("identity §10.1", "identity §14")
def test_the_redirect_address_follows_the_callers_origin(api: Api) -> None:
    for given, redirect in (
        ({}, "http://localhost:5173/google"),
        ({"Origin": "https://APP.example"}, "https://app.example/google"),
        ({"Origin": "http://localhost:5173"}, "http://localhost:5173/google"),
        ({"Origin": "http://localhost:9999"}, "http://localhost:5173/google"),
        ({"Referer": "https://app.example/some/page?x=1"}, "https://app.example/google"),
    ):
        body = api.get("auth/oauth-config/", headers=given).json()
        assert body == {
            "google": {"client_id": GOOGLE_CLIENT, "redirect_uri": redirect},
            "github": {"client_id": GITHUB_CLIENT, "redirect_uri": "https://app.example/github"},
        }


@pytest.mark.contract("identity §10.3", "identity §1", "identity §3.3", "identity §4")
@BOTH
def test_an_unknown_person_registers_and_then_signs_in(api: Api, provider: Provider, name: str) -> None:
    person = someone()
    unknown = sign_in(api, provider, name, person, intent="login")
    assert unknown.status_code == 404
    assert "No account found" in unknown.json()["detail"]
    assert unknown.json()["code"] == "not_registered"
    first = sign_in(api, provider, name, person)
    assert first.status_code == 200, first.text
    user = first.json()["user"]
    assert (user["username"], user["email"]) == (person.login, person.email)
    assert (user["first_name"], user["last_name"], user["display_name"]) == ("Ada", "Byron King", "Ada Byron King")
    again = sign_in(api, provider, name, person, intent="login").json()
    assert again["user"]["id"] == user["id"]
    assert again["multi_device"] is True
    # Inbox and welcome note are there, as for everybody.
    courses = api.get("courses/", headers=headers(again)).json()
    assert any(course["is_default"] and course["owner"]["id"] == user["id"] for course in courses)
    links = api.get("auth/social-accounts/", headers=headers(again)).json()
    assert [(link["provider"], link["provider_uid"]) for link in links] == [(name, person.uid)]
    assert links[0]["created_at"].endswith("Z")
    # No password can match.
    assert api.post("auth/login/", {"email": person.email, "password": PASSWORD}).status_code == 400


@pytest.mark.contract("identity §10.3")
def test_google_signs_in_by_id_token(api: Api, provider: Provider) -> None:
    person = someone()
    answer = api.post("auth/google/", {"id_token": provider.add(person)})
    assert answer.status_code == 200
    assert person.sent == {}  # no exchange


@pytest.mark.contract("identity §10.3")
def test_the_backend_sends_the_provider_what_it_asks_for(api: Api, provider: Provider) -> None:
    google, github = someone(), someone()
    sign_in(api, provider, "google", google, redirect_uri="https://mine.example/back")
    assert google.sent["redirect_uri"] == "https://mine.example/back"
    assert google.sent["grant_type"] == "authorization_code"
    sign_in(api, provider, "github", github)
    assert github.sent["redirect_uri"] == "https://app.example/github"
    assert (github.sent["client_id"], github.sent["client_secret"]) == (GITHUB_CLIENT, "provider-secret")


@pytest.mark.contract("identity §10.3")
@BOTH
def test_a_verified_address_links_to_its_account(api: Api, provider: Provider, name: str) -> None:
    user = api.register()
    body = sign_in(api, provider, name, someone(email=user.email.upper())).json()
    assert body["user"]["id"] == user.id
    assert api.post("auth/login/", {"email": user.email, "password": PASSWORD}).status_code == 200


@pytest.mark.contract("identity §10.3", "decision 23")
@BOTH
def test_an_unverified_address_never_links(api: Api, provider: Provider, name: str) -> None:
    user = api.register()
    unverified = someone(email=user.email, verified=False)
    assert sign_in(api, provider, name, unverified, intent="login").status_code == 404
    body = sign_in(api, provider, name, unverified).json()
    assert body["user"]["id"] != user.id
    assert body["user"]["email"] == ""


@pytest.mark.contract("identity §10.3", "decision 25")
@BOTH
def test_a_pending_account_is_taken_by_its_proven_owner(api: Api, provider: Provider, name: str) -> None:
    handle = f"pending-{secrets.token_hex(4)}"
    email = f"{handle}@example.org"
    assert api.post("auth/register/", {"username": handle, "email": email, "password": PASSWORD}).status_code == 201
    code = api.code_for(email)
    body = sign_in(api, provider, name, someone(email=email)).json()
    assert body["user"]["username"] == handle
    # What somebody set before the address was proved is useless now.
    assert api.post("auth/login/", {"email": email, "password": PASSWORD}).status_code == 400
    assert api.post("auth/verify-email/", {"email": email, "code": code}).status_code == 400


@pytest.mark.contract("identity §10.3")
@BOTH
def test_a_disabled_account_stays_disabled(api: Api, provider: Provider, stack: Stack, name: str) -> None:
    linked, by_address = someone(), api.register()
    made = sign_in(api, provider, name, linked).json()["user"]["id"]
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute("UPDATE identity.users SET status = 'disabled' WHERE id IN (%s, %s)", (made, by_address.id))
    for person in (linked, someone(email=by_address.email)):
        answer = sign_in(api, provider, name, person)
        assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    with psycopg.connect(stack.admin_database_url) as admin:
        statuses = admin.execute(
            "SELECT DISTINCT status FROM identity.users WHERE id IN (%s, %s)", (made, by_address.id)
        ).fetchall()
    assert statuses == [("disabled",)]


@pytest.mark.contract("identity §10.3", "decision 22")
def test_user_names_come_from_the_provider(api: Api, provider: Provider) -> None:
    first = someone()
    assert sign_in(api, provider, "github", first).json()["user"]["username"] == first.login
    same = someone(login=first.login.upper())
    assert sign_in(api, provider, "github", same).json()["user"]["username"] == f"{first.login.upper()}_1"
    nameless = someone(login="")
    assert sign_in(api, provider, "github", nameless).json()["user"]["username"] == f"github_{nameless.uid}"
    no_address = someone(email="")
    body = sign_in(api, provider, "google", no_address).json()
    assert (body["user"]["username"], body["user"]["email"]) == (f"google_{no_address.uid}", "")


@pytest.mark.contract("identity §10.3", "identity §3")
@BOTH
def test_a_provider_sign_up_asks_for_an_invitation_when_there_are_any(
    api: Api, provider: Provider, stack: Stack, name: str
) -> None:
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute(
            "INSERT INTO invitations (digest, label, max_uses, times_used, created_at) VALUES (%s, '', 1, 0, now())",
            (hashlib.sha256(b"come-in").hexdigest(),),
        )
        try:
            person = someone()
            for code in ("", "wrong"):
                answer = sign_in(api, provider, name, person, invitation_code=code)
                assert answer.status_code == 400
                assert isinstance(answer.json()["invitation_code"], str)
            assert sign_in(api, provider, name, person, invitation_code="come-in").status_code == 200
            assert sign_in(api, provider, name, person).status_code == 200  # known by now
        finally:
            identity.execute("DELETE FROM invitations")


@pytest.mark.contract("identity §10.3", "identity §3.3", "identity §5.3")
@BOTH
def test_bad_intents_and_codes_are_refused(api: Api, provider: Provider, name: str) -> None:
    path = f"auth/{name}/"
    bind = api.post(path, {"code": "x", "intent": "bind"})
    assert bind.status_code == 400
    assert "bind" in bind.json()["detail"]
    assert f"/api/v1/auth/bind/{name}/" in bind.json()["detail"]
    assert list(api.post(path, {"code": "x", "intent": "steal"}).json()) == ["intent"]
    missing = api.post(path, {})
    assert (missing.status_code, list(missing.json())) == (400, ["code" if name == "github" else "non_field_errors"])
    wrong = api.post(path, {"code": "unknown"})
    assert (wrong.status_code, wrong.json()) == (400, {"detail": "The code is wrong or expired."})


BROKEN = [
    ("google", {"token": (200, {})}, 400),
    ("google", {"token": (200, b"<html>")}, 400),
    ("google", {"token": (400, {"error": "invalid_grant"})}, 400),
    ("google", {"token": (0, None)}, 502),
    ("google", {"token": (-1, None)}, 502),
    ("google", {"token": (503, {})}, 502),
    ("google", {"tokeninfo": (400, {})}, 400),
    ("google", {"tokeninfo": (200, {"aud": GOOGLE_CLIENT})}, 400),
    ("google", {"tokeninfo": (200, [1])}, 400),
    ("google", {"tokeninfo": (0, None)}, 502),
    ("github", {"token": (200, {"error": "incorrect_client_credentials"})}, 400),
    ("github", {"token": (-1, None)}, 502),
    ("github", {"user": (401, {"message": "no"})}, 400),
    ("github", {"user": (200, {"login": "x"})}, 400),
    ("github", {"user": (0, None)}, 502),
    ("github", {"emails": (0, None)}, 502),
]


@pytest.mark.contract("identity §10.3", "identity §10.4", "identity §3", "decision 24")
@pytest.mark.parametrize(("name", "breaks", "status"), BROKEN)
def test_a_provider_that_fails_is_502(
    api: Api, provider: Provider, user: User, name: str, breaks: dict[str, Any], status: int
) -> None:
    for path, caller in ((f"auth/{name}/", {}), (f"auth/bind/{name}/", user.headers)):
        answer = api.post(path, {"code": provider.add(someone(breaks=breaks))}, headers=caller)
        assert (answer.status_code, list(answer.json())) == (status, ["detail"]), answer.text
    assert user.get("auth/social-accounts/").json() == []


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


@pytest.mark.contract("identity §10.3")
def test_an_id_token_for_another_client_is_refused(api: Api, provider: Provider) -> None:
    answer = sign_in(api, provider, "google", someone(audience="another-client"))
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])


@pytest.mark.contract("identity §10.3")
def test_refusals_are_said_in_the_providers_words(api: Api, provider: Provider) -> None:
    refusal = someone(breaks={"token": (200, {"error": "incorrect_client_credentials"})})
    assert sign_in(api, provider, "github", refusal).json() == {"detail": "incorrect_client_credentials"}
    silent = sign_in(api, provider, "github", someone(breaks={"token": (400, {})}))
    assert (silent.status_code, silent.json()["detail"] != "") == (400, True)


@pytest.mark.contract("identity §10.3")
def test_a_provider_sign_in_names_the_failing_field(api: Api) -> None:
    for path, body, keys in (
        ("auth/github/", {"code": ""}, ["code"]),
        ("auth/github/", {"code": None}, ["code"]),
        ("auth/google/", {"code": "", "id_token": ""}, ["non_field_errors"]),
        ("auth/google/", {"code": 5.5, "intent": None}, ["intent"]),
        ("auth/bind/github/", {}, ["detail"]),
    ):
        answer = api.post(path, body)
        expected = 401 if "bind/" in path else 400
        assert (answer.status_code, list(answer.json())) == (expected, keys), (path, body, answer.text)


@pytest.mark.contract("identity §10.3")
@BOTH
def test_provider_data_is_cut_and_refreshed(api: Api, provider: Provider, name: str) -> None:
    person = someone(name=f"{'F' * 40} {'L' * 160}")
    made = sign_in(api, provider, name, person).json()
    assert (made["user"]["first_name"], made["user"]["last_name"]) == ("F" * 30, "L" * 150)
    person.email = f"newer-{person.email}"
    again = sign_in(api, provider, name, person, intent="login").json()
    assert again["user"]["id"] == made["user"]["id"]
    (link,) = api.get("auth/social-accounts/", headers=headers(again)).json()
    assert link["email"] == person.email  # the data of the link is refreshed
    assert again["user"]["email"] != person.email  # the account's own address is not


@pytest.mark.contract("identity §10.4")
def test_a_link_that_cannot_be_stored_is_500_in_our_shape(api: Api, provider: Provider, stack: Stack) -> None:
    owner, person = api.register(), someone()
    with psycopg.connect(stack.admin_database_url, autocommit=True) as admin:
        admin.execute(
            "CREATE FUNCTION identity.no_links() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no links today'; END $$"
        )
        admin.execute(
            "CREATE TRIGGER no_links BEFORE INSERT ON identity.social_accounts "
            f"FOR EACH ROW WHEN (NEW.provider_uid = '{person.uid}') EXECUTE FUNCTION identity.no_links()"
        )
        try:
            answer = owner.post("auth/bind/github/", {"code": provider.add(person)})
        finally:
            admin.execute("DROP TRIGGER no_links ON identity.social_accounts")
            admin.execute("DROP FUNCTION identity.no_links()")
    assert answer.status_code == 500
    assert answer.json()["detail"]
    assert owner.get("auth/social-accounts/").json() == []


@pytest.mark.contract("identity §10.3")
def test_no_leave_to_read_github_addresses_counts_as_unverified(api: Api, provider: Provider) -> None:
    body = sign_in(api, provider, "github", someone(breaks={"emails": (403, {"message": "no"})})).json()
    assert body["user"]["email"] == ""


@pytest.mark.contract("identity §10.4", "identity §3", "identity §5.3")
@BOTH
def test_links_are_bound_listed_and_removed(api: Api, provider: Provider, name: str) -> None:
    owner, stranger = api.register(), api.register()
    path = f"auth/bind/{name}/"
    person = someone()
    assert api.post(path, {"code": "x"}).status_code == 401
    made = owner.post(path, {"code": provider.add(person)})
    assert made.status_code == 201, made.text
    assert made.json().keys() == {"id", "provider", "provider_uid", "email"}
    other = someone()
    replaced = owner.post(path, {"code": provider.add(other)})
    assert (replaced.status_code, replaced.json()["provider_uid"]) == (200, other.uid)
    assert [link["provider_uid"] for link in owner.get("auth/social-accounts/").json()] == [other.uid]
    assert stranger.get("auth/social-accounts/").json() == []
    taken = stranger.post(path, {"code": provider.add(other)})
    assert (taken.status_code, list(taken.json())) == (409, ["detail"])
    assert stranger.delete(f"auth/social-accounts/{name}/").status_code == 404
    assert owner.delete("auth/social-accounts/anything/").status_code == 404
    assert owner.delete(f"auth/social-accounts/{name}/").status_code == 204
    assert owner.get("auth/social-accounts/").json() == []
    assert owner.delete(f"auth/social-accounts/{name}/").status_code == 404


@pytest.mark.contract("identity §10.4")
def test_of_many_who_bind_one_identity_at_once_one_gets_it(api: Api, provider: Provider) -> None:
    owners = [api.register() for _ in range(4)]
    for _ in range(6):
        code = provider.add(someone())

        def bind(user: User, code: str = code) -> int:
            return int(user.post("auth/bind/github/", {"code": code}).status_code)

        with ThreadPoolExecutor(8) as threads:
            statuses = list(threads.map(bind, owners * 2))
        assert sorted(set(statuses)) in ([200, 201, 409], [201, 409]), statuses
        linked = [user for user in owners if user.get("auth/social-accounts/").json()]
        assert len(linked) == 1
        assert linked[0].delete("auth/social-accounts/github/").status_code == 204


@pytest.mark.contract("identity §10.5", "identity §6")
@pytest.mark.parametrize("slash", ["", "/"])
@BOTH
def test_callback_pages_redirect_and_escape_errors(api: Api, name: str, slash: str) -> None:
    path = f"/auth/{name}/callback{slash}"
    fine = api.get(path, params={"code": 'a"><b&', "state": name})
    assert (fine.status_code, fine.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "https://app.example/Notechondria/editor/?code=a%22%3E%3Cb%26&amp;state=" in fine.text
    assert 'http-equiv="refresh"' in fine.text
    planner = api.get(path, params={"code": "x", "state": f"{name}_planner"})
    assert "/Notechondria/planner/?code=x" in planner.text
    failed = api.get(path, params={"error": "<script>alert(1)</script>"})
    assert failed.status_code == 200
    assert "<script>alert" not in failed.text
    assert "&lt;script&gt;" in failed.text
    nothing = api.get(path)
    assert nothing.status_code == 200
    assert "refresh" not in nothing.text


@pytest.mark.contract("identity §12")
def test_github_data_sync_is_not_offered(user: User) -> None:
    path = "integrations/github"
    assert user.get(f"{path}/status/").json() == {"connected": False, "install_url": "", "app_name": ""}
    assert user.delete(f"{path}/status/").json() == {"connected": False}
    for method, call in (("POST", "callback"), ("POST", "push"), ("GET", "repos")):
        answer = user.request(method, f"{path}/{call}/", json={})
        assert answer.status_code == 400
        assert "Backend.Creators.GithubSync" in answer.json()["detail"]
        assert "no GitHub App installation" in answer.json()["detail"]


@pytest.mark.contract("identity §12")
def test_github_data_sync_needs_login(api: Api) -> None:
    for method, call in (
        ("GET", "status"),
        ("DELETE", "status"),
        ("POST", "callback"),
        ("POST", "push"),
        ("GET", "repos"),
    ):
        assert api.request(method, f"integrations/github/{call}/", json={}).status_code == 401
