"""What staff does on the administration site (docs/admin.md), and what the services and users see of it."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import psycopg
import pytest
from tests.support.admin import Site, note_created
from tests.support.client import Api, User, eventually

from notechondria_launcher.stack import Stack


def test_a_code_by_hand_works_once_shown(api: Api, site: Site) -> None:
    user = api.register()
    answer = site.post(f"users/{user.id}/code/", kind="password_reset")
    (code,) = re.findall(r'class="code">(\d{6})<', answer.text)
    body = {"email": user.email, "code": code, "password": "Another-horse-8"}
    assert api.post("auth/password-reset/confirm/", body).status_code < 300
    again = site.post(f"users/{user.id}/code/", kind="nonsense")
    assert again.status_code == 400
    assert "not a valid choice" in again.text


def test_refused_input_is_shown_again(site: Site) -> None:
    fields = {"code": "", "label": "<b>Friends</b>", "max_uses": "many", "expires_at": "tomorrow"}
    answer = site.post("invitations/new/", **fields)
    assert answer.status_code == 400
    for text in ("required", "valid integer", "&lt;b&gt;Friends&lt;/b&gt;", 'value="many"', 'value="tomorrow"'):
        assert text in answer.text, text


def test_deleting_an_account_is_published_to_all_services(api: Api, site: Site) -> None:
    user = api.register()
    note = user.post("notes/", {"title": "Last words", "content": "x"}).json()
    assert "This is final" in site.get(f"users/{user.id}/delete/").text
    site.act(f"users/{user.id}/delete/", gone=True)
    assert site.get(f"users/{user.id}/").status_code == 404
    assert user.get("settings/").status_code == 401
    eventually(lambda: site.get(f"notes/{note['id']}/").status_code == 404, what="the note goes too")


def test_notes_events_feeds_and_courses_change_by_their_own_rules(api: Api, site: Site) -> None:
    user = api.register()
    course = user.post("courses/", {"title": "Botany"}).json()
    note = user.post("notes/", {"title": "Ferns", "content": "x", "course_id": course["id"], "is_public": True}).json()
    event = user.post(
        "planner-events/", {"title": "Walk", "event_date": "2030-01-01", "course_id": course["id"]}
    ).json()
    feed = user.post("calendar-feeds/", {"title": "Club", "raw_ical": "BEGIN:VCALENDAR\nEND:VCALENDAR"}).json()
    site.act(f"notes/{note['id']}/trash/")
    assert [row["id"] for row in user.get("notes/deleted/").json()] == [note["id"]]
    site.act(f"notes/{note['id']}/restore/")
    assert user.get(f"notes/{note['id']}/").json()["is_public"] is False
    assert site.post(f"notes/{note['id']}/purge/").status_code == 404  # it does not lie in the bin
    inbox = next(row for row in user.get("courses/").json() if row["is_default"])
    refused = site.post(f"courses/{inbox['id']}/delete/")
    assert refused.status_code == 400
    assert "Inbox cannot be deleted" in refused.text
    site.act(f"courses/{course['id']}/delete/", gone=True)
    assert user.get(f"notes/{note['id']}/").json()["course_id"] == inbox["id"]
    eventually(lambda: user.get(f"planner-events/{event['id']}/").json()["course_id"] is None, what="it is consumed")
    site.act(f"notes/{note['id']}/trash/")
    site.act(f"notes/{note['id']}/purge/", gone=True)
    assert user.get("notes/deleted/").json() == []
    site.act(f"events/{event['id']}/delete/", gone=True)
    assert user.get(f"planner-events/{event['id']}/").status_code == 404
    for verb, is_enabled in (("disable", False), ("enable", True), ("refresh", True)):
        site.act(f"feeds/{feed['id']}/{verb}/")
        assert user.get(f"calendar-feeds/{feed['id']}/").json()["is_enabled"] is is_enabled
    site.act(f"feeds/{feed['id']}/delete/", gone=True)
    assert user.get("calendar-feeds/").json() == []


def test_each_change_is_one_line_in_the_log(api: Api, site: Site, staff: User, stack: Stack) -> None:
    user, ended = api.register(), len(stack.log("identity").read_text())
    site.act(f"users/{user.id}/sign-out/")
    site.post(f"users/{staff.id}/delete/")
    log = stack.log("identity").read_text()[ended:]
    assert log.count(f"staff={staff.id} action=sign-out object=users/{user.id} outcome=done") == 1
    assert log.count(f"staff={staff.id} action=delete object=users/{staff.id} outcome=refused 403") == 1
    assert log.count("action=") == 2
    assert f"staff={staff.id} action=sign-in object=sessions/" in stack.log("identity").read_text()
    assert site.post("users/1%0Astaff=1/disable/").status_code == 404
    assert site.post("nowhere/1/disable/").status_code == 404
    assert stack.log("identity").read_text()[ended:].count("action=") == 2


def test_a_service_that_is_away_is_said_on_its_pages(api: Api, site: Site, stack: Stack) -> None:
    user = api.register()
    event = user.post("planner-events/", {"title": "Later", "event_date": "2030-01-01"}).json()
    stack.stop_part("planner")
    try:
        for path in ("", "events/", "feeds/", "dead-letters/", f"events/{event['id']}/", "events/1/delete/"):
            answer = site.get(path)
            assert answer.status_code == 200, path
            assert "planner service does not answer" in answer.text
        answer = site.post(f"events/{event['id']}/delete/")
        assert (answer.status_code, "planner service does not answer" in answer.text) == (200, True)
        for path in ("users/", "notes/"):
            assert "does not answer" not in site.get(path).text
    finally:
        stack.start_part("planner")
    assert "Later" in eventually(lambda: site.get(f"events/{event['id']}/").text, what="it is back")


def test_dead_letters_are_replayed_and_discarded(api: Api, site: Site, stack: Stack) -> None:
    user = api.register()
    note = user.post("notes/", {"title": "Consumed", "content": "x"}).json()
    good = json.dumps(note_created(stack, note["id"]))
    letters: list[Any] = []
    with psycopg.connect(stack.database_url("planner"), autocommit=True) as planner:
        for body, error in ((good, "<b>boom</b>"), ('{"no": "event"}', "unreadable")):
            made = planner.execute(
                "INSERT INTO dead_letters (subject, body, error, attempts) VALUES ('notes.note.created', %s, %s, 3) "
                "RETURNING id",
                [body, error],
            ).fetchone()
            assert made is not None
            letters.append(made[0])
    page = site.get("dead-letters/", q="boom").text
    assert f"planner-{letters[0]}" in page
    assert "&lt;b&gt;boom" in page
    site.act(f"dead-letters/planner-{letters[0]}/replay/")
    assert "/replay/" not in site.get(f"dead-letters/planner-{letters[0]}/").text
    assert "Replayed" in site.get(f"dead-letters/planner-{letters[0]}/").text
    failed = site.post(f"dead-letters/planner-{letters[1]}/replay/")
    assert failed.status_code == 409
    assert "It failed again" in failed.text
    for letter in letters:
        site.act(f"dead-letters/planner-{letter}/discard/", gone=True)
        assert site.get(f"dead-letters/planner-{letter}/").status_code == 404
    for made_up in ("nowhere-1", "planner-x", "planner-99999999999", "1"):
        assert site.get(f"dead-letters/{made_up}/").status_code == 404


@pytest.mark.parametrize("service", ["notes", "planner", "mcp"])
def test_the_services_endpoints_need_the_secret(stack: Stack, service: str) -> None:
    path = {"notes": "notes", "planner": "events", "mcp": "calls"}[service]
    url = f"{stack.service_url(service)}/internal/admin/{path}"
    assert httpx.get(url, trust_env=False).status_code == 403
    inside = stack.internal_header(service, "web")
    assert httpx.get(url, headers=inside, trust_env=False).status_code == 200
    assert httpx.get(url, headers={**inside, "X-Forwarded-For": "10.0.0.1"}, trust_env=False).status_code == 404
