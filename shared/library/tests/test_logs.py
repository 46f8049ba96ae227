"""Log lines as JSON objects, for collectors that search by fields (docs/operations.md)."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.client import Api
from tests.support.replica import another

from notechondria_launcher.stack import Stack
from notechondria_shared.core.access_line import Answered
from notechondria_shared.core.logs import JsonFormatter, serving_service


def line(message: str, *arguments: object, **more: Any) -> dict[str, Any]:
    record = logging.LogRecord(
        "notechondria.test", logging.INFO, __file__, 1, message, arguments, more.pop("exc", None)
    )
    for name, value in more.items():
        setattr(record, name, value)
    text = JsonFormatter("notes").format(record)
    assert "\n" not in text
    fields: dict[str, Any] = json.loads(text)
    return fields


def test_a_line_is_one_object_without_the_fields_that_are_not_known() -> None:
    fields = line("it is %s", "här\nand \x1b[31mthere")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fields.pop("time"))
    assert fields == {
        "level": "INFO",
        "logger": "notechondria.test",
        "message": "it is här\nand \x1b[31mthere",
        "service": "notes",
    }


def fail() -> None:
    raise ValueError("one\ntwo")


def test_a_traceback_stays_in_the_line() -> None:
    try:
        fail()
    except ValueError:
        fields = line("it broke", exc=sys.exc_info())
    assert fields["exception"].startswith("Traceback (most recent call last):\n")
    assert fields["exception"].endswith("ValueError: one\ntwo")


def test_an_access_line_has_its_fields_and_no_colour() -> None:
    answered = Answered(404, 12.5, "GET", "/api/v1/notes/1/", "token=***")
    fields = line("\x1b[33mcoloured\x1b[0m", answered=answered)
    assert fields["message"] == "404     12.5ms  GET    /api/v1/notes/1/?token=***"
    assert {name: fields[name] for name in ("status", "duration_ms", "method", "path", "query")} == {
        "status": 404, "duration_ms": 12.5, "method": "GET", "path": "/api/v1/notes/1/", "query": "token=***",
    }  # fmt: skip


def test_where_several_services_share_a_process_each_line_names_its_own() -> None:
    token = serving_service.set("planner")
    try:
        assert line("hello")["service"] == "planner"
    finally:
        serving_service.reset(token)


@pytest.mark.parametrize("colour", ["0", "1"])
def test_a_service_writes_json_with_request_and_user(stack: Stack, api: Api, colour: str) -> None:
    user = api.register()
    made = user.post("auth/api-keys/", {"name": "reader", "scopes": ["read"]})
    assert made.status_code == 201, made.text
    key = made.json()["api_key"]
    with another(stack, "planner", LOG_FORMAT=" JSON ", DJANGO_ACCESS_LOG_FORCE_COLOR=colour) as url:

        def ask(identifier: str, method: str, **headers: str) -> int:
            headers["X-Request-Id"] = identifier
            path = f"{url}/api/v1/calendar-feeds/?token=hidden"
            return httpx.request(method, path, headers=headers, timeout=20, trust_env=False).status_code

        assert ask("known-0001", "GET", Authorization=f"Token {user.token}") == 200
        assert ask("anonymous-1", "GET") == 401
        assert ask("reader-0001", "POST", Authorization=f"Bearer {key}") == 403
    log = stack.log("planner").with_name(f"planner-{urlsplit(url).port}.log")
    lines = [json.loads(text) for text in log.read_text().splitlines()]
    assert {one["service"] for one in lines} == {"planner"}
    assert all({"time", "level", "logger", "message"} <= set(one) for one in lines)

    def of(identifier: str) -> list[dict[str, Any]]:
        return [one for one in lines if one.get("request_id") == identifier]

    (access,) = of("known-0001")
    assert (access["logger"], access["level"], access["user_id"]) == ("notechondria.access", "INFO", user.id)
    assert (access["status"], access["method"], access["query"]) == (200, "GET", "token=***")
    assert (access["path"], access["duration_ms"] > 0) == ("/api/v1/calendar-feeds/", True)
    refusal, access = of("anonymous-1")
    assert ("user_id" in refusal, refusal["logger"]) == (False, "notechondria.auth")
    assert (access["status"], access["level"], "user_id" in access) == (401, "WARNING", False)
    # Written by the request's code, not by the layer around it: it names the caller all the same.
    refusal, access = of("reader-0001")
    assert (refusal["logger"], refusal["user_id"]) == ("notechondria.auth", user.id)
    assert (access["status"], access["user_id"]) == (403, user.id)
    # Started, migrated, served: lines outside of requests have no request.
    assert any("request_id" not in one and one["logger"] == "notechondria.start" for one in lines)
