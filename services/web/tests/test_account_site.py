"""All pages of one's own at once: whose they are, which forms count, what frames them, what they cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

import psycopg
import pytest
from services.planner.tests.feed_server import FeedServer
from tests.support.client import Api, User
from tests.support.full_account import FEED, FullAccount, fill
from tests.support.mcp import Agent
from tests.support.people import Person, confirm
from tools.api_document import application

from notechondria_launcher.stack import Stack
from notechondria_shared.web.paths import api_routes

NAME = "Zwergfledermaus"
"""On every page of the account that is looked at, and on none of anybody else's."""
ENOUGH = 40
"""Statements of the page that asks for most, in all four schemas."""
BESIDE = 4
"""Statements of other work at the same time; twelve more rows would cost twelve."""
OF_SERVICES = """
SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
WHERE r.rolname IN ('identity', 'notes', 'planner', 'mcp') AND query ~* '^(select|insert|update|delete|with)'
AND query !~* 'outbox|inbox|dead_letters|pg_|relay|for update skip locked|retention|deleted_users'
"""


@pytest.fixture(scope="module")
def full(api: Api, feeds: FeedServer) -> FullAccount:
    address, _ = feeds.page(FEED.format(name=NAME))
    return fill(api, api.register(), name=NAME, feed=address)


@pytest.fixture
def owner(api: Api, full: FullAccount) -> Iterator[Person]:
    with Person(api) as person:
        person.sign_in(full.user.username)
        confirm(person)
        yield person


@pytest.fixture
def stranger(api: Api) -> Iterator[Person]:
    with Person(api) as person:
        person.sign_in(api.register().username)
        confirm(person)
        yield person


def rows_of(stack: Stack, user: User) -> list[tuple[object, ...]]:
    """What an account consists of, where the forms of its pages could change it."""
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        rows: list[tuple[object, ...]] = identity.execute(
            "SELECT name, scopes, revoked_at FROM api_keys WHERE user_id = %s ORDER BY id", [user.id]
        ).fetchall()
        rows += identity.execute(
            "SELECT scopes, revoked_at FROM oauth_grants WHERE user_id = %s ORDER BY id", [user.id]
        ).fetchall()
        rows += identity.execute("SELECT username, email, motto FROM users WHERE id = %s", [user.id]).fetchall()
    with psycopg.connect(stack.database_url("mcp"), autocommit=True) as mcp:
        rows += mcp.execute("SELECT id, undone_at FROM calls WHERE user_id = %s ORDER BY id", [user.id]).fetchall()
    with psycopg.connect(stack.database_url("planner"), autocommit=True) as planner:
        rows += planner.execute(
            "SELECT id, token_digest FROM calendar_links WHERE user_id = %s ORDER BY id", [user.id]
        ).fetchall()
        rows += planner.execute("SELECT id FROM calendar_feeds WHERE user_id = %s ORDER BY id", [user.id]).fetchall()
    with psycopg.connect(stack.database_url("notes"), autocommit=True) as notes:
        rows += notes.execute(
            "SELECT id, deleted_at, content FROM notes WHERE creator_id = %s ORDER BY id", [user.id]
        ).fetchall()
    return rows


def test_the_owner_sees_every_page_in_no_frame(owner: Person, full: FullAccount) -> None:
    named = 0
    for name, path in full.pages.items():
        answer = owner.get(f"/account/{path}")
        assert answer.status_code == 200, name
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, name
        assert "script-src 'none'" in policy, name
        assert "unsafe" not in policy, name
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text
        assert 'style="' not in answer.text
        assert answer.text.count("<h1>") == 1
        named += NAME in answer.text
    assert named >= 20


def test_pages_belong_to_their_owner(
    api: Api, stack: Stack, full: FullAccount, owner: Person, stranger: Person
) -> None:
    before = rows_of(stack, full.user)
    with Person(api) as nobody:
        for name, path in full.pages.items():
            assert nobody.get(f"/account/{path}").headers["location"].startswith("/account/sign-in/"), name
            seen = stranger.get(f"/account/{path}")
            assert seen.status_code in {200, 400, 403, 404}, name
            assert NAME not in seen.text, name
            has_id = re.search(r"/\d+/", path)
            assert seen.status_code != 200 or not has_id, name
        csrf = stranger.csrf()
        for path in full.posts:
            fields = {"csrf": csrf, "name": "x", "scopes": "read", "ids": "1,2,3,4,5,6,7,8,9"}
            assert nobody.post(path, **fields).headers["location"].startswith("/account/sign-in/"), path
            assert stranger.post(path, **fields).status_code in {400, 403, 404}, path
    assert rows_of(stack, full.user) == before


def test_no_form_counts_without_the_token_of_who_sends_it(
    stack: Stack, full: FullAccount, owner: Person, stranger: Person
) -> None:
    before = rows_of(stack, full.user)
    foreign = stranger.csrf()
    for path in full.posts:
        assert owner.post(path, csrf=foreign, name="x", ids="1").status_code == 403, path
        assert owner.post(path, name="x", ids="1").status_code == 403, path
        assert owner.http.post(f"/account/{path}", json={"csrf": owner.csrf()[:-1] + "0"}).status_code in {
            400,
            403,
            415,
        }
    assert rows_of(stack, full.user) == before


def test_every_form_of_the_site_asks_for_the_token(owner: Person) -> None:
    paths = {
        route.path_format or ""
        for route in api_routes(application("web"))
        if "POST" in (route.methods or ()) and (route.path_format or "").startswith("/account/")
    } - {"/account/{path}"}
    assert len(paths) > 40
    for path in sorted(paths):
        shown = re.sub(r"\{[^}]+\}", "1", path)
        answer = owner.post(shown, name="x")
        if "/picture/" in path or path.endswith("/notes/import/"):
            files = {"file": ("a.md", b"x")}
            answer = owner.http.post(shown, data={"name": "x"}, files=files)
        assert answer.status_code == 403, (path, answer.status_code)


@pytest.fixture
def statements(stack: Stack) -> Iterator[Callable[[Callable[[], object]], int]]:
    """How many statements of the services a call costs: the least of some, as other work goes on beside it."""
    with psycopg.connect(stack.admin_database_url, autocommit=True) as look:
        look.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")

        def count(call: Callable[[], object]) -> int:
            before = look.execute(OF_SERVICES).fetchone()
            call()
            after = look.execute(OF_SERVICES).fetchone()
            assert before
            assert after
            return int(after[0]) - int(before[0])

        yield lambda call: min(count(call) for _ in range(3))


def test_no_list_costs_a_statement_per_row(
    api: Api,
    stack: Stack,
    feeds: FeedServer,
    statements: Callable[[Callable[[], object]], int],
) -> None:
    user = api.register()
    address, _ = feeds.page(FEED.format(name="Counted"))
    few = fill(api, user, name="Counted", feed=address)
    with Person(api) as person:
        person.sign_in(user.username)
        confirm(person)
        before = {name: statements(partial(person.get, f"/account/{path}")) for name, path in few.pages.items()}
        agent = Agent(api, user)
        note = re.findall(r"notes/(\d+)/versions", few.pages["versions"])[0]
        for number in range(12):
            deleted = user.post("notes/", {"title": f"Deleted {number}"}).json()
            user.delete(f"notes/{deleted['id']}/")
            made = agent("create_note", title=f"Made {number}")
            agent("update_note", note_id=made["id"], title=f"Changed {number}")
            user.post("planner-events/", {"title": f"E {number}", "event_date": "2999-01-03"})
            user.post("auth/api-keys/", {"name": f"Key {number}"})
            user.post("calendar-links/", {"name": f"Link {number}"})
            user.post("calendar-feeds/", {"title": f"Feed {number}", "source_kind": "S", "source_url": address})
            user.post(f"notes/{note}/snapshot/", {"reason": "manual"})
        after = {
            name: statements(partial(person.get, f"/account/{path}"))
            for name, path in few.pages.items()
            # Versions go when twelve newer ones are there; and what taking back looks at is asked for thing by thing.
            if name not in {"difference", "restore-version", "undo"}
        }
    assert {name: (before[name], count) for name, count in after.items() if count > before[name] + BESIDE} == {}
    assert max(before.values()) <= ENOUGH, before
