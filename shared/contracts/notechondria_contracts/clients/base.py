"""What the clients of all services share: one way to call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeVar

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

ModelT = TypeVar("ModelT", bound=BaseModel)
READ = httpx.Timeout(10.0, connect=2.0)


class ServiceUnavailable(Exception):
    """A service does not answer, or answers what nobody can read."""

    def __init__(self, service: str) -> None:
        super().__init__(f"The {service} service does not answer at the moment. Try again in a while.")
        self.service = service


class ServiceRefused(Exception):
    """A service answers with a refusal (4xx), whose body and headers are its own."""

    def __init__(self, status: int, body: JsonValue, headers: Mapping[str, str]) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers


class ServiceClient:
    """Calls one service with an HTTP client that carries the shared secret."""

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
        params: Mapping[str, str | int] | None = None,
        timeout: httpx.Timeout = READ,
    ) -> ModelT:
        """The answer of an endpoint as `model`.

        A refusal is raised as `ServiceRefused`, everything else that is no such answer as `ServiceUnavailable`.
        """
        try:
            answer = await self._http.request(method, self._url + path, params=params, timeout=timeout)
            refusal = answer.json() if 400 <= answer.status_code < 500 and answer.content else None
        except (httpx.HTTPError, ValueError):
            raise ServiceUnavailable(self.service) from None
        if answer.is_client_error:
            raise ServiceRefused(answer.status_code, refusal, answer.headers)
        if not answer.is_success:
            raise ServiceUnavailable(self.service)
        try:
            return model.model_validate_json(answer.content)
        except ValidationError:
            raise ServiceUnavailable(self.service) from None
