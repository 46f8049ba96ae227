"""The pages of accounts as a browser without scripts uses them: cookies, forms, links."""

from __future__ import annotations

import html
import re
from types import TracebackType
from typing import Self

import httpx
import psycopg
import pyotp

from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, User

_FIELD = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')


def public_url(stack: Stack) -> str:
    """Where the services think that people reach the stack."""
    return stack.url.rstrip("/").replace("127.0.0.1", "localhost")


def words(page: str, tag: str = "") -> str:
    """The text of a page's content, with `tag` in the place of each tag."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", tag, page.partition("<main")[2])).split())


class Person:
    """One visitor of the site; paths start below /account/."""

    def __init__(self, api: Api, base: str = "", agent: str = "Mozilla/5.0 (X11; Linux x86_64)") -> None:
        self.http = httpx.Client(base_url=base or api.base, trust_env=False, timeout=30, headers={"User-Agent": agent})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.http.get(path if path.startswith("/") else f"/account/{path}", params=query or None)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """A form, sent as it is."""
        return self.http.post(path if path.startswith("/") else f"/account/{path}", data=fields)

    @staticmethod
    def hidden(page: str, action: str = "") -> dict[str, str]:
        """The hidden fields of the form of a page that goes to `action`, or of the first one in the content."""
        content = page.partition("<main")[2]
        forms = re.findall(r"<form[^>]*action=\"([^\"]*)\"[^>]*>(.*?)</form>", content, re.DOTALL)
        assert forms, page
        inside = next(body for at, body in forms if not action or at == action)
        return {name: html.unescape(value) for name, value in _FIELD.findall(inside)}

    def submit(self, path: str, fields: dict[str, str], action: str = "", **query: str) -> httpx.Response:
        """Open a page, fill in its form and send it."""
        shown = self.get(path, **query)
        assert shown.status_code == 200, (shown.status_code, shown.headers.get("location"), shown.text)
        target = action or (path if path.startswith("/") else f"/account/{path}")
        return self.post(target, **self.hidden(shown.text, action), **fields)

    def sign_in(self, name: str, password: str = PASSWORD, **query: str) -> httpx.Response:
        """Fill in the sign-in form."""
        return self.submit("sign-in/", {"identifier": name, "password": password}, **query)

    def csrf(self) -> str:
        """The token of the forms of who is signed in."""
        return str(re.findall(r'name="csrf" value="([^"]+)"', self.get("").text)[0])

    def signed_in(self) -> bool:
        """Whether the first page is shown."""
        return self.get("").status_code == 200


def confirm(person: Person, password: str = PASSWORD, code: str = "") -> None:
    """Enter the password, and the second factor, before what protects the account is changed."""
    answer = person.submit("confirm/", {"password": password, "code": code}, next="/account/security/")
    assert answer.headers.get("location") == "/account/security/", answer.text


def forget_steps(stack: Stack, user: User) -> None:
    """As if the digits of this half minute had not been used yet."""
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:
        identity.execute("UPDATE authenticators SET last_step = 0 WHERE user_id = %s", [user.id])


def add_authenticator(person: Person) -> tuple[str, list[str]]:
    """Set one up for who is signed in and has confirmed; its secret, and the recovery codes that were shown."""
    shown = person.post("security/authenticator/", csrf=person.csrf())
    assert shown.status_code == 200, (shown.status_code, shown.headers.get("location"))
    fields = person.hidden(shown.text)
    code = pyotp.TOTP(fields["secret"]).now()
    done = person.post("security/authenticator/finish/", **fields, code=code)
    assert done.status_code in {200, 303}, done.text
    return fields["secret"], re.findall(r"<li>([a-z0-9-]{19})</li>", done.text)
