"""Routes that are asked for all the time, without FastAPI's way to their arguments.

FastAPI walks a route's tree of dependencies anew for each request. A route that is marked gets a plan when it is made:
its dependencies in their order, each once. Parameters and body are read by FastAPI's own functions, and a request with
one that is refused goes FastAPI's way, which words the refusal. OpenAPI sees no difference.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, get_type_hints
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.params import Path
from starlette.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _direct() -> None:
    """Marks a route."""


_CONVERTED = (int, UUID)
_UNCHANGEABLE = (type(None), bool, int, float, str)
"""Values that calls may share."""
REMEMBERED, LONGEST_REMEMBERED = 256, 120
"""Queries of a route whose values are known, and bytes of one: apps and agents send the same few. To read one of four
parameters takes 37 microseconds."""
DIRECT = Depends(_direct)
"""`dependencies=[DIRECT]`: for an endpoint that returns a `Response`, whose dependencies are coroutines; they run once
more where a value is refused. A body is one model, which the endpoint itself takes. The values of a query depend on its
text alone, since they are remembered."""


def is_direct(called: Collection[Any]) -> bool:
    """Whether a route whose dependencies call these is marked."""
    return _direct in called


@dataclass(slots=True)
class _Parameters:
    """Parameters of the path or of the query. FastAPI takes ten microseconds for one, also for one that is left out: it
    gets those that a request has, and the values of the others are known before."""

    read: list[ModelField] = field(default_factory=list)
    optional: dict[str, ModelField] = field(default_factory=dict)
    """By the name that they have in a request."""
    defaults: dict[str, object] = field(default_factory=dict)
    converted: dict[str, type] = field(default_factory=dict)
    """Those of `read` that FastAPI has nothing to check of once the path's convertor has made a value of this type."""
    remembered: dict[bytes, dict[str, object]] = field(default_factory=dict)
    """Values by the query that they were read from; they depend on nothing else."""

    @classmethod
    def of(cls, fields: Sequence[ModelField]) -> _Parameters | None:
        """The parameters of one step; None when it has none."""
        parameters = cls()
        for one in fields:
            info = one.field_info
            renamed = info.validation_alias not in {None, one.alias}
            kind = info.annotation
            if isinstance(info, Path) and isinstance(kind, type) and kind in _CONVERTED and not info.metadata:
                parameters.converted[one.name] = kind
            if renamed or info.validate_default or not isinstance(one.default, _UNCHANGEABLE):
                parameters.read.append(one)
            else:
                parameters.optional[one.alias] = one
                parameters.defaults[one.name] = one.default
        return parameters if fields else None

    def values(self, received: Mapping[str, Any]) -> dict[str, object] | None:
        """What a request has of them; None when FastAPI refuses one."""
        fields = [*self.read, *(one for name, one in self.optional.items() if name in received)]
        if not fields:
            return self.defaults
        if len(self.converted) == len(fields) and all(
            type(received.get(name)) is kind for name, kind in self.converted.items()
        ):
            return {name: received[name] for name in self.converted}
        read, refused = request_params_to_args(fields, received)
        return None if refused else {**self.defaults, **read}

    def of_query(self, request: Request) -> dict[str, object] | None:
        """What the query of a request has of them; None when FastAPI refuses one."""
        query: bytes = request.scope["query_string"]
        if (known := self.remembered.get(query)) is not None:
            return known
        values = self.values(request.query_params)
        if values is None or len(query) > LONGEST_REMEMBERED:
            return values
        if all(type(value) in _UNCHANGEABLE for value in values.values()):
            if len(self.remembered) >= REMEMBERED:
                del self.remembered[next(iter(self.remembered))]
            self.remembered[query] = values
        return values


@dataclass(slots=True)
class _Step:
    """A call: what it takes of the request, and of the results of earlier steps."""

    call: Callable[..., Awaitable[Any]]
    request_name: str | None
    path: _Parameters | None
    query: _Parameters | None
    inputs: list[tuple[str, int]] = field(default_factory=list)
    body: ModelField | None = None

    def arguments(self, request: Request, results: Sequence[Any]) -> dict[str, Any] | None:
        """What the call takes, but for a body; None when a value of the path or of the query is refused."""
        values = {name: results[number] for name, number in self.inputs}
        if self.request_name is not None:
            values[self.request_name] = request
        if self.path is not None:
            if (read := self.path.values(request.path_params)) is None:
                return None
            values |= read
        if self.query is not None:
            if (read := self.query.of_query(request)) is None:
                return None
            values |= read
        return values


def direct(dependant: Dependant, fallback: Handler) -> Handler:
    """The handler of a marked route; TypeError for one that needs more than a plan does."""
    steps: list[_Step] = []
    _plan(dependant, steps, {}, takes_body=True)
    result = get_type_hints(inspect.unwrap(steps[-1].call)).get("return")
    if not (isinstance(result, type) and issubclass(result, Response)):
        message = f"{steps[-1].call} is marked as direct and does not return a Response"
        raise TypeError(message)

    async def handle(request: Request) -> Response:
        results: list[Any] = []
        for step in steps:
            values = step.arguments(request, results)
            if values is None:
                return await _fastapis_way(fallback, request)
            if step.body is not None:
                values[step.body.name], refused = step.body.validate(await request.json(), {}, loc=("body",))
                if refused:
                    return await _fastapis_way(fallback, request)
            results.append(await step.call(**values))
        response: Response = results[-1]
        return response

    return handle


async def _fastapis_way(handle: Handler, request: Request) -> Response:
    """FastAPI's handler counts on what FastAPI puts around it, which `application` leaves out."""
    async with AsyncExitStack() as of_request, AsyncExitStack() as of_function:
        request.scope.setdefault("fastapi_inner_astack", of_request)
        request.scope.setdefault("fastapi_function_astack", of_function)
        return await handle(request)


def application(handle: Handler) -> ASGIApp:
    """The handler of a marked route as an application; its errors are answered further out (`ExceptionMiddleware`)."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handle(Request(scope, receive, send))
        await response(scope, receive, send)

    return answer


def _plan(
    dependant: Dependant, steps: list[_Step], planned: dict[Callable[..., Any], int], *, takes_body: bool = False
) -> int:
    """Add the steps of a dependency, those that it depends on first; the number of its own."""
    call = dependant.call
    if call is None or not _is_simple(dependant, call) or len(dependant.body_params) > takes_body:
        message = f"{call} needs what a direct route does not offer"
        raise TypeError(message)
    if call in planned:
        return planned[call]
    path, query = _Parameters.of(dependant.path_params), _Parameters.of(dependant.query_params)
    step = _Step(call, dependant.request_param_name, path, query, body=next(iter(dependant.body_params), None))
    for one in dependant.dependencies:
        if one.call is _direct:
            continue
        number = _plan(one, steps, planned)
        if one.name is not None:
            step.inputs.append((one.name, number))
    steps.append(step)
    planned[call] = len(steps) - 1
    return planned[call]


def _is_simple(dependant: Dependant, call: Callable[..., Any]) -> bool:
    others = (
        dependant.header_params, dependant.cookie_params, dependant.websocket_param_name,
        dependant.http_connection_param_name, dependant.response_param_name, dependant.background_tasks_param_name,
        dependant.security_scopes_param_name, dependant.own_oauth_scopes, dependant.concurrency,
    )  # fmt: skip
    return inspect.iscoroutinefunction(call) and dependant.use_cache and not any(others)
