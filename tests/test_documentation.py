"""The API's documentation: one document over all services, and a page that needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tools.api_document import text

import web_service.documentation
from tests.support.client import Api
from tests.support.documents import SERVICES, openapi

GOLDEN = Path(web_service.documentation.__file__).parent / "openapi.json"


def test_the_document_is_generated_from_the_code() -> None:
    assert GOLDEN.read_text() == text(), "run `make docs`"


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
