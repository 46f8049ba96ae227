"""How endpoints take bodies: login first, then the endpoint's own dependencies, then the body.

FastAPI reads a body before it solves dependencies. `ApiRoute` puts the login in front of that, and hands FastAPI a body
that is decoded already, so that `body: CreateNote` works for JSON, forms and the apps' `text/plain` alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from enum import Enum
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from notechondria_shared.auth.caller import LOGINS
from notechondria_shared.web.body import Body, client_of, decode
from notechondria_shared.web.body_budget import BUDGET
from notechondria_shared.web.direct import direct, is_direct
from notechondria_shared.web.paths import NOT_STORED, calls
from notechondria_shared.web.revalidation import is_revalidated, revalidate
from notechondria_shared.web.router import Router

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Responses = dict[int | str, dict[str, Any]]
"""Status code -> description and content."""


class _DecodedRequest(Request):
    """A request as FastAPI sees it: its body is JSON and decoded."""

    def __init__(self, request: Request, value: object) -> None:
        super().__init__(request.scope, request.receive)
        self._value = value
        others = [(name, text) for name, text in request.headers.raw if name != b"content-type"]
        self._headers = Headers(raw=[*others, (b"content-type", b"application/json")])

    async def body(self) -> bytes:
        """Something, so that an empty body counts as `{}` (notes §1)."""
        return b"{}"

    async def json(self) -> object:
        """The decoded value."""
        return self._value


class ReadRoute(APIRoute):
    """A route beside the API that answers HEAD where it answers GET (RFC 9110 §9.3.2), for link checkers and caches."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods = set(options.pop("methods", None) or ("GET",))
        super().__init__(path, endpoint, methods=methods | {"HEAD"} if "GET" in methods else methods, **options)


class ApiRoute(APIRoute):
    """A route whose body, if it has one, is a `Body` model."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, with the login and the decoding in front of it where there is a body."""
        handle = super().get_route_handler()
        if is_direct(calls(self.dependant)):
            handle = direct(self.dependant, handle)
        if is_revalidated(calls(self.dependant)):
            handle = _revalidating(handle, stored=not self.path.startswith(NOT_STORED))
        model = body_model(self.dependant)
        if model is None:
            return handle
        authenticate = _login_of(self.dependant)

        async def read_and_handle(request: Request) -> Response:
            if authenticate is not None:
                await authenticate(request)
            with BUDGET.hold(client_of(request)) as hold:
                value = await decode(request, hold, model)
                return await handle(_DecodedRequest(request, value))

        return read_and_handle


def _revalidating(handle: Handler, *, stored: bool) -> Handler:
    async def handle_and_compare(request: Request) -> Response:
        return revalidate(request, await handle(request), stored=stored)

    return handle_and_compare


def body_model(dependant: Dependant) -> type[Body] | None:
    """The `Body` model that an endpoint takes; None when it takes none."""
    for field in dependant.body_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, Body):
            return model
    return None


def _login_of(dependant: Dependant) -> Callable[[Request], Awaitable[object]] | None:
    called = calls(dependant)
    return next((login for login in LOGINS if login in called), None)


def api_router(
    prefix: str = "",
    *,
    tags: Sequence[str | Enum] = (),
    responses: Responses | None = None,
    dependencies: Sequence[Depends] = (),
    include_in_schema: bool = True,
) -> Router:
    """A router of `ApiRoute`s; `responses` are the refusals that OpenAPI shows for all of them,
    `dependencies` are those of all of them."""
    return Router(
        prefix=prefix,
        tags=list(tags),
        responses=responses,
        dependencies=list(dependencies),
        route_class=ApiRoute,
        include_in_schema=include_in_schema,
    )
