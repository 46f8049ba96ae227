"""Calls to the other services on the caller's behalf: their REST, under the caller's internal assertion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx
from mcp.server.mcpserver.exceptions import ToolError

from mcp_service.door.caller import current_caller
from notechondria_shared.auth.precondition import precondition_header
from notechondria_shared.web.clients import on_behalf

PREFIX = "/api/v1/"
TRIES = 5
CHANGED = 412
Row = dict[str, Any]
Method = Literal["GET", "POST", "PATCH", "DELETE"]
KINDS = {400: "BadArgument", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 412: "Conflict"}


class Refused(ToolError):
    """The other service said no, or nothing. `kind` is one word, `status` its HTTP status, 0 when none came."""

    def __init__(self, kind: str, cause: str, status: int) -> None:
        super().__init__(f"{kind}: {cause}")
        self.kind, self.cause, self.status = kind, cause, status


class Upstream:
    """One other service, by its base URL."""

    def __init__(self, http: httpx.AsyncClient, name: str, base_url: str) -> None:
        self._http, self._name, self._base = http, name, base_url.rstrip("/")

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET below /api/v1/; parameters that are None are left out."""
        present = {name: value for name, value in params.items() if value is not None}
        return await self.send("GET", path, params=present)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON of a POST."""
        return await self.send("POST", path, json=body or {})

    async def patch(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON of a PATCH."""
        return await self.send("PATCH", path, json=body)

    async def change_seen(
        self, method: Method, path: str, seen: Callable[[], Awaitable[Row]], fields: Sequence[str], **options: Any
    ) -> tuple[Row, Any]:
        """What `seen` reads, and the answer of a change of just that: when somebody else changes it in between, it is
        read anew, so that what was there before is known for certain."""
        for _ in range(TRIES):
            before = await seen()
            expected = {name: before[name] for name in fields}
            try:
                return before, await self.send(method, path, expected=expected, **options)
            except Refused as refusal:
                if refusal.status != CHANGED:
                    raise
        raise Refused("Conflict", "it is being changed all the time; nothing was changed, try again.", CHANGED)

    async def delete(self, path: str) -> Any:
        """The JSON of a DELETE, None when it has none."""
        return await self.send("DELETE", path)

    async def send(self, method: Method, path: str, *, expected: dict[str, Any] | None = None, **options: Any) -> Any:
        """Any call; raises `Refused` for whatever is no success, with status 412 when the thing is no longer as
        `expected`."""
        headers = on_behalf(current_caller.get().assertion)
        if expected:
            headers |= precondition_header(expected)
        try:
            answer = await self._http.request(method, f"{self._base}{PREFIX}{path}", headers=headers, **options)
        except httpx.HTTPError as error:
            raise Refused("Unavailable", self._silence(method, error), 0) from None
        if answer.is_success:
            return answer.json() if answer.content else None
        raise self._refusal(answer)

    def _silence(self, method: Method, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            return f"the {self._name} service cannot be reached; nothing was changed."
        if method == "GET":
            return f"the {self._name} service did not answer ({type(error).__name__}); nothing was changed."
        return (
            f"the {self._name} service did not answer ({type(error).__name__}); whether the change was made is not "
            "known: look before you try again."
        )

    def _refusal(self, answer: httpx.Response) -> Refused:
        """The words of a refusal: kind of error and cause."""
        status = answer.status_code
        if status >= 500:
            text = f"the {self._name} service is in trouble (HTTP {status}); nothing was changed."
            return Refused("Unavailable", text, status)
        try:
            body = answer.json()
        except ValueError:
            body = None
        return Refused(KINDS.get(status, "Refused"), _cause(body, f"{self._name} answered HTTP {status}"), status)


def _cause(body: Any, otherwise: str) -> str:
    match body:
        case {"detail": str(detail)}:
            return detail
        case dict():
            return "; ".join(
                f"{field}: {' '.join(map(str, texts)) if isinstance(texts, list) else texts}"
                for field, texts in body.items()
            )
        case [str(text), *_]:
            return text
        case _:
            return otherwise


@dataclass(frozen=True, slots=True)
class Services:
    """The services whose REST the tools use."""

    identity: Upstream
    notes: Upstream
    planner: Upstream

    def named(self, name: str) -> Upstream:
        """By name, for what was kept in the agents' log."""
        found: Upstream = getattr(self, name)
        return found
