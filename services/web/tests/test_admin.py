"""The administration site over plain HTTP (docs/admin.md): who comes in, what a form needs, what is shown as text."""

from __future__ import annotations

import re
import secrets
from html.parser import HTMLParser

import httpx
import psycopg
import pytest
from tests.support.admin import Site, enter, make_staff
from tests.support.client import PASSWORD, Api, User
from tests.support.gateway import another_gateway
from tests.support.replica import another

from notechondria_launcher.stack import Stack

LISTS = (
    "users",
    "sessions",
    "invitations",
    "programs",
    "courses",
    "notes",
    "events",
    "feeds",
    "dead-letters",
    "calls",
    "staff-actions",
)


class Elements(HTMLParser):
    """The elements of a page and their attributes, whatever people wrote between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.contract("identity §6")
def test_pages_are_html_with_strict_headers(site: Site) -> None:
    for path in ("", *(f"{name}/" for name in LISTS), "invitations/new/", "nothing/", "users/999999999/"):
        answer = site.get(path)
        assert answer.status_code == (404 if path in {"nothing/", "users/999999999/"} else 200), path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        page = Elements()
        page.feed(answer.text)
        assert "script" not in page.tags
        assert not [value for name, value in page.attributes if name == "style" or "://" in value], path
    assert site.http.get("/admin/style.css").headers["content-type"] == "text/css; charset=utf-8"


def test_every_page_but_the_style_needs_a_sign_in(api: Api) -> None:
    for path in ("/admin/", "/admin/users/", "/admin/notes/1/trash/", "/admin/nothing/at/all/"):
        answer = api.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/admin/sign-in/")
    assert api.get("/admin").headers["location"] == "/admin/"
    for path in ("users/1/delete/", "sign-out/", "invitations/new/"):
        assert api.request("POST", f"/admin/{path}", data={"csrf": "0" * 64}).headers["location"] == "/admin/sign-in/"


def test_the_cookie_is_shut_away(api: Api, staff: User) -> None:
    with enter(api, staff) as site:
        first = site.sign_in_answer
        kept = next(line for line in first.headers.get_list("set-cookie") if line.startswith("notechondria_admin="))
        parts = {part.strip().lower() for part in kept.split(";")}
        assert {"httponly", "samesite=strict", "path=/admin/"} <= parts
        assert "secure" not in parts
        # It is a session like any other, with its device.
        devices = staff.get("auth/sessions/").json()["sessions"]
        assert any(row["device_label"] == "Web browser" for row in devices)


def _signed_in(url: str, staff: User, forwarded: dict[str, str]) -> list[str]:
    """The lines by which web sets cookies when somebody signs in."""
    with httpx.Client(base_url=url, trust_env=False, headers=forwarded) as client:
        page = client.get("/admin/sign-in/")
        name, _, value = page.headers["set-cookie"].partition(";")[0].partition("=")
        fields = {"csrf": Site.token(page.text), "identifier": staff.username, "password": PASSWORD}
        answer = client.post("/admin/sign-in/", data=fields, headers={"Cookie": f"{name}={value}"})
    assert answer.status_code == 303
    return [page.headers["set-cookie"], *answer.headers.get_list("set-cookie")]


BEHIND_TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "localhost", "Host": "localhost"}
"""As the gateway signals to web that the request came over TLS."""


def _shut_to_this_host(line: str) -> bool:
    parts = {part.strip().lower() for part in line.split(";")[1:]}
    needed = {"secure", "path=/", "httponly", "samesite=strict"}
    return line.startswith("__Host-") and needed <= parts and not any(part.startswith("domain") for part in parts)


def test_cookies_are_of_this_host_and_secure_behind_tls(stack: Stack, staff: User) -> None:
    lines = _signed_in(stack.service_url("web"), staff, BEHIND_TLS)
    assert len(lines) == 3  # the form's, the session's, the form's deleted
    assert all(_shut_to_this_host(line) for line in lines), lines
    token = lines[1].partition("=")[2].partition(";")[0]
    with httpx.Client(base_url=stack.service_url("web"), trust_env=False, headers=BEHIND_TLS) as client:
        ours = client.get("/admin/", headers={"Cookie": f"__Host-notechondria_admin={token}"})
        assert ours.status_code == 200
        # Another host of the domain, or plain HTTP, can set a cookie of the old name.
        assert client.get("/admin/", headers={"Cookie": f"notechondria_admin={token}"}).status_code == 303
        fields = {"csrf": Site.token(ours.text)}
        cookie = {"Cookie": f"__Host-notechondria_admin={token}"}
        gone = client.post("/admin/sign-out/", data=fields, headers=cookie).headers["set-cookie"]
    assert _shut_to_this_host(gone)
    assert "max-age=0" in gone.lower()


def test_cookies_are_of_this_host_where_the_public_address_is_https(stack: Stack, staff: User) -> None:
    """A proxy in front that is not among the trusted ones: the gateway takes it for plain HTTP."""
    with another(stack, "web", PUBLIC_BASE_URL="https://localhost") as web:
        lines = _signed_in(web, staff, {"Host": "localhost"})
    assert all(_shut_to_this_host(line) for line in lines), lines


@pytest.mark.contract("identity §6")
def test_only_staff_comes_in(api: Api) -> None:
    user = api.register()
    with enter(api, user, status=403) as site:
        assert "not staff" in site.sign_in_answer.text
        assert site.sign_in_answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "notechondria_admin" not in site.http.cookies
        # An ordinary session in the cookie helps nobody either.
        site.http.cookies.set("notechondria_admin", user.token, path="/admin/")
        assert site.get("users/").status_code == 403
    assert len(user.get("auth/sessions/").json()["sessions"]) == 1


@pytest.mark.parametrize(
    ("name", "password", "text"),
    [
        ("", PASSWORD, "may not be blank"),
        ("nobody-at-all", PASSWORD, "no account matches"),
        ("<script>alert(1)</script>", "x", "no account matches"),
        ("a\x00b", "x", "NUL"),
    ],
)
def test_a_refused_sign_in_shows_the_form_again(api: Api, name: str, password: str, text: str) -> None:
    with Site(api) as site:
        answer = site.sign_in(name, password)
        assert answer.status_code == 400
        assert text.lower() in answer.text.lower()
        assert "<script>" not in answer.text
        assert PASSWORD not in answer.text
        assert 'name="password"' in answer.text


def test_signing_in_leads_to_where_one_wanted_to_go_and_nowhere_else(api: Api, staff: User) -> None:
    for wanted, reached in (
        ("/admin/notes/", "/admin/notes/"),
        ("https://evil.example/", "/admin/"),
        ("//evil.example/admin/", "/admin/"),
        ("/admin/../etc/", "/admin/"),
        ("/admin/\r\nX-Evil: 1", "/admin/"),
        ("/admin//evil.example", "/admin/"),
    ):
        with Site(api) as site:
            answer = site.sign_in(staff.username, PASSWORD, next=wanted)
            assert (answer.status_code, answer.headers["location"]) == (303, reached)


def test_guessing_is_limited_as_at_the_apps_door(api: Api, stack: Stack) -> None:
    user = make_staff(api, api.register())
    with (
        another(stack, "identity", ACCOUNT_RATE_PER_MINUTE="2") as identity,
        another(stack, "web", IDENTITY_URL=identity) as web,
        another_gateway(stack, {"identity": identity, "web": web}) as gateway,
        Api(stack, gateway.url) as strict,
        Site(strict) as site,
    ):
        assert site.sign_in(user.username, "wrong").status_code == 400
        assert strict.post("auth/login/", {"email": user.email, "password": "wrong"}).status_code == 400
        answer = site.sign_in(user.email, PASSWORD)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 61
        assert "too many tries" in answer.text


def test_a_form_of_another_site_is_refused(api: Api, site: Site, staff: User) -> None:
    user = api.register()
    path = f"/admin/users/{user.id}/disable/"
    with enter(api, make_staff(api, api.register())) as other:
        for token in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "é"}, {"csrf": other.csrf}):
            answer = site.http.post(path, data=token)
            assert answer.status_code == 403, token
            assert "not made by this site" in answer.text
    assert site.http.post(path, json={"csrf": "0" * 64}).status_code == 403
    assert user.get("settings/").status_code == 200
    # Nor can somebody be signed in by a foreign form.
    fields = {"identifier": staff.username, "password": PASSWORD, "csrf": site.csrf}
    assert api.request("POST", "/admin/sign-in/", data=fields).status_code == 403


def test_who_is_disabled_or_not_staff_any_more_is_out_at_once(api: Api, site: Site) -> None:
    second = make_staff(api, api.register())
    with enter(api, second) as entered:
        assert entered.get("users/").status_code == 200
        site.act(f"users/{second.id}/revoke-staff/")
        assert entered.get("users/").status_code == 403
        assert entered.http.post("/admin/users/1/disable/", data={"csrf": entered.csrf}).status_code == 403
        site.act(f"users/{second.id}/grant-staff/")
        assert entered.get("users/").status_code == 200
        site.act(f"users/{second.id}/disable/")
        assert entered.get("users/").status_code == 303
        assert second.get("settings/").status_code == 401
        site.act(f"users/{second.id}/enable/")
        assert entered.get("users/").status_code == 303  # the session has ended for good
        assert api.post("auth/login/", {"email": second.email, "password": PASSWORD}).status_code == 200


def test_nobody_shuts_themselves_out_and_staff_does_not_touch_superusers(api: Api, site: Site, staff: User) -> None:
    boss = api.register()
    with psycopg.connect(api.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE users SET is_staff = true, is_superuser = true WHERE id = %s", [boss.id])
    for about, verbs in (
        (staff.id, ("disable", "revoke-staff", "delete")),
        (boss.id, ("disable", "delete", "sign-out")),
    ):
        for verb in verbs:
            answer = site.post(f"users/{about}/{verb}/")
            assert answer.status_code == 403
            assert 'role="alert"' in answer.text
    assert site.post(f"users/{boss.id}/code/", kind="password_reset").status_code == 403
    assert boss.get("settings/").status_code == 200
    with enter(api, boss) as superuser:
        assert superuser.post(f"users/{staff.id}/sign-out/").status_code == 303
    assert site.get("").status_code == 303
    site.renew()
    with psycopg.connect(api.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE users SET is_superuser = false WHERE id = %s", [boss.id])


def test_lists_are_paged_and_hostile_searches_are_harmless(api: Api, site: Site) -> None:
    user = api.register()
    mark = secrets.token_hex(4)
    for number in range(27):
        assert user.post("notes/", {"title": f"Paged {mark} {number:02}", "content": "x"}).status_code == 201
    first = site.get("notes/", q=f"paged {mark}")
    assert "27 notes, page 1 of 2" in first.text
    assert len(re.findall(rf"<a href=[^>]*>\s*Paged {mark}", first.text)) == 25
    second = site.http.get("/admin/notes/" + Site.link(first.text, "next"))
    assert "page 2 of 2" in second.text
    assert len(re.findall(rf"<a href=[^>]*>\s*Paged {mark}", second.text)) == 2
    for name in LISTS:
        for text in (
            "%",
            "_",
            "\\",
            "'",
            '"; DROP TABLE users; --',
            "\x00",
            "é漢\U0001f4a9",
            "a" * 5000,
            "{{1234*5679}}",
            "%s",
        ):
            answer = site.get(f"{name}/", q=text, user=text)
            assert answer.status_code == 200, (name, text)
    assert "7007886" not in site.get("notes/", q="{{1234*5679}}").text
    assert "27 notes" not in site.get("notes/", q=f"Paged_{mark}").text  # no wildcard
    for page in ("0", "-1", "x", "9" * 30, "1e3"):
        assert site.get("users/", page=page).status_code == 200
    assert "27 notes" in site.get("notes/", user=user.username, q="paged").text
    assert "27 notes" in site.get("notes/", user=str(user.id), q=mark).text
    assert "No account is called" in site.get("notes/", user="nobody-at-all").text


def test_what_people_write_is_text(api: Api, site: Site) -> None:
    user = api.register()
    hostile = f"<script>alert({secrets.randbelow(10**9)})</script>\"'>"
    secret = f"deep inside {secrets.token_hex(8)}"
    note = user.post("notes/", {"title": hostile, "content": "word " * 200 + secret}).json()
    user.post("planner-events/", {"title": hostile, "event_date": "2030-01-01"})
    user.post("calendar-feeds/", {"title": hostile, "source_url": "http://u:p@127.0.0.1:9/private-7d5/x.ics?key=1"})
    user.post("courses/", {"title": hostile})
    for name in ("notes", "events", "feeds", "courses"):
        text = site.get(f"{name}/", user=user.username).text
        assert "<script>" not in text
        assert "&lt;script&gt;" in text, name
    shown = site.get(f"notes/{note['id']}/").text
    assert "<script>" not in shown
    assert secret not in shown
    assert "never a whole text" in shown
    assert "<script>" not in site.get(f"notes/{note['id']}/purge/").text
    feeds = site.get("feeds/", user=user.username).text
    assert "127.0.0.1:9" in feeds
    assert "private-7d5" not in feeds
    assert "u:p" not in feeds
    for path in (f"users/{user.id}/", "sessions/"):
        page = site.get(path, user=user.username).text
        assert user.token not in page
        assert not re.search(r"argon2|\b[0-9a-f]{64}\b(?![^<]*>)", page)
