"""Calls to the other services on a user's behalf: their REST, under the user's internal assertion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, TypeVar, Unpack

import httpx
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import JsonValue, TypeAdapter

from mcp_service.upstream.json_client import JsonAnswer, JsonCalls
from notechondria_shared.auth.precondition import precondition_header
from notechondria_shared.web.clients import on_behalf

PREFIX = "/api/v1/"
TRIES = 5
CHANGED = 412
JsonObject = dict[str, JsonValue]
Parameter = str | int | None
T = TypeVar("T")
Method = Literal["GET", "POST", "PATCH", "DELETE"]
ServiceName = Literal["identity", "notes", "planner"]
KINDS = {400: "BadArgument", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 412: "Conflict"}


class Refused(ToolError):
    """The other service refused, or did not answer: `kind` is one word, `status` the HTTP status, 0 without answer."""

    def __init__(self, kind: str, cause: str, status: int) -> None:
        super().__init__(f"{kind}: {cause}")
        self.kind, self.cause, self.status = kind, cause, status


@dataclass(frozen=True, slots=True)
class Upstream:
    """Another service, by its base URL."""

    http: JsonCalls
    name: ServiceName
    base_url: str

    def as_user(self, assertion: str) -> UserClient:
        """The service as the user of this assertion calls it."""
        return UserClient(self, assertion)


class _Sent(TypedDict, total=False):
    """What goes along with a call; `expected` are values that the row must still have."""

    params: Mapping[str, str | int] | None
    body: Mapping[str, JsonValue] | None
    expected: Mapping[str, JsonValue] | None


class UserClient:
    """One other service, called as one user."""

    def __init__(self, upstream: Upstream, assertion: str) -> None:
        self._http, self._name = upstream.http, upstream.name
        self._base = upstream.base_url.rstrip("/")
        self._assertion = assertion

    async def get(self, path: str, **params: Parameter) -> JsonObject:
        """The JSON object of a GET below /api/v1/; parameters that are None are left out."""
        return self._object(await self._get(path, params))

    async def read(self, form: TypeAdapter[T], path: str, **params: Parameter) -> T:
        """The answer of a GET, checked while its JSON is read; pydantic's `ValidationError` when it has another form,
        which is a fault of this product, as `_unreadable` is."""
        answer = await self._answered("GET", path, params=_present(params))
        return form.validate_json(answer.content)

    async def rows(self, path: str, **params: Parameter) -> list[JsonObject]:
        """The list of JSON objects of a GET below /api/v1/."""
        return self._rows(await self._get(path, params))

    async def page(self, path: str, **params: Parameter) -> tuple[JsonObject, list[JsonObject]]:
        """The envelope of a paged GET, and its rows."""
        envelope = await self.get(path, **params)
        return envelope, self._rows(envelope.get("results"))

    async def post(self, path: str, body: Mapping[str, JsonValue] | None = None) -> JsonObject:
        """The JSON object of a POST."""
        return self._object(await self.send("POST", path, body=body or {}))

    async def post_rows(self, path: str, body: Mapping[str, JsonValue]) -> list[JsonObject]:
        """The list of JSON objects of a POST."""
        return self._rows(await self.send("POST", path, body=body))

    async def patch(self, path: str, body: Mapping[str, JsonValue]) -> JsonObject:
        """The JSON object of a PATCH."""
        return self._object(await self.send("PATCH", path, body=body))

    async def delete(self, path: str) -> JsonObject:
        """The JSON object of a DELETE, empty when it answers none."""
        answer = await self.send("DELETE", path)
        return {} if answer is None else self._object(answer)

    async def change_seen(
        self,
        method: Method,
        path: str,
        read: Callable[[], Awaitable[JsonObject]],
        fields: Sequence[str],
        body: Mapping[str, JsonValue] | None = None,
    ) -> tuple[JsonObject, JsonObject]:
        """What `read` answers, and the answer of a change of just that; an empty object when it answers none.

        When somebody else changes it in between, it is read anew, so that the previous values are known for certain.
        """
        before, after = await self.change_made(method, path, read, fields, lambda _: body, always=True)
        return before, after or {}

    async def change_made(
        self,
        method: Method,
        path: str,
        read: Callable[[], Awaitable[JsonObject]],
        fields: Sequence[str],
        body: Callable[[JsonObject], Mapping[str, JsonValue] | None],
        *,
        always: bool = False,
    ) -> tuple[JsonObject, JsonObject | None]:
        """The same with a body that is made of what was read. Unless the change is made `always`, a body of None says
        that there is nothing to change, and so does the answer."""
        for _ in range(TRIES):
            before = await read()
            expected = {name: before[name] for name in fields}
            change = body(before)
            if change is None and not always:
                return before, None
            try:
                answer = await self.send(method, path, expected=expected, body=change)
            except Refused as refusal:
                if refusal.status != CHANGED:
                    raise
            else:
                return before, {} if answer is None else self._object(answer)
        raise Refused("Conflict", "it is being changed all the time; nothing was changed, try again.", CHANGED)

    async def send(self, method: Method, path: str, **sent: Unpack[_Sent]) -> JsonValue:
        """Any call; None when the answer is empty. Raises `Refused` for whatever is no success, with status 412 when
        the row no longer has the `expected` values."""
        answer = await self._answered(method, path, **sent)
        return answer.json() if answer.content else None

    async def _answered(self, method: Method, path: str, **sent: Unpack[_Sent]) -> JsonAnswer:
        headers = on_behalf(self._assertion)
        if expected := sent.get("expected"):
            headers |= precondition_header(expected)
        body = sent.get("body")
        try:
            answer = await self._http.call(
                method,
                f"{self._base}{PREFIX}{path}",
                headers=headers,
                params=sent.get("params"),
                body=None if body is None else {**body},
            )
        except httpx.InvalidURL:
            raise Refused("BadArgument", "an argument is too long; nothing was changed.", 400) from None
        except httpx.HTTPError as error:
            raise Refused("Unavailable", self._silence(method, error), 0) from None
        if answer.is_success:
            return answer
        raise self._refusal(answer)

    async def _get(self, path: str, params: Mapping[str, Parameter]) -> JsonValue:
        return await self.send("GET", path, params=_present(params))

    def _object(self, value: JsonValue) -> JsonObject:
        if not isinstance(value, dict):
            raise self._unreadable()
        return value

    def _rows(self, value: JsonValue) -> list[JsonObject]:
        if not isinstance(value, list):
            raise self._unreadable()
        return [self._object(row) for row in value]

    def _unreadable(self) -> TypeError:
        # A fault of this product, no refusal: the tool fails with `Internal`, and the log names the service.
        return TypeError(f"the {self._name} service answered in an unknown form")

    def _silence(self, method: Method, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            return f"the {self._name} service cannot be reached; nothing was changed."
        if method == "GET":
            return f"the {self._name} service did not answer ({type(error).__name__}); nothing was changed."
        return (
            f"the {self._name} service did not answer ({type(error).__name__}); whether the change was made is not "
            "known: look before you try again."
        )

    def _refusal(self, answer: JsonAnswer) -> Refused:
        """The text of a refusal: kind of error and cause."""
        status = answer.status_code
        if status >= 500:
            text = f"the {self._name} service is in trouble (HTTP {status}); nothing was changed."
            return Refused("Unavailable", text, status)
        body: JsonValue
        try:
            body = answer.json()
        except ValueError:
            body = None
        return Refused(KINDS.get(status, "Refused"), _cause(body, f"{self._name} answered HTTP {status}"), status)


def _present(params: Mapping[str, Parameter]) -> dict[str, str | int]:
    return {name: value for name, value in params.items() if value is not None}


def _cause(body: JsonValue, otherwise: str) -> str:
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
class UserServices:
    """The other services, called as one user."""

    identity: UserClient
    notes: UserClient
    planner: UserClient

    def named(self, name: ServiceName) -> UserClient:
        """By name, for the steps that the agents' log stores."""
        return {"identity": self.identity, "notes": self.notes, "planner": self.planner}[name]


@dataclass(frozen=True, slots=True)
class Services:
    """The services whose REST the tools use."""

    identity: Upstream
    notes: Upstream
    planner: Upstream

    def as_user(self, assertions: Mapping[str, str]) -> UserServices:
        """All of them, as the user of these assertions calls them; a service without one refuses."""
        identity, notes, planner = (
            service.as_user(assertions.get(service.name, "")) for service in (self.identity, self.notes, self.planner)
        )
        return UserServices(identity, notes, planner)
