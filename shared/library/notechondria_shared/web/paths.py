"""Paths: ids that fit the database, the slash the contract wants, and which routes a path belongs to."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.convertors import Convertor, register_url_convertor


class IdConvertor(Convertor[int]):
    """`{note_id:id}`: digits that fit a bigint; anything else is a path nobody serves (404)."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        """The number."""
        return int(value)

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
