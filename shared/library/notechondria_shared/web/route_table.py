"""Choosing the route of a request in one look.

FastAPI asks every included router whether one of its routes fits, and then the one that said yes once more which: with
fifteen routers that was a third of a small answer's Python (docs/operations.md, "Measured"). Here all routes of an
application stand in one table: paths without parameters by themselves, others by their number of slashes. The route is
the one that FastAPI would have chosen, the first in order; whatever is none of the table's (no route, another method,
a mount) goes FastAPI's way.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.convertors import Convertor, PathConvertor
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from notechondria_shared.web.direct import application, is_direct
from notechondria_shared.web.paths import calls

ANY = "*"
"""In the place of a method: all that no other route of the path has."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A route, ready to be compared with a request."""

    pattern: re.Pattern[str]
    methods: AbstractSet[str] | None
    """None for all."""
    convertors: Mapping[str, Convertor[Any]]
    context: RouteContext
    app: ASGIApp | None
    """Answers; None for what is no single route, which FastAPI chooses."""

    @classmethod
    def of(cls, context: RouteContext) -> _Entry:
        """The entry of a route, through all included routers."""
        route, app = context.original_route, None
        if isinstance(route, APIRoute):
            plain = is_direct(calls(context.dependant)) and context.max_body_size is None
            app = application(route.get_route_handler()) if plain else context.app
        elif isinstance(route, Route):
            app = context.app
        return cls(context.path_regex, context.methods, context.param_convertors, context, app)

    @property
    def slashes(self) -> int | None:
        """How many a path of this route has; None when that differs."""
        if self.app is None or any(isinstance(one, PathConvertor) for one in self.convertors.values()):
            return None
        return str(self.context.path).count("/")

    def takes(self, method: str) -> bool:
        """Whether the route answers this method."""
        return self.methods is None or method in self.methods


class RouteTable:
    """Stands where an application's router chooses (`Router.middleware_stack`); made when the first request comes."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._others = app, app.router.middleware_stack
        self._made = False
        self._literal: dict[tuple[str, str], _Entry] = {}
        self._literal_paths: set[str] = set()
        self._patterns: dict[int, Sequence[_Entry]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; lifespan and websockets go FastAPI's way."""
        if scope["type"] != "http" or scope.get("root_path"):
            await self._others(scope, receive, send)
            return
        entry, parameters = self.choose(scope["method"], scope["path"])
        if entry is None or entry.app is None:
            await self._others(scope, receive, send)
            return
        context = entry.context
        # What FastAPI leaves in a scope: the last for those who ask which route it was (`route_template`).
        scope["router"], scope["route"] = self._app.router, context.original_route
        scope["endpoint"], scope["path_params"] = context.endpoint, parameters
        scope["fastapi"] = {"effective_route_context": context}
        await entry.app(scope, receive, send)

    def choose(self, method: str, path: str) -> tuple[_Entry | None, dict[str, Any]]:
        """The route of the table and the values in its path; None where the choice is FastAPI's."""
        if not self._made:
            self._make()
        if (entry := self._literal.get((method, path)) or self._literal.get((ANY, path))) is not None:
            return entry, {}
        if path in self._literal_paths:
            return None, {}  # another method, of which a route with parameters may be meant
        for entry in self._patterns.get(path.count("/"), ()):
            if entry.takes(method) and (match := entry.pattern.match(path)):
                return entry, {name: entry.convertors[name].convert(text) for name, text in match.groupdict().items()}
        return None, {}

    def _make(self) -> None:
        entries = [_Entry.of(context) for context in iter_route_contexts(self._app.routes)]
        counts = {entry.slashes for entry in entries} - {None}
        literals: defaultdict[str, list[_Entry]] = defaultdict(list)
        patterns: defaultdict[int, list[_Entry]] = defaultdict(list)
        for entry in entries:
            path = str(entry.context.path)
            if entry.app is None or entry.convertors:
                for count in counts if entry.slashes is None else {entry.slashes}:
                    patterns[count or 0].append(entry)
                continue
            # Those that come before this one, and take its path too, are chosen in its stead.
            earlier = literals[path] + [one for one in patterns[path.count("/")] if one.pattern.match(path)]
            for method in entry.methods or (ANY,):
                if not any(method == ANY or one.takes(method) for one in earlier):
                    self._literal[method, path] = entry
            literals[path].append(entry)
        self._literal_paths = set(literals)
        self._patterns = dict(patterns)
        self._made = True


def install(app: FastAPI) -> None:
    """Choose by a table from now on."""
    app.router.middleware_stack = RouteTable(app)
