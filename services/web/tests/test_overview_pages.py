"""The overview, the profile, the end of an account, and the page at `/`, over plain HTTP."""

from __future__ import annotations

import io
import re
import secrets

import httpx
import psycopg
import pytest
from PIL import Image
from tests.support.client import PASSWORD, Api, User, eventually
from tests.support.mcp import Agent
from tests.support.people import Person, confirm, words
from tests.support.replica import another

from notechondria_launcher.stack import Stack

HOSTILE = '"><script>alert(1)</script>'
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_the_overview_shows_what_there_is(api: Api, ida: User, person: Person, stack: Stack) -> None:
    agent = Agent(api, ida)
    agent("create_note", title="By agent", content="word " * 300)
    ida.post("planner-events/", {"title": HOSTILE, "event_date": "2999-01-02"})
    deleted = ida.post("notes/", {"title": "Old"}).json()
    ida.delete(f"notes/{deleted['id']}/")
    ida.post("auth/api-keys/", {"name": "Soon gone", "expires_at": "2999-01-01T00:00:00Z"})
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute(
            "UPDATE api_keys SET expires_at = now() + interval '3 days' WHERE user_id = %s AND name = 'Soon gone'",
            [ida.id],
        )
    eventually(lambda: "something was written on 1 of 365" in person.get("").text, what="the heatmap has it")
    page = person.get("").text
    assert HOSTILE not in page
    shown = words(page, tag=" ")
    assert ida.email in shown
    assert "You have no second factor" in shown
    assert "Your time zone is not known" in shown
    assert "The key Soon gone expires soon." in shown
    assert "not confirmed" not in shown
    assert "Rotated key 1 calls, 1 of them changed something, 0 taken back" in shown
    assert "2999-01-02" in shown
    assert re.search(r"Notes \(\d+\): \d", shown)
    assert "Recycle bin, texts (1):" in shown
    assert page.count("<rect") > 365
    assert 'style="' not in page


def test_times_are_in_the_persons_zone(ida: User, person: Person) -> None:
    wrong = person.submit("profile/", {"username": ida.username, "timezone": "Nowhere/At_all"})
    assert wrong.status_code == 400
    assert 'id="timezone-problem-1"' in wrong.text
    fields = {"username": ida.username, "timezone": "Asia/Tokyo"}
    assert person.submit("profile/", fields).headers["location"] == "/account/profile/"
    eventually(lambda: " JST" in person.get("devices/").text, what="times are in the zone")
    assert " UTC" not in words(person.get("").text, tag=" ")
    assert "Your time zone is not known" not in person.get("").text
    assert ida.get("settings/").json()["timezone"] == "Asia/Tokyo"
    assert person.get("agents/log/", day="2026-01-01").status_code == 200


def test_names_are_changed_and_problems_stand_beside_their_fields(api: Api, ida: User, person: Person) -> None:
    other = api.register()
    taken = person.submit("profile/", {"username": other.username, "social_link": "no link", "motto": HOSTILE})
    assert taken.status_code == 400
    for name in ("username", "social_link"):
        assert f'id="{name}-problem-1"' in taken.text
        assert f'aria-describedby="{name}-problem-1"' in taken.text
    assert HOSTILE not in taken.text
    fields = {"username": ida.username, "display_name": "Ida <b>", "motto": HOSTILE}
    assert person.submit("profile/", fields).status_code == 303
    page = person.get("").text
    assert "Ida &lt;b&gt;" in page
    assert ida.get("settings/").json()["motto"] == HOSTILE


def test_another_picture_is_used_and_what_is_none_is_refused(ida: User, person: Person) -> None:
    def send(name: str, content: bytes, token: str) -> httpx.Response:
        files = {"avatar": (name, content, "image/png")}
        return person.http.post("/account/profile/picture/", data={"csrf": token}, files=files)

    drawn = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(drawn, "PNG")
    before = ida.get("settings/").json()["image_url"]
    assert send("me.png", drawn.getvalue(), "x").status_code == 403
    refused = send("me.png", b"<svg/>", person.csrf())
    assert refused.status_code == 400
    assert 'id="avatar-problem-1"' in refused.text
    assert send("me.png", drawn.getvalue(), person.csrf()).headers["location"] == "/account/profile/"
    after = ida.get("settings/").json()["image_url"]
    assert after != before
    (source,) = set(re.findall(r'src="(/media/[^"]+)"', person.get("profile/").text))
    assert person.get(source).headers["content-type"] == "image/png"


@pytest.mark.contract("identity §8.5")
def test_another_address_needs_the_password_and_a_code(api: Api, ida: User, person: Person) -> None:
    fresh = f"mira{secrets.token_hex(3)}@example.org"
    assert person.get("profile/address/").headers["location"].startswith("/account/confirm/")
    assert (
        person.post("profile/address/", csrf=person.csrf(), new_email=fresh)
        .headers["location"]
        .startswith("/account/confirm/")
    )
    confirm(person)
    assert person.submit("profile/address/", {"new_email": "no address"}).status_code == 400
    taken = person.submit("profile/address/", {"new_email": api.register().email})
    assert 'id="new_email-problem-1"' in taken.text
    asked = person.submit("profile/address/", {"new_email": fresh})
    assert asked.status_code == 200
    wrong = person.post("profile/address/code/", **person.hidden(asked.text), code="000000")
    assert wrong.status_code == 400
    done = person.post("profile/address/code/", **person.hidden(wrong.text), code=api.code_for(fresh))
    assert done.headers["location"] == "/account/profile/"
    assert fresh in person.get("profile/").text
    assert "Address changed" in person.get("log/").text
    assert api.post("auth/login/", {"email": fresh, "password": PASSWORD}).status_code == 200
    assert api.post("auth/login/", {"email": ida.email, "password": PASSWORD}).status_code == 400


def test_an_account_is_deleted_after_password_and_name(api: Api, ida: User, person: Person) -> None:
    ida.post("notes/", {"title": "Gone"})
    assert person.get("profile/delete/").headers["location"].startswith("/account/confirm/")
    refused = person.post("profile/delete/", csrf=person.csrf(), username=ida.username)
    assert refused.headers["location"].startswith("/account/confirm/")
    confirm(person)
    wrong = person.submit("profile/delete/", {"username": "somebody"})
    assert wrong.status_code == 400
    assert 'id="username-problem-1"' in wrong.text
    done = person.submit("profile/delete/", {"username": ida.username})
    assert done.headers["location"] == "/account/sign-in/"
    assert "Your account is deleted" in person.get("sign-in/").text
    assert not person.signed_in()
    eventually(lambda: ida.get("notes/").status_code == 401, what="the account is gone")


@pytest.mark.contract("identity §6", "decision 64")
def test_browsers_are_shown_a_page_at_the_root_and_programs_json(api: Api, stack: Stack, person: Person) -> None:
    for accept in ("*/*", "application/json", "application/json, text/html", "", "text/html5", "text/*"):
        answer = httpx.get(f"{api.base}/", headers={"Accept": accept}, trust_env=False)
        assert answer.headers["content-type"].startswith("application/json"), accept
        assert "Accept" in answer.headers["vary"].split(", ")
    for accept in ("text/html", "Text/HTML;q=0.9, */*", " text/html , */*"):
        answer = httpx.get(f"{api.base}/", headers={"Accept": accept.strip()}, trust_env=False)
        assert answer.headers["content-type"] == "text/html; charset=utf-8", accept
    page = httpx.get(f"{api.base}/", headers={"Accept": BROWSER}, trust_env=False)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in page.headers["vary"].split(", ")
    for path in ("/account/", "/account/sign-up/", "/api/v1/docs/", "/api/v1/handshake/"):
        assert f'href="{path}"' in page.text
    assert "/mcp</code>" in page.text
    assert "Get an app" not in page.text
    assert (
        httpx.post(f"{api.base}/", headers={"Accept": BROWSER}, trust_env=False)
        .headers["content-type"]
        .startswith("application/json")
    )
    assert "Your account" in person.http.get("/", headers={"Accept": BROWSER}).text
    with another(stack, "web", APPS_URL="https://apps.example/get") as web:
        assert 'href="https://apps.example/get"' in httpx.get(f"{web}/", trust_env=False).text
    with another(stack, "web", APPS_URL="javascript:alert(1)") as web:
        assert "javascript:" not in httpx.get(f"{web}/", trust_env=False).text


def test_the_zone_of_the_browser_is_the_new_accounts(api: Api) -> None:
    for zone, kept in (("Europe/Rome", "Europe/Rome"), ("Nowhere/At_all", ""), (HOSTILE, "")):
        name = f"mira{secrets.token_hex(3)}"
        with Person(api) as person:
            fields = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
            asked = person.submit("sign-up/", fields)
            assert 'src="/account/zone.js"' in asked.text
            assert "script-src 'self'" in asked.headers["content-security-policy"]
            hidden = {**person.hidden(asked.text), "timezone": zone}
            done = person.post("verify/", **hidden, code=api.code_for(f"{name}@example.org"))
            assert done.status_code == 303
            token = person.http.cookies["notechondria_site"]
        settings = api.get("settings/", headers={"Authorization": f"Token {token}"}).json()
        assert settings["timezone"] == kept


def test_how_full_an_account_is_where_there_is_a_limit(api: Api, ida: User, stack: Stack) -> None:
    note = ida.post("notes/", {"title": "With a file"}).json()
    file = {"file": ("a.bin", b"x" * 1_000_000, "application/octet-stream")}
    assert ida.request("POST", f"notes/{note['id']}/attachments/", files=file).status_code == 201
    with (
        another(stack, "notes", USER_STORAGE_MIB="1") as notes,
        another(stack, "web", NOTES_URL=notes) as web,
        Person(api, web) as person,
    ):
        person.sign_in(ida.username)
        shown = words(person.get("").text, tag=" ")
        assert "Files may take up 1 MB; 976.6 KB are in use." in shown
        assert "Your files take up 976.6 KB of 1 MB." in shown
    with Person(api) as person:
        person.sign_in(ida.username)
        assert "Files may take up" not in person.get("").text


def test_what_is_away_is_left_out_of_the_overview(api: Api, ida: User, stack: Stack) -> None:
    gone = "http://127.0.0.1:9"
    with another(stack, "web", NOTES_URL=gone, PLANNER_URL=gone, MCP_URL=gone) as web, Person(api, web) as person:
        person.sign_in(ida.username)
        page = person.get("")
        assert page.status_code == 200
        assert page.text.count("This cannot be shown at the moment.") == 4
        assert ida.email in page.text
        for path in ("notes/", "calendars/", "agents/log/"):
            away = person.get(path)
            assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert person.get("agents/").status_code == 200
