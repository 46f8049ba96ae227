"""The API as a web app at another origin uses it, in a real browser (identity §15)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from notechondria_launcher.stack import Stack
from tests.support.browser import FOREIGN, Browser, opened, page_of_an_app
from tests.support.client import PASSWORD, Api
from tests.support.gateway import another_gateway

pytestmark = pytest.mark.browser
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with page_of_an_app() as port:
        yield port


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened() as running:
        yield running


@pytest.fixture
def app(browser: Browser, port: int) -> Browser:
    """The browser with the page of an app at an allowed origin."""
    browser.driver.get(f"http://localhost:{port}/")
    browser.requests()
    return browser


def send(app: Browser, api: Api, method: str, path: str, token: str = "", body: Any = None) -> dict[str, Any]:
    headers = {**({"Authorization": f"Token {token}"} if token else {}), **(JSON if body is not None else {})}
    options = {"method": method, "headers": headers, **({} if body is None else {"body": json.dumps(body)})}
    return app.fetch(api.url(path), **options)


@pytest.mark.contract("identity §15")
def test_an_app_registers_signs_in_changes_settings_and_leaves(app: Browser, api: Api) -> None:
    name = f"web-{secrets.token_hex(4)}"
    email = f"{name}@example.org"
    made = send(app, api, "POST", "auth/register/", body={"username": name, "email": email, "password": PASSWORD})
    assert made["status"] == 201
    assert made["type"] == "cors"
    verified = send(app, api, "POST", "auth/verify-email/", body={"email": email, "code": api.code_for(email)})
    assert verified["status"] == 200
    entered = send(app, api, "POST", "auth/login/", body={"email": email, "password": PASSWORD})
    token = entered["json"]["token"]
    assert entered["json"]["multi_device"] is True
    assert send(app, api, "GET", "settings/", token)["json"]["username"] == name
    changed = send(app, api, "PATCH", "settings/", token, {"motto": "Seen in a browser"})
    assert changed["json"]["motto"] == "Seen in a browser"
    # The browser asked first whether it may; the answer holds for a few seconds and all methods.
    methods = [method for method, url in app.requests() if url == api.url("settings/")]
    assert methods.count("OPTIONS") >= 1
    assert [method for method in methods if method != "OPTIONS"] == ["GET", "PATCH"]
    assert send(app, api, "POST", "auth/logout/", token)["status"] == 204
    gone = send(app, api, "GET", "settings/", token)
    assert (gone["status"], gone["json"]) == (401, {"detail": "Invalid token."})


@pytest.mark.contract("identity §15")
def test_an_app_uploads_a_picture_and_shows_it(app: Browser, api: Api) -> None:
    user = api.register()
    script = """
    const [url, token] = arguments;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 40;
    canvas.getContext("2d").fillRect(5, 5, 20, 20);
    canvas.toBlob(async (blob) => {
      const form = new FormData();
      form.append("avatar", blob, "me.png");
      const answer = await fetch(url, {method: "PATCH", headers: {Authorization: "Token " + token}, body: form});
      const settings = await answer.json();
      const picture = new Image();
      picture.crossOrigin = "anonymous";
      picture.onload = () => done({status: answer.status, width: picture.naturalWidth, url: settings.image_url});
      picture.onerror = () => done({status: answer.status, settings});
      picture.src = settings.image_url;
    });
    """
    shown = app.run(script, api.url("settings/"), user.token)
    assert shown["status"] == 200
    assert shown["width"] > 0
    assert f"user_{user.id}/" in shown["url"]


@pytest.mark.contract("identity §15")
def test_errors_of_the_services_can_be_read(app: Browser, api: Api) -> None:
    user, other = api.register(), api.register()
    private = other.post("notes/", {"title": "Private", "content": "x"}).json()
    course = other.post("courses/", {"title": "Foreign"}).json()
    expected: list[tuple[str, str, str, Any, int, set[str] | None]] = [
        ("GET", "nothing/", "", None, 404, {"detail", "status_code", "path"}),
        ("GET", "settings/", "", None, 401, {"detail"}),
        ("GET", "settings/", "0" * 40, None, 401, {"detail"}),
        ("GET", f"notes/{private['id']}/", user.token, None, 400, None),
        ("DELETE", f"courses/{course['id']}/", user.token, None, 403, {"detail"}),
        ("POST", "planner-events/", user.token, {"title": ""}, 400, {"title", "event_date"}),
        ("PUT", "settings/", user.token, {}, 405, {"detail"}),
        ("POST", "auth/login/", "", {"email": user.email, "password": "wrong"}, 400, {"non_field_errors"}),
    ]
    for method, path, token, body, status, keys in expected:
        answer = send(app, api, method, path, token, body)
        assert answer.get("status") == status, (method, path, answer)
        assert isinstance(answer["json"], list) if keys is None else set(answer["json"]) == keys, answer["text"]
    # More than a body may be: said by the service, and read although the upload broke off.
    script = """
    const [url, token] = arguments;
    const headers = {"Content-Type": "application/json", Authorization: "Token " + token};
    fetch(url, {method: "POST", headers, body: "x".repeat(21 * 1024 * 1024)})
      .then(async (answer) => done([answer.status, await answer.json()]), (error) => done([0, String(error)]));
    """
    too_much = app.run(script, api.url("notes/"), user.token)
    assert too_much[0] == 400
    assert "20 MiB" in too_much[1]["detail"]


@pytest.mark.contract("identity §15")
def test_the_gateways_own_refusals_can_be_read(app: Browser, api: Api, stack: Stack) -> None:
    user = api.register()
    inside = app.fetch(api.url("/internal/health/live"))
    assert (inside["status"], inside["json"]["detail"]) == (404, "API route not found.")
    stack.stop_part("planner")
    try:
        away = send(app, api, "POST", "planner-events/", user.token, {"title": "x", "event_date": "2030-01-01"})
    finally:
        stack.start_part("planner")
    assert away["status"] == 503
    assert list(away["json"]) == ["detail"]
    assert "restarting" in away["json"]["detail"]


@pytest.mark.contract("identity §15")
def test_too_many_tries_can_be_read(app: Browser, stack: Stack) -> None:
    with another_gateway(stack, AUTH_RATE_PER_MINUTE="2") as gateway, Api(stack, gateway.url) as strict:
        answers = [
            send(app, strict, "POST", "auth/login/", body={"email": "nobody", "password": "x"}) for _ in range(4)
        ]
        # Passwords are tried at another endpoint as well.
        entered = [strict.get("/admin/sign-in/").status_code for _ in range(3)]
    assert entered == [200, 200, 429]
    assert [answer["status"] for answer in answers] == [400, 400, 429, 429]
    assert "Gateway/limit" in answers[-1]["json"]["detail"]


def test_too_large_headers_are_refused_by_the_gateway(browser: Browser, api: Api, stack: Stack) -> None:
    """431 comes before the gateway knows whom it answers: only a page of its own origin reads it."""
    browser.driver.get(api.url("docs/"))
    answer = browser.fetch(api.url("settings/"), headers={"X-Big": "x" * 150_000})
    assert answer.get("status") == 431, answer
    assert browser.fetch(api.url("handshake/"))["status"] == 200


@pytest.mark.contract("identity §15")
def test_a_page_of_a_foreign_origin_reads_nothing(browser: Browser, api: Api, port: int) -> None:
    user = api.register()
    browser.driver.get(f"http://{FOREIGN}:{port}/")
    browser.complaints()
    plain = browser.fetch(api.url("handshake/"))
    assert "TypeError" in plain["error"]
    assert any("blocked by CORS policy" in text for text in browser.complaints())
    # It was the browser that shut it away, not the network.
    assert browser.fetch(api.url("handshake/"), mode="no-cors")["type"] == "opaque"
    # What needs leave is not even sent.
    browser.requests()
    refused = browser.fetch(
        api.url("settings/"),
        method="PATCH",
        headers={**JSON, "Authorization": f"Token {user.token}"},
        body='{"motto": "from elsewhere"}',
    )
    assert "TypeError" in refused["error"]
    assert user.get("settings/").json()["motto"] == ""
