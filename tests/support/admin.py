"""The administration site as a browser without scripts uses it: cookies, forms, links."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpx
import psycopg

from notechondria_contracts.admin import PASSWORD_MINUTES
from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, User


def make_staff(api: Api, user: User) -> User:
    """The user, staff from now on."""
    with psycopg.connect(api.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE users SET is_staff = true WHERE id = %s", [user.id])
    return user


def note_created(stack: Stack, note_id: int) -> dict[str, Any]:
    """The envelope of the event that a note was made, as notes published it."""
    with psycopg.connect(stack.database_url("notes"), autocommit=True) as notes:
        row = notes.execute(
            "SELECT envelope FROM outbox WHERE subject = 'notes.note.created' AND envelope->'data'->>'note_id' = %s",
            [str(note_id)],
        ).fetchone()
    assert row is not None
    envelope: dict[str, Any] = row[0]
    return envelope


class Site:
    """One visitor; paths start below /admin/."""

    def __init__(self, api: Api) -> None:
        self.http = httpx.Client(base_url=api.base, trust_env=False, timeout=30)
        self.csrf = ""
        self.sign_in_answer = httpx.Response(500)
        self._name = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    @staticmethod
    def token(page: str) -> str:
        """The token in the first form of a page."""
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
        assert found, page
        return found[1]

    @staticmethod
    def link(page: str, relation: str) -> str:
        """The target of the link with this `rel`."""
        found = re.search(rf'rel="{relation}" href="([^"]+)"', page)
        assert found, page
        return html.unescape(found[1])

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        """Fill in the form."""
        token = self.token(self.http.get("/admin/sign-in/").text)
        fields = {"csrf": token, "identifier": name, "password": password, **more}
        self._name = name
        self.sign_in_answer = self.http.post("/admin/sign-in/", data=fields)
        return self.sign_in_answer

    def renew(self) -> None:
        """Sign in again, after the session was ended."""
        assert self.sign_in(self._name).status_code == 303
        self.csrf = self.token(self.get("").text)

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.http.get(f"/admin/{path}", params=query or None)

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self.http.post(f"/admin/{path}", data={"csrf": self.csrf, **fields})

    def act(self, path: str, *, gone: bool = False) -> None:
        """Do something that must succeed: what is said afterwards stands on the page one is led to."""
        answer = self.post(path)
        assert answer.status_code == 303, answer.text
        target = answer.headers["location"]
        section, key, _ = path.split("/", 2)
        assert target.partition("?")[0] == (f"/admin/{section}/" if gone else f"/admin/{section}/{key}/")
        assert 'class="notice"' in self.http.get(target).text


@contextmanager
def enter(api: Api, user: User, status: int = 303) -> Iterator[Site]:
    """Somebody who has filled in the sign-in form."""
    with Site(api) as site:
        assert site.sign_in(user.username, user.password).status_code == status
        if status == 303:
            site.csrf = site.token(site.get("").text)
        yield site


def forget_password(api: Api, user: User) -> None:
    """As if all sessions of the user had entered their password longer ago than it counts."""
    with psycopg.connect(api.stack.database_url("identity"), autocommit=True) as identity:
        identity.execute(
            "UPDATE sessions SET password_entered_at = now() - make_interval(mins => %s) WHERE user_id = %s",
            [PASSWORD_MINUTES, user.id],
        )
