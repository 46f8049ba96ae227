"""The OpenAPI documents of the services, made from their code without starting anything."""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Any
from unittest.mock import patch

SERVICES = ("identity", "notes", "planner", "mcp")
ENVIRONMENT = {
    "DATABASE_URL": "postgresql://nobody@localhost/nothing",
    "INTERNAL_TOKEN": "0123456789abcdef",
    "MEDIA_STORE_URL": "file:///tmp",
}


@cache
def openapi(service: str) -> dict[str, Any]:
    """The document of one service."""
    with patch.dict(os.environ, ENVIRONMENT):
        app = importlib.import_module(f"{service}_service.app").create_app()
    document: dict[str, Any] = app.openapi()
    return document


def operations(service: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of every documented endpoint."""
    return [
        (method.upper(), path, operation)
        for path, methods in openapi(service)["paths"].items()
        for method, operation in methods.items()
    ]
