"""An app as a server sees it: how it writes headers and bodies, and what it does with answers.

A script is a list of calls; `replay` sends them and checks that the app could read every answer. A web app is a page
of another origin: its browser asks with a preflight first, keeps that answer as long as it may, and revalidates what it
has (`Browser`). Both count round trips and bytes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from tests.apps.shapes import Shape, misfits

PAGE = "http://localhost:5353"
BodyKind = Literal["json", "text", "none", "multipart"]
Generation = Literal["old", "newest"]


@dataclass(frozen=True)
class Call:
    """One request of a script. Texts in braces, in path and body, are values that earlier calls kept."""

    method: str
    path: str
    """Below `/api/v1/`."""
    body: Any = None
    kind: BodyKind = "json"
    """`text`: JSON under `text/plain`, as Dart sends a string body. `none`: no body and no content type."""
    status: int = 200
    reads: Shape = None
    """What the app reads of the answer; None: nothing."""
    keeps: Mapping[str, str] = field(default_factory=dict)
    """Name -> place in the answer (`user.username`, `0.id`)."""
    anonymous: bool = False
    contains: str = ""
    """A text that the app looks for in the answer, in any letter case."""
    only: Generation | None = None
    within: float = 0.0
    """Seconds in which the status may come: the end of a session reaches the other services over the bus."""


@dataclass(frozen=True)
class Script:
    """What an app does when a person does something."""

    app: Literal["editor", "planner", "portal"]
    what: str
    calls: Sequence[Call]


class Browser:
    """The browser of a web app: preflights, the answers it keeps, and what goes over the wire."""

    def __init__(self, *, remembers: bool = True) -> None:
        """`remembers` False: a server without Access-Control-Max-Age and ETags."""
        self.remembers = remembers
        self.round_trips = 0
        self.octets = 0
        """Of bodies and headers, in both directions, as far as httpx knows them."""
        self._preflights: set[tuple[str, str]] = set()
        self._kept: dict[tuple[str, str], httpx.Response] = {}

    def send(self, client: httpx.Client, request: httpx.Request) -> httpx.Response:
        """The answer as the page gets it: from the server, or kept and revalidated."""
        request.headers["Origin"] = PAGE
        if _needs_preflight(request):
            self._preflight(client, request)
        key = (str(request.url), request.headers.get("Authorization", ""))
        kept = self._kept.get(key) if request.method == "GET" and self.remembers else None
        if kept is not None:
            request.headers["If-None-Match"] = kept.headers["ETag"]
        answer = client.send(request)
        self._count(request, answer)
        assert answer.headers.get("Access-Control-Allow-Origin") == PAGE, f"{request.url}: not for this page"
        if answer.status_code == 304:
            assert kept is not None
            return kept
        if request.method == "GET" and "ETag" in answer.headers and "no-store" not in answer.headers["Cache-Control"]:
            self._kept[key] = answer
        return answer

    def _preflight(self, client: httpx.Client, request: httpx.Request) -> None:
        # A browser remembers a preflight for the URL and the method.
        asked = (str(request.url), request.method)
        if asked in self._preflights:
            return
        question = client.build_request(
            "OPTIONS",
            request.url,
            headers={
                "Origin": PAGE,
                "Access-Control-Request-Method": request.method,
                "Access-Control-Request-Headers": "authorization,content-type",
            },
        )
        answer = client.send(question)
        self._count(question, answer)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert request.method in answer.headers["Access-Control-Allow-Methods"]
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        assert "authorization" in allowed
        assert "content-type" in allowed
        if self.remembers and int(answer.headers.get("Access-Control-Max-Age", 0)) > 0:
            self._preflights.add(asked)

    def _count(self, request: httpx.Request, answer: httpx.Response) -> None:
        self.round_trips += 1
        self.octets += len(request.content) + answer.num_bytes_downloaded
        self.octets += sum(len(name) + len(value) + 4 for name, value in [*request.headers.raw, *answer.headers.raw])


class App:
    """An app on a device, signed in or not. `browser` None: a program, which sends no `Origin`."""

    def __init__(self, client: httpx.Client, base: str, generation: Generation, browser: Browser | None = None) -> None:
        self.client, self.base, self.generation, self.browser = client, base.rstrip("/"), generation, browser
        self.kept: dict[str, Any] = {}
        self.computed: dict[str, Callable[[], Any]] = {}
        """Names whose values are looked up when a script uses them, such as the code of a mail."""

    @property
    def authorization(self) -> dict[str, str]:
        """The header, as the app writes it for the token that it has."""
        token = self.kept.get("token")
        if not token:
            return {}
        as_bearer = self.generation == "newest" and str(token).startswith(("eyJ", "ntc_"))
        return {"Authorization": f"{'Bearer' if as_bearer or str(token).startswith('ntc_') else 'Token'} {token}"}

    def replay(self, script: Script) -> None:
        """Send the calls of a script, and fail on the first answer that the app could not read."""
        for call in script.calls:
            if call.only in (None, self.generation):
                self.send(call, f"{script.app}, {script.what} ({self.generation})")

    def send(self, call: Call, where: str) -> httpx.Response:
        """Send one call."""
        deadline = time.monotonic() + call.within
        answer = self._answer(call)
        while answer.status_code != call.status and time.monotonic() < deadline:
            time.sleep(0.05)
            answer = self._answer(call)
        place = f"{where}: {call.method} {call.path}"
        assert answer.status_code == call.status, f"{place}: {answer.status_code} {answer.text[:300]}"
        assert not answer.text.lstrip().startswith("<"), f"{place}: HTML"
        if call.contains:
            assert call.contains.lower() in answer.text.lower(), f"{place}: without {call.contains!r}"
        if call.status == 204:
            assert answer.content == b"", f"{place}: 204 with a body"
            return answer
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8", place
        body = answer.json()
        if call.reads is not None:
            assert not (wrong := misfits(body, call.reads)), f"{place}: {wrong}"
        for name, path in call.keeps.items():
            self.kept[name] = _at(body, path)
        return answer

    def _answer(self, call: Call) -> httpx.Response:
        headers = {"Accept": "application/json"} | ({} if call.anonymous else self.authorization)
        options: dict[str, Any] = {}
        body = self._filled(call.body)
        if call.kind == "multipart":
            options = {"files": body}
        elif call.kind == "text":
            headers["Content-Type"] = "text/plain; charset=utf-8"
            options = {"content": json.dumps(body)}
        elif call.kind == "json" and call.method not in ("GET", "DELETE"):
            headers["Content-Type"] = "application/json"
            options = {"content": json.dumps({} if body is None else body)}
        url = f"{self.base}/api/v1/{self._filled(call.path)}"
        request = self.client.build_request(call.method, url, headers=headers, **options)
        request.read()
        return self.browser.send(self.client, request) if self.browser else self.client.send(request)

    def _value(self, name: str) -> Any:
        return self.computed[name]() if name in self.computed else self.kept[name]

    def _filled(self, value: Any) -> Any:
        """The value with what was kept in the place of its names; a text that is a name alone keeps the type."""
        if isinstance(value, str):
            if value.startswith("{") and value.endswith("}") and value[1:-1].isidentifier():
                return self._value(value[1:-1])
            for name in [*self.kept, *self.computed]:
                if f"{{{name}}}" in value:
                    value = value.replace(f"{{{name}}}", str(self._value(name)))
            return value
        if isinstance(value, dict):
            return {key: self._filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        return value


def _needs_preflight(request: httpx.Request) -> bool:
    """Fetch standard, "CORS-safelisted": another method, a credential, or JSON are asked for first."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0]
    simple_type = media_type in ("", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded")
    return request.method not in ("GET", "HEAD", "POST") or "Authorization" in request.headers or not simple_type


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[int(part) if part.isdigit() else part]
    return value
