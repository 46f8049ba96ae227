"""Calls to the other services on the caller's behalf: their REST, under the caller's internal assertion."""

from __future__ import annotations

from typing import Any

import httpx
from mcp.server.mcpserver.exceptions import ToolError

from mcp_service.door.caller import current_caller
from notechondria_shared.http.clients import on_behalf

PREFIX = "/api/v1/"


class Upstream:
    """One other service, by its base URL."""

    def __init__(self, http: httpx.AsyncClient, name: str, base_url: str) -> None:
        self._http, self._name, self._base = http, name, base_url.rstrip("/")

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET below /api/v1/; parameters that are None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return await self._send("GET", path, params=given)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON of a POST."""
        return await self._send("POST", path, json=body)

    async def delete(self, path: str) -> None:
        """A DELETE."""
        await self._send("DELETE", path)

    async def _send(self, method: str, path: str, **options: Any) -> Any:
        headers = on_behalf(current_caller.get().assertion)
        try:
            answer = await self._http.request(method, f"{self._base}{PREFIX}{path}", headers=headers, **options)
        except httpx.ConnectError:
            message = f"Unavailable: the {self._name} service cannot be reached; nothing was changed."
            raise ToolError(message) from None
        except httpx.HTTPError as error:
            message = f"Unavailable: the {self._name} service did not answer ({type(error).__name__})."
            raise ToolError(message) from None
        if answer.is_success:
            return answer.json() if answer.content else None
        raise ToolError(_refusal(answer, self._name))


KINDS = {400: "BadArgument", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict"}


def _refusal(answer: httpx.Response, name: str) -> str:
    """The words of a refusal: kind of error and cause."""
    kind = KINDS.get(answer.status_code, "Unavailable" if answer.status_code >= 500 else "Refused")
    try:
        body = answer.json()
    except ValueError:
        body = None
    match body:
        case {"detail": str(detail)}:
            cause = detail
        case dict():
            cause = "; ".join(f"{field}: {' '.join(map(str, texts))}" for field, texts in body.items())
        case [str(text), *_]:
            cause = text
        case _:
            cause = f"the {name} service answered {answer.status_code}"
    return f"{kind}: {cause}"
