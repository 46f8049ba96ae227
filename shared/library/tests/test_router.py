"""Routes that an application takes as they are answer and are described as those that FastAPI makes anew."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.testclient import TestClient
from tools.api_document import application as service_application

from notechondria_cli.names import SERVICES
from notechondria_shared.web.answers import Json
from notechondria_shared.web.router import Router, include


class Item(BaseModel):
    """What is answered."""

    name: str


def locked(key: str = "") -> str:
    """A dependency of all routes of a router."""
    if key != "open":
        raise HTTPException(403)
    return key


def declare(router: APIRouter) -> None:
    """The same routes on either kind of router."""

    @router.get("/{number}/", tags=["own"], responses={404: {"model": Item, "description": "None"}})
    def read(number: int) -> Item:
        """One of them."""
        return Item(name=f"№ {number}")

    @router.post("/", status_code=201, deprecated=True)
    def make(item: Item, key: Annotated[str, Depends(locked)]) -> dict[str, str]:
        return {"name": item.name, "key": key}

    @router.get("/hidden/", include_in_schema=False)
    def hidden() -> list[int]:
        return [1]


@pytest.fixture
def applications() -> tuple[FastAPI, FastAPI]:
    """One with FastAPI's own router, one with ours."""
    options: dict[str, Any] = {
        "prefix": "/items",
        "tags": ["items"],
        "dependencies": [Depends(locked)],
        "responses": {409: {"description": "Taken"}},
    }
    theirs, ours = (FastAPI(default_response_class=Json) for _ in range(2))
    plain, own, inner = APIRouter(**options), Router(**options), Router()
    declare(plain)
    declare(own)
    theirs.include_router(plain)
    inner.include_router(own)
    include(ours.router, inner)
    return theirs, ours


def test_the_document_is_the_same(applications: tuple[FastAPI, FastAPI]) -> None:
    theirs, ours = applications
    assert ours.openapi() == theirs.openapi()
    assert ours.openapi()["paths"]["/items/{number}/"]["get"]["tags"] == ["items", "own"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/items/7/?key=open", 200),
        ("GET", "/items/7/", 403),
        ("GET", "/items/x/?key=open", 422),
        ("GET", "/items/hidden/?key=open", 422),
        ("POST", "/items/?key=open", 201),
        ("PUT", "/items/", 405),
        ("GET", "/nothing/", 404),
    ],
)
def test_answers_are_the_same(applications: tuple[FastAPI, FastAPI], method: str, path: str, status: int) -> None:
    answers = [TestClient(app).request(method, path, json={"name": "a"}) for app in applications]
    theirs, ours = ((one.status_code, one.content, dict(one.headers)) for one in answers)
    assert ours == theirs
    assert ours[0] == status


@pytest.mark.parametrize("service", SERVICES)
def test_no_route_of_a_service_is_made_anew(service: str) -> None:
    """FastAPI keeps a router that is included as something of its own, and makes its routes when they are asked for."""
    routes = service_application(service).routes
    assert len([route for route in routes if isinstance(route, APIRoute)]) > 5
    assert [route for route in routes if not hasattr(route, "path")] == []


@pytest.mark.parametrize(
    ("around", "inner"),
    [
        (Router(prefix="/a"), Router()),
        (Router(tags=["a"]), Router()),
        (Router(dependencies=[Depends(locked)]), Router()),
        (Router(responses={404: {}}), Router()),
        (Router(include_in_schema=False), Router()),
        (Router(), APIRouter()),
    ],
)
def test_routes_that_would_need_more_are_refused(around: Router, inner: APIRouter) -> None:
    with pytest.raises(TypeError, match="made once more"):
        around.include_router(inner)


def test_options_of_an_inclusion_are_refused() -> None:
    with pytest.raises(TypeError, match="without prefix"):
        Router().include_router(Router(), prefix="/a")
