"""The API's documentation: one document over all services, and a page that needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tools.api_document import application, internal_text, text
from tools.contract_sections import ROOT

import web_service.documentation
from notechondria_shared.web.openapi import internal_document
from notechondria_shared.web.paths import api_routes
from tests.support.client import Api
from tests.support.documents import SERVICES, openapi

GOLDEN = Path(web_service.documentation.__file__).parent / "openapi.json"


def test_the_document_is_generated_from_the_code() -> None:
    assert GOLDEN.read_text() == text(), "run `make docs`"


@pytest.mark.parametrize("service", SERVICES)
def test_the_internal_documents_are_generated_from_the_code(service: str) -> None:
    assert (ROOT / "docs/internal" / f"{service}.json").read_text() == internal_text(service), "run `make docs`"


def test_the_internal_documents_hold_what_the_public_one_does_not() -> None:
    public = json.loads(GOLDEN.read_text())["paths"].keys()
    for service in SERVICES:
        app = application(service)
        document = internal_document(app)
        routes = {str(route.path_format) for route in api_routes(app)}
        assert document["paths"].keys() == {path for path in routes if path.startswith("/internal/")}
        assert not document["paths"].keys() & public
        named = set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(document)))
        assert named <= document["components"]["schemas"].keys()


def test_internal_operations_say_that_they_take_the_shared_secret() -> None:
    paths = internal_document(application("identity"))["paths"]
    assert paths["/internal/introspect"]["post"]["security"] == [{"internal": []}]
    assert "parameters" not in paths["/internal/introspect"]["post"]
    assert "security" not in paths["/internal/health/live"]["get"]


def test_the_document_holds_every_endpoint_and_every_schema_it_names(api: Api) -> None:
    answer = api.get("openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = answer.json()
    for service in SERVICES:
        for path, methods in openapi(service)["paths"].items():
            assert methods.keys() <= document["paths"][path].keys()
    named = set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(document)))
    assert named <= document["components"]["schemas"].keys()
    ids = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids))
    assert document["info"]["version"] == api.get("handshake/").json()["version"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("start.js", "text/javascript; charset=utf-8"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("favicon-32x32.png", "image/png"),
    ],
)
def test_the_page_and_its_parts_come_from_here(api: Api, name: str, kind: str) -> None:
    answer = api.get(f"docs/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"
    if not name:
        assert "://" not in answer.text
        assert "script-src 'self';" in answer.headers["content-security-policy"]


def test_no_other_file_is_given_out(api: Api) -> None:
    for name in ("main.py", "..%2f__init__.py", "nothing.js"):
        assert api.get(f"docs/{name}").status_code in {400, 404}
