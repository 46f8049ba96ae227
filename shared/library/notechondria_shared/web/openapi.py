"""OpenAPI: request bodies as the contract takes them, and the errors every route can give.

What other services may call is a document of its own: `internal_document`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext
from pydantic.json_schema import models_json_schema

from notechondria_contracts.scopes import IN_WORDS
from notechondria_shared.auth.assertion import INTERNAL_TOKEN_HEADER
from notechondria_shared.auth.caller import allow_caller, require_caller, require_session
from notechondria_shared.auth.scopes import needed_scopes
from notechondria_shared.auth.state import AuthState, state_of
from notechondria_shared.core.version import product_version
from notechondria_shared.web.body import DescribedBody
from notechondria_shared.web.internal import INTERNAL, CalledBy
from notechondria_shared.web.paths import api_routes, calls
from notechondria_shared.web.route import body_model

DETAIL = {
    "description": '`{"detail": text}`',
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
        }
    },
}
FIELDS = {
    "description": "Field errors: every failing field with its texts",
    "content": {
        "application/json": {
            "schema": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
        }
    },
}


_REFUSALS = {
    403: "Not allowed",
    404: "Unknown, or somebody else's",
    409: "In the way of something else",
    413: "Too large",
    429: "Too many tries; `Retry-After` says when to come back (seconds)",
    501: "This server does not offer it; the text names what its operator would set",
    502: "A provider outside cannot be reached",
    503: "A part that this answer needs is away, full or not configured; `Retry-After` in seconds",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: the refusals with `{"detail": text}` that it can give beside 400 and 401."""
    return {status: {**DETAIL, "description": _REFUSALS[status]} for status in statuses}


def install(app: FastAPI) -> None:
    """Replace FastAPI's generator by one that knows the product's bodies and errors."""

    def generate() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = generate  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    public = [route for route in api_routes(app) if route.include_in_schema]
    document = get_openapi(title=app.title, version=product_version(), description=app.description, routes=public)
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token <40 hex>`"},
        "apiKey": {"type": "http", "scheme": "bearer", "description": "`Bearer ntc_<32 hex>`"},
        "program": {
            "type": "oauth2",
            "description": "`Bearer nca_...`, of a program that a person allowed",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "/oauth/authorize",
                    "tokenUrl": "/oauth/token",
                    "refreshUrl": "/oauth/token",
                    "scopes": IN_WORDS,
                }
            },
        },
    }
    return _complete(document, public, state_of(app, AuthState).keys.service)


class _Described(RouteContext):
    """A route as it is described in a document, though the public one leaves it out."""

    @property
    def include_in_schema(self) -> bool:
        """Always."""
        return True


def internal_document(app: FastAPI) -> dict[str, Any]:
    """What a service answers below `/internal`, for the other services (ADR 0006). It is served nowhere.

    It carries no version: both sides of a call are of one release.
    """
    routes = [
        _Described(**{one.name: getattr(route, one.name) for one in fields(route)})
        for route in api_routes(app)
        if route.path_format and route.path_format.startswith(f"{INTERNAL}/")
    ]
    document = get_openapi(title=f"{app.title}, internal", version="internal", routes=routes)
    document.setdefault("components", {})["securitySchemes"] = {
        "internal": {"type": "apiKey", "in": "header", "name": INTERNAL_TOKEN_HEADER}
    }
    return _complete(document, routes)


def _complete(document: dict[str, Any], routes: Sequence[RouteContext], service: str = "") -> dict[str, Any]:
    schemas = document["components"].setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for route in routes:
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            _describe(operation, route.dependant, schemas)
            scopes = needed_scopes(service, method, str(route.path_format))
            if scopes is not None and {"apiKey": []} in operation.get("security", []):
                operation["security"].append({"program": list(scopes)})
    return document


def _describe(operation: dict[str, Any], dependant: Dependant, schemas: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    called = calls(dependant)
    if require_session in called:
        operation["security"] = [{"session": []}]
        responses.setdefault("401", DETAIL)
        responses.setdefault("403", {**DETAIL, "description": _REFUSALS[403]})
    elif require_caller in called:
        operation["security"] = [{"session": []}, {"apiKey": []}]
        responses.setdefault("401", DETAIL)
    elif allow_caller in called:
        operation["security"] = [{}, {"session": []}, {"apiKey": []}]
        responses.setdefault("401", DETAIL)
    for call in called:
        if isinstance(call, CalledBy):
            operation["security"] = [{"internal": []}]
            operation["x-callers"] = list(call.callers)
            responses.setdefault("403", DETAIL)
        if isinstance(call, DescribedBody):
            operation["requestBody"] = _request_body(call, schemas)
            responses.setdefault("400", FIELDS if call.models else DETAIL)
    if (model := body_model(dependant)) is not None:
        operation["requestBody"] = _request_body(DescribedBody((model,)), schemas)
        responses.setdefault("400", FIELDS)
    if "requestBody" in operation:
        responses.setdefault("400", DETAIL)


def _request_body(body: DescribedBody, schemas: dict[str, Any]) -> dict[str, Any]:
    _, definitions = models_json_schema(
        [(model, "validation") for model in body.models], ref_template="#/components/schemas/{model}"
    )
    schemas.update(definitions.get("$defs", {}))
    references = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in body.models]
    schema: dict[str, Any] = references[0] if len(references) == 1 else {"anyOf": references}
    content: dict[str, Any] = {}
    if references:
        content = {kind: {"schema": schema} for kind in ("application/json", "application/x-www-form-urlencoded")}
    if body.files:
        parts = {name: {"type": "string", "format": "binary"} for name in body.files}
        files: dict[str, Any] = {"type": "object", "properties": parts}
        if not references:  # the files are all there is
            files["required"] = list(parts)
        content["multipart/form-data"] = {"schema": {"allOf": [schema, files]} if references else files}
    return {"required": True, "content": content} if not references else {"content": content}
