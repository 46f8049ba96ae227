"""The OpenAPI documents of the services and the one merged of them, made from their code without starting anything.

``python -m tools.api_document FILE`` writes the merged one; with ``--internal FOLDER`` also what each service answers
the others below ``/internal``, a file each (``make docs``).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from notechondria_cli.names import SERVICES
from notechondria_contracts.services import CALLERS
from notechondria_shared.core.keys import SigningKey
from notechondria_shared.web.openapi import internal_document

if TYPE_CHECKING:
    from fastapi import FastAPI

_KEY = SigningKey.generate()
_ENVIRONMENT = {
    "DATABASE_URL": "postgresql://nobody@localhost/nothing",
    "SERVICE_KEY": _KEY,
    "SERVICE_PUBLIC_KEYS": ",".join(f"{name}:{SigningKey(_KEY).public}" for name in CALLERS),
    "MEDIA_STORE_URL": "file:///tmp",
}
_REFERENCE = "#/components/schemas/"
# Two services answer it, each for its files; one description does.
_SHARED = frozenset({"/media/{path}"})
_DESCRIPTION = (
    "Everything behind one gateway. Sign in with `POST /api/v1/auth/login/` and send `Authorization: Token <key>`,"
    " or make an API key and send `Authorization: Bearer ntc_...`."
    ' Errors are JSON: `{"detail": text}`, or the failing fields with their texts.'
)


@cache
def application(service: str) -> FastAPI:
    """Return the application of one service, which needs nothing as long as it is not started."""
    with patch.dict(os.environ, _ENVIRONMENT):
        app: FastAPI = importlib.import_module(f"{service}_service.app").create_app()
    return app


@cache
def openapi(service: str) -> dict[str, Any]:
    """Return the document of one service."""
    return application(service).openapi()


def merged() -> dict[str, Any]:
    """Return one document over all services; a schema that differs between two carries its service's name in front."""
    documents = {service: openapi(service) for service in SERVICES}
    first = next(iter(documents.values()))
    result: dict[str, Any] = {
        "openapi": first["openapi"],
        "info": {"title": "Notechondria", "version": first["info"]["version"], "description": _DESCRIPTION},
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
    }
    schemas = result["components"]["schemas"]
    for service, document in documents.items():
        own = document["components"]["schemas"]
        renamed = {name: f"{service.capitalize()}{name}" for name in own if schemas.get(name, own[name]) != own[name]}
        moved = _rename(document, renamed)
        for path, methods in moved["paths"].items():
            clash = result["paths"].get(path, {}).keys() & methods.keys()
            if clash and path not in _SHARED:
                raise ValueError(f"{service} documents {clash} of {path}, as another service does.")
            result["paths"].setdefault(path, {}).update(methods)
        schemas.update({renamed.get(name, name): schema for name, schema in moved["components"]["schemas"].items()})
        result["components"]["securitySchemes"] |= moved["components"]["securitySchemes"]
    result["paths"] = dict(sorted(result["paths"].items()))
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _rename(part: Any, names: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {
            key: _REFERENCE + names.get(value.removeprefix(_REFERENCE), value.removeprefix(_REFERENCE))
            if key == "$ref" and isinstance(value, str)
            else _rename(value, names)
            for key, value in part.items()
        }
    return [_rename(one, names) for one in part] if isinstance(part, list) else part


def text() -> str:
    """Return the merged document as it is kept in the repository."""
    return json.dumps(merged(), indent=1, ensure_ascii=False) + "\n"


def internal_text(service: str) -> str:
    """Return the internal document of one service as it is kept in the repository."""
    return json.dumps(internal_document(application(service)), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the documents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="where to write the merged document")
    parser.add_argument("--internal", type=Path, metavar="FOLDER", help="where to write the internal documents")
    options = parser.parse_args()
    options.file.write_text(text(), encoding="utf-8")
    if options.internal:
        options.internal.mkdir(exist_ok=True)
        for service in SERVICES:
            (options.internal / f"{service}.json").write_text(internal_text(service), encoding="utf-8")


if __name__ == "__main__":
    main()
