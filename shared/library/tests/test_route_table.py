"""A route that the table chooses is the one that FastAPI would have chosen, of every service and in odd cases."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.convertors import CONVERTOR_TYPES, PathConvertor
from starlette.routing import Match, Mount, Route
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send
from tools.api_document import application as service_application

from notechondria_cli.names import SERVICES
from notechondria_shared.observability.route_template import route_template
from notechondria_shared.web import route_table
from notechondria_shared.web.answers import Json
from notechondria_shared.web.paths import IdConvertor

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PATHS = (
    "/", "/a", "/a/", "/a//", "/a/%0A", "/a/1/", "/a/one/", "/a/new/", "/a/1/b/", "/a/1/b/c/", "/early/new/",
    "/early/x/", "/late/new/", "/late/x/", "/files/", "/files/a/b/c.txt", "/mounted/", "/mounted/x/", "/mounted/taken/",
    "/before/x/", "/plain/", "/endpoint/", "/early/y/", "/a/2/", "/a/%31/", "/a/é/", "/A/", "/a/" + "9" * 2000 + "/",
)  # fmt: skip
SAMPLES = {"id": "7", "uuid": str(UUID(int=7)), "path": "some/more", "int": "7"}


class Endpoint:
    """One that takes every method."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Json(["endpoint", scope["method"], scope["path"]])(scope, receive, send)


def application(*, table: bool) -> FastAPI:
    """Routes whose order, methods and parameters overlap; each says which it is."""
    app = FastAPI(redirect_slashes=False)

    def add(router: FastAPI | APIRouter, path: str, *methods: str) -> None:
        async def endpoint(request: Request) -> Json:
            parameters = {name: repr(value) for name, value in request.path_params.items()}
            return Json([methods, path, parameters, route_template(request.scope), request.scope["path"]])

        router.add_api_route(path, endpoint, methods=list(methods))

    async def plain(request: Request) -> Json:
        return Json(["plain", request.scope["path"]])

    numbers, words, inner = APIRouter(prefix="/a"), APIRouter(), APIRouter(prefix="/inner")
    add(numbers, "/{number:id}/", "GET", "PATCH")
    add(numbers, "/{word}/", "POST")
    add(numbers, "/new/", "POST", "GET")
    add(numbers, "/", "GET")
    add(inner, "/{number:id}/c/", "GET")
    numbers.include_router(inner)
    add(words, "/early/new/", "GET")
    add(words, "/early/{word}/", "GET", "POST")
    add(words, "/late/{word}/", "GET")
    add(words, "/late/new/", "GET", "POST")
    add(words, "/a/{number:id}/b/", "DELETE")
    add(words, "/files/{path:path}", "GET")
    app.include_router(numbers)
    app.router.routes.append(Mount("/mounted", routes=[Route("/{word}/", plain)]))
    app.include_router(words)
    add(app, "/mounted/taken/", "GET")
    add(app, "/before/{word}/", "GET")
    app.router.routes.append(Route("/plain/", plain))
    for path in ("/endpoint/", "/early/y/", "/a/2/"):
        app.router.routes.append(Route(path, Endpoint()))
    add(app, "/endpoint/", "DELETE")
    if table:
        route_table.install(app)
    return app


@pytest.fixture(scope="module")
def clients() -> tuple[TestClient, TestClient]:
    return TestClient(application(table=False)), TestClient(application(table=True))


@pytest.mark.parametrize("method", METHODS)
def test_an_answer_is_the_same_with_and_without(clients: tuple[TestClient, TestClient], method: str) -> None:
    for path in PATHS:
        plain, chosen = (client.request(method, path) for client in clients)
        assert (chosen.status_code, chosen.content, chosen.headers) == (plain.status_code, plain.content, plain.headers)
    assert clients[1].get("/a/1/").json()[1] == "/{number:id}/"
    assert isinstance(CONVERTOR_TYPES["id"], IdConvertor)


def test_a_root_path_is_left_to_fastapi() -> None:
    client = TestClient(application(table=True), root_path="/below")
    assert client.get("/below/a/1/").status_code == 200


def as_fastapi_chooses(app: FastAPI, method: str, path: str) -> tuple[Any, dict[str, Any]] | None:
    """Context and parameters by FastAPI's own `matches`, asked of all routes in their order; None for none."""
    for context in iter_route_contexts(app.routes):
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
        effective = context._effective_route  # what FastAPI itself asks
        match, child = effective.matches(scope)
        if match == Match.FULL:
            return context.original_route, child["path_params"]
    return None


def sample_paths(app: FastAPI) -> set[str]:
    """A path for each route, one with another word for each parameter, and one that goes on behind it."""
    paths = set()
    for context in iter_route_contexts(app.routes):
        for sample in ("7", "deleted", "x y"):
            path = str(context.path_format)
            for name, convertor in context.param_convertors.items():
                kind = type(convertor).__name__.removesuffix("Convertor").lower()
                value = SAMPLES.get(kind, sample) if sample != "deleted" else sample
                path = path.replace(f"{{{name}}}", value)
            paths |= {path, path.rstrip("/"), f"{path}more/"}
    return paths


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_s_routes_are_chosen_as_fastapi_chooses(service: str) -> None:
    app = service_application(service)
    table = app.router.middleware_stack
    assert isinstance(table, route_table.RouteTable)
    chosen = 0
    for path, method in itertools.product(sorted(sample_paths(app)), METHODS):
        entry, parameters = table.choose(method, path)
        if entry is None or entry.app is None:
            continue
        assert as_fastapi_chooses(app, method, path) == (entry.context.original_route, parameters), (method, path)
        chosen += 1
    routes = [context for context in iter_route_contexts(app.routes) if isinstance(context.original_route, APIRoute)]
    fixed = [one for one in routes if not any(isinstance(c, PathConvertor) for c in one.param_convertors.values())]
    assert chosen >= len(fixed)
