"""What planner answers to the other services, and what it says of itself (planner §9, §12)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from services.planner.tests.feed_server import vcalendar, vevent
from services.planner.tests.support import Publisher, activity_event
from tests.support.client import Api, User, eventually
from tests.support.keys import KEY_SETTINGS

from notechondria_launcher.stack import Stack
from notechondria_shared.web.paths import api_routes
from planner_service.app import SPEC, create_app


def ask(stack: Stack, path: str, **headers: str) -> httpx.Response:
    caller = "identity" if path.endswith("/export") else "notes"
    token = stack.internal_header("planner", caller)
    return httpx.get(f"{stack.service_url('planner')}{path}", headers=token | headers, trust_env=False)


@pytest.mark.contract("planner §9", "notes §10", "planner §2.5")
def test_the_front_page_part_holds_eight_open_events_and_the_heatmap(
    ann: User, ben: User, stack: Stack, today: date
) -> None:
    made = []
    for n in (3, 1, 2, 0, *range(4, 12)):
        body = {"title": f"E{n}", "event_date": str(today + timedelta(days=n)), "difficulty_weight": 2}
        made.append(ann.post("planner-events/", body).json())
    ann.post("planner-events/", {"title": "Overdue", "event_date": str(today - timedelta(days=1))})
    ann.post("planner-events/", {"title": "Done", "event_date": str(today), "is_completed": True})
    ben.post("planner-events/", {"title": "Of somebody else", "event_date": str(today)})
    body = ask(stack, f"/internal/front-page/{ann.id}").json()
    assert body["upcoming_events"] == sorted(made, key=lambda event: event["event_date"])[:8]
    assert body["heatmap"] == ann.get("heatmap/?back=364&ahead=28").json()
    assert list(body) == ["heatmap", "upcoming_events"]


@pytest.mark.contract("planner §9", "planner §1.4", "planner §3.2")
def test_an_export_holds_everything_of_one_user(
    ann: User, ben: User, stack: Stack, publisher: Publisher, today: date
) -> None:
    event = ann.post("planner-events/", {"title": "Plan", "event_date": "2026-05-06", "is_completed": True}).json()
    text = vcalendar(vevent("20260505T093000Z", SUMMARY="Mine"))
    ann.post("calendar-feeds/", {"title": "Lab", "raw_ical": text})
    ann.post("calendar-feeds/", {"title": "Page", "source_kind": "S"})
    link = ann.post("calendar-links/", {"name": "Phone"}).json()
    note_id = publisher.note(ann)
    session = ann.post("note-sessions/", {"note_id": note_id, "started_at": "2026-05-06T10:00:00Z"}).json()
    publisher.publish(activity_event(ann, note_id, today, 12))
    ben.post("planner-events/", {"title": "Of somebody else", "event_date": "2026-05-06"})
    body: dict[str, Any] = ask(stack, f"/internal/users/{ann.id}/export").json()
    assert (body["service"], body["files"]) == ("planner", [])
    data = body["data"]
    (kept,) = data["planner_events"]
    assert {key: kept[key] for key in ("id", "title", "event_date")} == {
        "id": event["id"],
        "title": "Plan",
        "event_date": "2026-05-06",
    }
    assert kept["completed_at"] == event["completed_at"]
    assert [(feed["title"], feed["raw_ical"]) for feed in data["calendar_feeds"]] == [
        ("Lab", text.strip()),
        ("Page", ""),
    ]
    assert [row["name"] for row in data["calendar_links"]] == ["Phone"]
    assert link["token"] not in str(body)
    assert [(row["id"], row["started_at"]) for row in data["note_sessions"]] == [
        (session["id"], "2026-05-06T10:00:00+00:00")
    ]
    assert [(row["activity_date"], row["word_count"]) for row in data["activities"]] == [(str(today), 12)]


@pytest.mark.parametrize("path", ["/internal/front-page/1", "/internal/users/1/export"])
def test_internal_paths_are_not_for_everybody(ann: User, api: Api, stack: Stack, path: str) -> None:
    assert ask(stack, path).status_code == 200
    assert ask(stack, path, **{"X-Internal-Token": "wrong"}).status_code == 403
    assert ask(stack, path, **{"X-Forwarded-For": "1.2.3.4"}).status_code == 404
    assert ann.get(path, headers=stack.internal_header("planner", "notes")).status_code == 404


def test_capabilities_in_the_handshake(api: Api) -> None:
    def announced() -> bool:
        shown = api.get("handshake/").json()["capabilities"]
        return bool(shown.get("planner") == 1 and shown.get("calendar_feeds") == 1)

    eventually(announced)


def test_every_route_is_documented(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> None:
    monkeypatch.setenv("DATABASE_URL", stack.database_url("planner"))
    for name, value in KEY_SETTINGS.items():
        monkeypatch.setenv(name, value)
    app = create_app()
    document = app.openapi()
    assert document["info"]["title"] == SPEC.title
    operations = {
        (method, path): operation for path, item in document["paths"].items() for method, operation in item.items()
    }
    # Internal paths are documented elsewhere, and HEAD is GET without its body.
    routes = {
        (method.lower(), re.sub(r"{(\w+):\w+}", r"{\1}", route.path or ""))
        for route in api_routes(app)
        for method in (route.methods or set()) - {"HEAD"}
        if not (route.path or "").startswith("/internal/")
    }
    assert set(operations) == routes
    assert ("get", "/api/v1/activity/week/") in routes
    assert {path for _, path in routes if not path.startswith("/api/v1/")} == {"/calendar/{token}.ics"}
    for (method, path), operation in operations.items():
        assert operation["description"], path
        assert "422" not in operation["responses"], path
        if path.startswith("/api/"):
            assert operation["security"], path
            assert "401" in operation["responses"], path
        if method == "patch" or (method == "post" and path.count("/") == 4):
            assert "requestBody" in operation, path
