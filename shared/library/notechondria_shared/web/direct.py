"""Reading routes that are asked for all the time, without FastAPI's way to their arguments.

FastAPI walks a route's tree of dependencies anew for each request. A route that is marked gets a plan when it is made:
its dependencies in their order, each once. Parameters are read by FastAPI's own function, and a request with one that
it refuses goes FastAPI's way, which words the refusal. OpenAPI sees no difference.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from fastapi import Depends, Request, Response
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _direct() -> None:
    """Marks a route."""


_UNCHANGEABLE = (type(None), bool, int, float, str)
"""Defaults that calls may share."""
DIRECT = Depends(_direct)
"""`dependencies=[DIRECT]`: for a read whose endpoint returns a `Response`, and whose dependencies are coroutines."""


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

    @classmethod
    def of(cls, fields: Sequence[ModelField]) -> _Parameters:
        """The parameters of one step."""
        parameters = cls()
        for one in fields:
            info = one.field_info
            renamed = info.validation_alias not in {None, one.alias}
            if renamed or info.validate_default or not isinstance(one.default, _UNCHANGEABLE):
                parameters.read.append(one)
            else:
                parameters.optional[one.alias] = one
                parameters.defaults[one.name] = one.default
        return parameters

    def values(self, received: Mapping[str, str]) -> dict[str, object] | None:
        """What a request has of them; None when FastAPI refuses one."""
        fields = [*self.read, *(one for name, one in self.optional.items() if name in received)]
        if not fields:
            return self.defaults
        read, refused = request_params_to_args(fields, received)
        return None if refused else {**self.defaults, **read}


@dataclass(slots=True)
class _Step:
    """A call: what it takes of the request, and of the results of earlier steps."""

    call: Callable[..., Awaitable[Any]]
    request_name: str | None
    path: _Parameters
    query: _Parameters
    inputs: list[tuple[str, int]] = field(default_factory=list)


def direct(dependant: Dependant, fallback: Handler) -> Handler:
    """The handler of a marked route; TypeError for one that needs more than a plan does."""
    steps: list[_Step] = []
    _plan(dependant, steps, {})
    result = get_type_hints(inspect.unwrap(steps[-1].call)).get("return")
    if not (isinstance(result, type) and issubclass(result, Response)):
        message = f"{steps[-1].call} is marked as direct and does not return a Response"
        raise TypeError(message)

    async def handle(request: Request) -> Response:
        results: list[Any] = []
        for step in steps:
            values = {name: results[number] for name, number in step.inputs}
            if step.request_name is not None:
                values[step.request_name] = request
            for parameters, received in ((step.path, request.path_params), (step.query, request.query_params)):
                if (read := parameters.values(received)) is None:
                    return await fallback(request)
                values |= read
            results.append(await step.call(**values))
        response: Response = results[-1]
        return response

    return handle


def _plan(dependant: Dependant, steps: list[_Step], planned: dict[Callable[..., Any], int]) -> int:
    """Add the steps of a dependency, those that it depends on first; the number of its own."""
    call = dependant.call
    if call is None or not _is_simple(dependant, call):
        message = f"{call} needs what a direct route does not offer"
        raise TypeError(message)
    if call in planned:
        return planned[call]
    path, query = _Parameters.of(dependant.path_params), _Parameters.of(dependant.query_params)
    step = _Step(call, dependant.request_param_name, path, query)
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
        dependant.header_params, dependant.cookie_params, dependant.body_params, dependant.websocket_param_name,
        dependant.http_connection_param_name, dependant.response_param_name, dependant.background_tasks_param_name,
        dependant.security_scopes_param_name, dependant.own_oauth_scopes, dependant.concurrency,
    )  # fmt: skip
    return inspect.iscoroutinefunction(call) and dependant.use_cache and not any(others)
