"""What the clients of all services share: one way to call, and what every service offers the others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import IO, ClassVar, TypeVar

import httpx
from pydantic import BaseModel, JsonValue, RootModel, ValidationError

from notechondria_contracts.admin import (
    ADMIN_PATH,
    AdminAnswer,
    AdminCreated,
    AdminDescription,
    AdminOutcome,
    AdminPage,
    AdminQuery,
    AdminRefusal,
    AdminRow,
)
from notechondria_contracts.internal.headers import ASSERTION_HEADER, STAFF_SESSION_HEADER
from notechondria_contracts.internal.status import STATUS_PATH, ServiceStatus

ModelT = TypeVar("ModelT", bound=BaseModel)
READ = httpx.Timeout(10.0, connect=2.0)
ACT = httpx.Timeout(60.0, connect=2.0)
"""What staff asks for may take its time: a feed is read anew."""
ASK = httpx.Timeout(2.5, connect=0.5)
"""A service that is well says how it is within a good second, whatever it has to wait for itself."""


class FormFields(RootModel[dict[str, str]]):
    """The fields of a form as the browser sent them; the service that owns them says what they must be."""


class ServiceUnavailable(Exception):
    """A service does not answer, or answers what nobody can read."""

    def __init__(self, service: str) -> None:
        super().__init__(f"The {service} service does not answer at the moment. Try again in a while.")
        self.service = service


AUDIENCE = "notechondria.service"
"""The extension of a request that names the service it goes to; the client signs for that one."""


class ServiceRefused(Exception):
    """A service answers with a refusal (4xx), whose body and headers are its own."""

    def __init__(self, status: int, body: JsonValue, headers: Mapping[str, str]) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers


class StaffPasswordNeeded(ServiceRefused):
    """An action needs the password of the member of staff first."""


class Download:
    """An answer that is passed on piece by piece, and closed afterwards."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        self.headers: Mapping[str, str] = answer.headers

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it."""
        try:
            async for piece in self._answer.aiter_bytes():
                yield piece
        finally:
            await self._answer.aclose()


class ServiceClient:
    """Calls one service with an HTTP client that shows who calls: it reads from the request for which service."""

    service: ClassVar[str]

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        # The gateway takes several addresses with commas between them; any of them answers for the service.
        self._http, self._url = http, url.partition(",")[0].strip().rstrip("/")

    async def call(
        self,
        method: str,
        path: str,
        model: type[ModelT],
        *,
        body: BaseModel | None = None,
        params: Mapping[str, str | int] | None = None,
        assertion: str = "",
        headers: Mapping[str, str] | None = None,
        timeout: httpx.Timeout = READ,
    ) -> ModelT:
        """The answer of an endpoint as `model`.

        A refusal is raised as `ServiceRefused`, everything else that is no such answer as `ServiceUnavailable`.
        """
        answer = await self._request(method, path, body, params, assertion, timeout, headers)
        try:
            return model.model_validate_json(answer.content)
        except ValidationError:
            raise ServiceUnavailable(self.service) from None

    async def send(self, method: str, path: str, *, body: BaseModel | None = None, assertion: str = "") -> None:
        """Call an endpoint that has nothing to answer; raises as `call` does."""
        await self._request(method, path, body, None, assertion, READ)

    async def download(self, path: str, params: Mapping[str, str | int], assertion: str) -> Download:
        """The answer of an endpoint piece by piece; raises as `call` does, before the first piece."""
        headers = {ASSERTION_HEADER: assertion}
        request = self._http.build_request(
            "GET", self._url + path, params=params, headers=headers, timeout=ACT, extensions={AUDIENCE: self.service}
        )
        try:
            answer = await self._http.send(request, stream=True)
        except httpx.HTTPError:
            raise ServiceUnavailable(self.service) from None
        if answer.is_success:
            return Download(answer)
        await answer.aread()
        await answer.aclose()
        if answer.is_client_error:
            raise ServiceRefused(answer.status_code, _json(answer), answer.headers)
        raise ServiceUnavailable(self.service)

    async def upload(
        self,
        path: str,
        model: type[ModelT],
        files: Sequence[tuple[str, tuple[str, IO[bytes], str]]],
        *,
        assertion: str,
        method: str = "POST",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ModelT:
        """Send files as a form; raises as `call` does. A 503 that says when to come back is a refusal, too."""
        try:
            answer = await self._http.request(
                method,
                self._url + path,
                params=params,
                files=files,
                headers={**(headers or {}), ASSERTION_HEADER: assertion},
                timeout=ACT,
                extensions={AUDIENCE: self.service},
            )
        except httpx.HTTPError:
            raise ServiceUnavailable(self.service) from None
        if answer.is_client_error or "retry-after" in answer.headers:
            raise ServiceRefused(answer.status_code, _json(answer), answer.headers)
        if not answer.is_success:
            raise ServiceUnavailable(self.service)
        try:
            return model.model_validate_json(answer.content)
        except ValidationError:
            raise ServiceUnavailable(self.service) from None

    async def _request(
        self,
        method: str,
        path: str,
        body: BaseModel | None,
        params: Mapping[str, str | int] | None,
        assertion: str,
        timeout: httpx.Timeout,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        try:
            answer = await self._http.request(
                method,
                self._url + path,
                params=params,
                json=None if body is None else body.model_dump(mode="json"),
                headers={**(headers or {}), **({ASSERTION_HEADER: assertion} if assertion else {})},
                timeout=timeout,
                extensions={AUDIENCE: self.service},
            )
            refusal = answer.json() if 400 <= answer.status_code < 500 and answer.content else None
        except (httpx.HTTPError, ValueError):
            raise ServiceUnavailable(self.service) from None
        if answer.is_client_error:
            raise ServiceRefused(answer.status_code, refusal, answer.headers)
        if not answer.is_success:
            raise ServiceUnavailable(self.service)
        return answer

    async def status(self) -> ServiceStatus:
        """How the service is."""
        return await self.call("GET", STATUS_PATH, ServiceStatus, timeout=ASK)

    async def admin_description(self) -> AdminDescription:
        """What staff may see and do here."""
        return await self.call("GET", ADMIN_PATH, AdminDescription, timeout=ASK)

    async def admin_page(self, kind: str, query: AdminQuery) -> AdminPage:
        """Rows of a list."""
        params = query.model_dump(exclude_defaults=True) | {"limit": query.limit}
        return await self.call("GET", f"{ADMIN_PATH}/{kind}", AdminPage, params=params)

    async def admin_row(self, kind: str, row_id: int) -> AdminRow:
        """One row; refused with 404 when there is none."""
        return await self.call("GET", f"{ADMIN_PATH}/{kind}/{row_id}", AdminRow)

    async def admin_act(
        self, kind: str, row_id: int, action: str, fields: Mapping[str, str], assertion: str, *, session_id: int
    ) -> AdminOutcome:
        """Do something to a row in the name of a member of staff, who acts in this session of identity.

        `StaffPasswordNeeded` when the action needs the password, and it was not entered in the session lately.
        """
        path, body = f"{ADMIN_PATH}/{kind}/{row_id}/{action}", FormFields(dict(fields))
        headers = {STAFF_SESSION_HEADER: str(session_id)}
        try:
            answer = await self.call(
                "POST", path, AdminAnswer, body=body, assertion=assertion, headers=headers, timeout=ACT
            )
        except ServiceRefused as refusal:
            if refusal.status == 403 and _names_the_password(refusal.body):
                raise StaffPasswordNeeded(refusal.status, refusal.body, refusal.headers) from None
            raise
        return answer.root or AdminOutcome()

    async def admin_create(self, kind: str, fields: Mapping[str, str], assertion: str) -> AdminCreated:
        """Make a row in the name of a member of staff."""
        body = FormFields(dict(fields))
        return await self.call(
            "POST", f"{ADMIN_PATH}/{kind}", AdminCreated, body=body, assertion=assertion, timeout=ACT
        )


def _json(answer: httpx.Response) -> JsonValue:
    try:
        value: JsonValue = answer.json()
    except ValueError:
        return None
    return value


def _names_the_password(body: JsonValue) -> bool:
    try:
        AdminRefusal.model_validate(body)
    except ValidationError:
        return False
    return True
