"""What services say of themselves makes the site: it is asked for, kept, and nothing is done without their word."""

from __future__ import annotations

import httpx
import pytest
from tests.support.admin import Site, enter, make_staff
from tests.support.client import Api, User, eventually
from tests.support.gateway import another_gateway
from tests.support.keys import keys_of
from tests.support.replica import another

from notechondria_contracts.admin import AdminDescription
from notechondria_launcher.stack import Stack

KINDS = {
    "identity": ["users", "sessions", "invitations", "programs", "staff-actions", "dead-letters"],
    "notes": ["courses", "notes", "dead-letters"],
    "planner": ["events", "feeds", "dead-letters"],
    "mcp": ["calls", "dead-letters"],
}


@pytest.mark.parametrize("service", KINDS)
def test_each_service_describes_its_own_lists(stack: Stack, service: str) -> None:
    url = f"{stack.service_url(service)}/internal/admin"
    assert httpx.get(url, trust_env=False).status_code == 403
    inside = stack.internal_header(service, "web")
    answer = httpx.get(url, headers=inside, trust_env=False)
    resources = AdminDescription.model_validate_json(answer.content).resources
    assert [resource.name for resource in resources] == KINDS[service]
    for resource in resources:
        assert resource.columns[0].kind == "id"
        assert resource.label in {column.key for column in resource.columns}
        rows = httpx.get(f"{url}/{resource.name}", params={"limit": 1}, headers=inside, trust_env=False).json()["rows"]
        for row in rows:
            assert {column.key for column in resource.columns} <= row["values"].keys()
            assert set(row["offered"]) <= {action.name for action in resource.actions}


def test_nothing_is_done_without_a_member_of_staff(api: Api, stack: Stack, staff: User) -> None:
    user = api.register()
    note = user.post("notes/", {"title": "Kept", "content": "x"}).json()["id"]
    url = f"{stack.service_url('notes')}/internal/admin/notes/{note}/trash"
    inside = stack.internal_header("notes", "web")
    assert httpx.post(url, headers=inside, trust_env=False).status_code == 401
    claims = {"username": "x", "image_path": "", "editor_mode": "P", "is_superuser": False, "kind": "session"}
    identity = keys_of(stack, "identity")
    plain = identity.assertion(user.id, {**claims, "is_staff": False, "scopes": ["read", "write"]}, "notes", "web")
    refused = httpx.post(url, headers={**inside, "X-Internal-Assertion": plain}, trust_env=False)
    assert refused.status_code == 403
    assert "not staff" in refused.json()["detail"]
    word = identity.assertion(staff.id, {**claims, "is_staff": True, "scopes": ["read", "write"]}, "notes", "web")
    good = {"X-Internal-Assertion": word}
    assert httpx.post(url, headers=good, trust_env=False).status_code == 403  # nobody says who calls
    assert user.get(f"notes/{note}/").status_code == 200
    assert httpx.post(url, headers={**inside, **good}, trust_env=False).json() is None
    assert [row["id"] for row in user.get("notes/deleted/").json()] == [note]


def test_a_service_that_never_described_itself_is_said_to_be_away(api: Api, stack: Stack) -> None:
    staff = make_staff(api, api.register())
    with (
        another(stack, "web", PLANNER_URL="http://127.0.0.1:9") as web,
        another_gateway(stack, {"web": web}) as gateway,
        Api(stack, gateway.url) as there,
        enter(there, staff) as site,
    ):
        home = site.get("")
        assert home.status_code == 200
        assert "planner service does not answer" in home.text
        assert "/admin/notes/" in home.text
        assert "/admin/events/" not in home.text
        answer = site.get("events/")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert "planner service does not answer" in answer.text
        assert site.get("notes/").status_code == 200


def test_descriptions_are_kept_while_a_service_is_away(site: Site, stack: Stack) -> None:
    assert 'href="/admin/events/"' in site.get("").text
    stack.stop_part("planner")
    try:
        home = site.get("").text
        assert 'href="/admin/events/"' in home
        assert "planner service does not answer" in home
    finally:
        stack.start_part("planner")
    eventually(lambda: "does not answer" not in site.get("").text, what="planner is back")


def test_identity_away_is_said_on_a_page(api: Api, site: Site, stack: Stack) -> None:
    stack.stop_part("identity")
    try:
        for path in ("", "users/", "sign-in/"):
            answer = site.get(path)
            assert answer.headers["content-type"] == "text/html; charset=utf-8", path
            assert answer.status_code == (200 if path == "sign-in/" else 503), path
        form = site.sign_in("anybody")
        assert (form.status_code, "identity service does not answer" in form.text) == (503, True)
        assert api.get("docs/").status_code == 200
    finally:
        stack.start_part("identity")
    assert eventually(lambda: site.get("").status_code == 200, what="identity is back")
