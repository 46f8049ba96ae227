"""What the services document, endpoint by endpoint."""

from __future__ import annotations

from typing import Any

from tools.api_document import openapi

from notechondria_cli.names import SERVICES, SERVICES_WITH_SCHEMA

__all__ = ["SERVICES", "SERVICES_WITH_SCHEMA", "openapi", "operations"]


def operations(service: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of every documented endpoint."""
    return [
        (method.upper(), path, operation)
        for path, methods in openapi(service)["paths"].items()
        for method, operation in methods.items()
    ]
