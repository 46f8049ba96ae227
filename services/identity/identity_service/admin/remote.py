"""Rows of the other services, over their internal endpoints: nobody reads another's schema."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import httpx
from fastapi import Request

from identity_service.admin.entry import Staff
from identity_service.admin.sections import Page, Row, Run, number
from notechondria_shared.core.errors import ApiError
from notechondria_shared.db.listing import PageQuery

SECONDS = 10.0
"""For a list or an object."""
ACTION_SECONDS = 60.0
"""A feed that is read anew may take its time."""


class AwayError(Exception):
    """A service cannot be asked now."""

    def __init__(self, service: str) -> None:
        super().__init__(f"The {service} service does not answer at the moment. Try again in a while.")
        self.service = service


async def call(request: Request, service: str, method: str, path: str, **params: Any) -> Any:
    """The JSON of an internal endpoint, None for an empty answer.

    A refusal (4xx) is raised as it is, anything else that is no answer as `AwayError`.
    """
    state = request.app.state
    base = str(getattr(state.settings, f"{service}_url")).partition(",")[0].strip().rstrip("/")
    http: httpx.AsyncClient = state.internal_http
    seconds = SECONDS if method == "GET" else ACTION_SECONDS
    timeout = httpx.Timeout(seconds, connect=2.0)
    try:
        answer = await http.request(method, f"{base}{path}", params=params or None, timeout=timeout)
        body = answer.json() if answer.content else None
    except (httpx.HTTPError, ValueError):
        raise AwayError(service) from None
    if answer.status_code >= 500:
        raise AwayError(service)
    if answer.status_code >= 400:
        raise ApiError(body, status=answer.status_code)
    return body


def as_query(wanted: PageQuery) -> dict[str, str]:
    """For the query of an internal list."""
    return {name: str(value) for name, value in asdict(wanted).items() if value}


@dataclass(frozen=True)
class Remote:
    """`/internal/admin/<kind>` of a service."""

    service: str
    kind: str

    async def page(self, request: Request, wanted: PageQuery) -> Page:
        """A page of rows; none, and the service's name, while it is away."""
        try:
            found = await call(request, self.service, "GET", f"/internal/admin/{self.kind}", **as_query(wanted))
        except AwayError as away:
            return Page([], 0, [away.service])
        return Page(found["results"], found["total"])

    async def one(self, request: Request, key: str) -> Row:
        """A row; 404 when there is none."""
        row: Row = await call(request, self.service, "GET", f"/internal/admin/{self.kind}/{number(key)}")
        return row

    def does(self, action: str) -> Run:
        """An action, done by the service itself."""

        async def run(request: Request, _: Staff, key: str) -> None:
            await call(request, self.service, "POST", f"/internal/admin/{self.kind}/{number(key)}/{action}")

        return run
