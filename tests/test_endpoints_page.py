"""docs/endpoints.md leads from a path to the function that answers it, and leaves none out."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from tools.api_document import application
from tools.endpoints import PAGE, Endpoint, endpoints, markdown
from tools.pages import first_sentence

from notechondria_cli.names import SERVICES
from notechondria_shared.web.paths import api_routes

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_is_generated_from_the_routes() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == markdown(), "run `make docs`"


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_of_a_running_service_is_on_the_page(service: str) -> None:
    known = {(one.path, one.file, one.function) for one in on_the_page() if one.service in {service, "shared"}}
    served = answered(service)
    assert len(served) > 10
    assert served <= known


def test_every_endpoint_of_a_service_on_the_page_is_served() -> None:
    served = {path for service in SERVICES for path, _, _ in answered(service)} | {"/mcp", "/mcp/", "/internal/metrics"}
    assert {one.path for one in on_the_page()} <= served


@cache
def on_the_page() -> list[Endpoint]:
    """The endpoints, as the page has them from all source files."""
    return list(endpoints())


@cache
def answered(service: str) -> set[tuple[str, str, str]]:
    """(path, file, function) of the service's routes as FastAPI has them."""
    found = set()
    for route in api_routes(application(service)):
        assert isinstance(route.original_route, APIRoute)
        call = inspect.unwrap(route.original_route.endpoint)
        if inspect.ismethod(call):
            continue  # made by a function for its caller
        file = Path(inspect.getsourcefile(call) or "").resolve().relative_to(ROOT).as_posix()
        found.add((route.path_format or "", file, call.__name__))
    return found


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_routes_are_read_from_the_source(tmp_path: Path) -> None:
    service = tmp_path / "services/notes/notes_service"
    (tmp_path / "shared/library/notechondria_shared").mkdir(parents=True)
    write(
        tmp_path / "shared/library/notechondria_shared/admin.py",
        "def admin():\n    router = Router(prefix='/internal/admin')\n",
    )
    write(
        service / "a/routes.py",
        "from service.a import b\n"
        "router = Router(prefix='/api/v1/a')\n"
        "router.include_router(b.inner)\n"
        "@router.get('/{id:int}/')\n"
        "@router.head(ODD)\n"
        "async def read():\n    '''Read one; 404 for none. More.'''\n"
        "@router.api_route('/', methods=ANY)\n"
        "async def everything(): ...\n"
        "@cache\ndef no_endpoint(): ...\n",
    )
    write(service / "a/b.py", "ODD = '/odd'\ninner = Router(prefix='/b')\n@inner.post('/')\ndef make(): ...\n")
    write(service / "c.py", "made = admin()\n@made.delete('/x')\ndef remove(): ...\n")
    write(
        service / "d.py",
        "class All:\n    '''All of it.'''\ns = [Route(p, endpoint=All()) for p in ('/d', '/d/')]\n",
    )
    routes, b, c, d = (f"services/notes/notes_service/{name}.py" for name in ("a/routes", "a/b", "c", "d"))
    assert endpoints(tmp_path) == [
        Endpoint("/api/v1/a/", "any", "notes", routes, "everything", ""),
        Endpoint("/api/v1/a/b/", "POST", "notes", b, "make", ""),
        Endpoint("/api/v1/a/odd", "HEAD", "notes", routes, "read", "Read one; 404 for none."),
        Endpoint("/api/v1/a/{id}/", "GET", "notes", routes, "read", "Read one; 404 for none."),
        Endpoint("/d", "any", "notes", d, "All", "All of it."),
        Endpoint("/d/", "any", "notes", d, "All", "All of it."),
        Endpoint("/internal/admin/x", "DELETE", "notes", c, "remove", ""),
    ]
    text = markdown(tmp_path)
    assert "| `/api/v1/a` | notes | `a` in `services/notes/notes_service` |" in text
    write(service / "e.py", "router = Router()\n@router.get(f'/{x}')\ndef read(): ...\n")
    with pytest.raises(ValueError, match="written out or a constant"):
        endpoints(tmp_path)


@pytest.mark.parametrize(
    ("docstring", "sentence"),
    [
        (None, ""),
        ("One. Two.", "One."),
        ("Goes on\n    here (notes §5.5). `X` more.\n\nElse.", "Goes on here (notes §5.5)."),
        ("At 0.5 seconds, e.g. now | then", r"At 0.5 seconds, e.g. now \| then"),
    ],
)
def test_the_first_sentence_is_taken(docstring: str | None, sentence: str) -> None:
    assert first_sentence(docstring) == sentence
