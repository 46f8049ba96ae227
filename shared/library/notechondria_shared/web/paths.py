"""Paths: ids that fit the database, the slash the contract wants, and which routes a path belongs to."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.convertors import Convertor, register_url_convertor

from notechondria_contracts.fields.rules import BIGINT_MAX, clamped_id

_MOST_DIGITS = 1000
NOT_STORED = ("/api/v1/auth/", "/api/v1/settings/", "/api/v1/mcp/", "/oauth/")
"""Below these an answer may hold a credential or somebody's settings: no client keeps it (decision 47)."""


class IdConvertor(Convertor[int]):
    """`{note_id:id}`: digits; anything else is a path nobody serves (404).

    A number that no bigint holds is read as the largest one, which is the id of nothing.
    """

    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        """The number; a path may hold more digits than `int` takes."""
        return clamped_id(int(value)) if len(value) <= _MOST_DIGITS else BIGINT_MAX

    def to_string(self, value: int) -> str:
        """The digits."""
        return str(value)


def register_convertors() -> None:
    """Make `{name:id}` known to Starlette; called once before routes are declared."""
    register_url_convertor("id", IdConvertor())


def matching_routes(request: Request, path: str) -> list[RouteContext]:
    """The routes whose path fits, whatever their methods."""
    return [route for route in api_routes(request.app) if route.path_regex.match(path)]


def api_routes(app: FastAPI) -> list[RouteContext]:
    """Every API route of the application, through all included routers."""
    return [context for context in iter_route_contexts(app.routes) if isinstance(context.original_route, APIRoute)]


def calls(dependant: Dependant) -> list[Any]:
    """What the dependencies of a route call, through all levels."""
    return [call for part in dependant.dependencies for call in ([part.call] if part.call else []) + calls(part)]


register_convertors()
