"""Marked routes answer as FastAPI's own do, and what a plan cannot do is refused when the route is made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from starlette.testclient import TestClient

from notechondria_contracts.fields.rules import Choice, Text
from notechondria_shared.core.errors import NotFound
from notechondria_shared.web import route_table
from notechondria_shared.web.answers import Json
from notechondria_shared.web.body import SmallBody
from notechondria_shared.web.direct import DIRECT, LONGEST_REMEMBERED, REMEMBERED, _Parameters
from notechondria_shared.web.errors import install
from notechondria_shared.web.query import QueryInteger
from notechondria_shared.web.revalidation import REVALIDATED
from notechondria_shared.web.route import api_router

calls: list[str] = []


async def name(request: Request) -> str:
    calls.append("name")
    return request.headers.get("x-name", "nobody")


async def greeting(who: Annotated[str, Depends(name)], loud: Annotated[int, QueryInteger(0, 1)] = 0) -> str:
    if who == "stranger":
        raise NotFound("No greeting: Shared.Tests/greet — nobody of that name.")
    return f"hello {who}".upper() if loud else f"hello {who}"


class Sent(SmallBody):
    """What is written."""

    title: Annotated[str, Text(max_length=5)]
    kind: Annotated[str, Choice(("a", "b"))] = "a"


@pytest.fixture(params=["by the table", "by FastAPI"])
def app(request: pytest.FixtureRequest) -> FastAPI:
    made = application()
    if request.param == "by the table":
        route_table.install(made)
    return made


def application() -> FastAPI:
    app = FastAPI()
    install(app)
    for prefix, marks in (("/plain", []), ("/direct", [DIRECT]), ("/tagged", [DIRECT, REVALIDATED])):
        router = api_router(prefix)

        @router.get("/{number:int}/", dependencies=marks)
        async def read(
            number: int,
            who: Annotated[str, Depends(name)],
            text: Annotated[str, Depends(greeting)],
            many: Annotated[list[int], Query(default_factory=list)],
            limit: Annotated[int | None, QueryInteger(1, 10)] = None,
            renamed: Annotated[str, Query(alias="as")] = "one",
        ) -> Json:
            many.append(0)  # a default that is shared would grow
            read = {"number": number, "who": who, "text": text, "limit": limit, "many": many, "renamed": renamed}
            return Json(read, status_code=200)

        @router.put("/{number:int}/", dependencies=marks)
        async def write(
            number: int, who: Annotated[str, Depends(name)], text: Annotated[str, Depends(greeting)], body: Sent
        ) -> Json:
            return Json({"number": number, "who": who, "text": text, "body": body.model_dump()}, status_code=201)

        @router.get("/required/", dependencies=marks)
        async def read_required(which: Annotated[int, QueryInteger(1, 10)]) -> Json:
            return Json(which)

        app.include_router(router)
    return app


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("7/", {}),
        ("7/?limit=5&loud=1", {"x-name": "ann"}),
        ("7/?limit=500", {}),
        ("7/?limit=x", {}),
        ("7/?limit=", {}),
        ("7/?limit=1&limit=2&other=3", {}),
        ("7/?many=1&many=2&as=another&renamed=no", {}),
        ("7/?many=x", {}),
        ("7/", {"x-name": "stranger"}),
        ("required/", {}),
        ("required/?which=3", {}),
    ],
)
def test_a_direct_route_answers_as_another(app: FastAPI, path: str, headers: dict[str, str]) -> None:
    with TestClient(app, raise_server_exceptions=False) as client:
        plain, direct, tagged = (
            client.get(f"/{kind}/{path}", headers=headers) for kind in ("plain", "direct", "tagged")
        )
    assert (direct.status_code, direct.json()) == (plain.status_code, plain.json())
    assert dict(direct.headers) == dict(plain.headers)
    assert (tagged.status_code, tagged.json()) == (plain.status_code, plain.json())
    assert ("etag" in tagged.headers) == (plain.status_code == 200)


@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        ({"json": {"title": "a", "kind": "b", "other": 1}}, {}),
        ({"data": {"title": "a"}}, {"x-name": "ann"}),
        ({"json": {"title": "much too long"}}, {}),
        ({"json": {"kind": "x"}}, {"x-name": "stranger"}),
        ({"json": {}}, {}),
        ({"json": ["a"]}, {}),
        ({"json": None}, {}),
        ({"content": "{"}, {"content-type": "application/json"}),
        ({"content": "a"}, {"content-type": "application/unknown"}),
        ({}, {}),
    ],
)
@pytest.mark.parametrize("query", ["", "?loud=1", "?loud=x"])
def test_a_direct_route_takes_a_body_as_another(
    app: FastAPI, query: str, sent: dict[str, Any], headers: dict[str, str]
) -> None:
    with TestClient(app, raise_server_exceptions=False) as client:
        plain, direct = (client.put(f"/{kind}/7/{query}", headers=headers, **sent) for kind in ("plain", "direct"))
    assert (direct.status_code, direct.json()) == (plain.status_code, plain.json())
    assert dict(direct.headers) == dict(plain.headers)


def test_a_dependency_is_called_once(app: FastAPI) -> None:
    calls.clear()
    with TestClient(app) as client:
        assert client.get("/direct/1/").json()["who"] == "nobody"
    assert calls == ["name"]


def test_its_document_is_that_of_another_route() -> None:
    paths = application().openapi()["paths"]
    plain, direct = (paths[f"/{kind}/{{number}}/"]["get"] for kind in ("plain", "direct"))
    for operation in (plain, direct):
        operation.pop("operationId")
    assert plain == direct


async def _opened() -> AsyncIterator[int]:
    yield 1


async def _of_header(x_name: Annotated[str, Header()]) -> str:
    return x_name


def test_what_needs_more_is_refused() -> None:
    router = api_router("/more")

    async def no_response() -> dict[str, int]:
        return {}

    async def opening(number: Annotated[int, Depends(_opened)]) -> Response:
        return Json(number)

    async def by_header(text: Annotated[str, Depends(_of_header)]) -> Response:
        return Json(text)

    def in_a_thread() -> Response:
        return Json(1)

    endpoints: list[Callable[..., Any]] = [no_response, opening, by_header, in_a_thread]
    for number, endpoint in enumerate(endpoints):
        with pytest.raises(TypeError):
            router.get(f"/{number}/", dependencies=[DIRECT])(endpoint)


def test_a_query_that_came_before_is_answered_as_at_first(app: FastAPI) -> None:
    """Its values are remembered; those of a list, which an endpoint may change, are not, nor is what is refused."""
    paths = ["7/", "7/?limit=5&loud=1", "7/?many=1&many=2", "7/?limit=500", "7/?loud=1&limit=5", "7/?limit=5"]
    with TestClient(app, raise_server_exceptions=False) as client:
        for path in [*paths, *paths]:
            plain, direct = (client.get(f"/{kind}/{path}") for kind in ("plain", "direct"))
            assert (direct.status_code, direct.json()) == (plain.status_code, plain.json())


def test_the_values_of_a_bounded_number_of_queries_are_remembered() -> None:
    parameters = _Parameters.of(_dependant().query_params)
    assert parameters is not None
    for number in range(REMEMBERED + 10):
        values = parameters.of_query(_request(f"limit={number % 10 + 1}&other={number}"))
        assert values == {"limit": number % 10 + 1}
    assert len(parameters.remembered) == REMEMBERED
    parameters.of_query(_request(f"limit=1&other={'x' * LONGEST_REMEMBERED}"))
    assert len(parameters.remembered) == REMEMBERED
    assert b"limit=1&other=0" not in parameters.remembered


def _dependant() -> Dependant:
    async def endpoint(limit: Annotated[int | None, QueryInteger(1, 10)] = None) -> None: ...

    return get_dependant(path="/", call=endpoint)


def _request(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})
