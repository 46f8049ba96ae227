"""The route of a request as a template: few values, and no secret that stands in a path."""

from __future__ import annotations

from starlette.types import Scope

UNSEEN = ("/internal/health/", "/internal/metrics")
"""Paths asked every second by machines; neither counted nor traced."""
UNMATCHED = "(no route)"
PREFLIGHT = "(preflight)"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def route_template(scope: Scope) -> str:
    """`/api/v1/notes/{note_id}/` of an answered request; a fixed word where no route was chosen."""
    # A route of an included router does not know its prefix; its context does.
    context = scope.get("fastapi", {}).get("effective_route_context")
    known = (getattr(context, "starlette_route", None), context, scope.get("route"))
    template = next((template_of for route in known if (template_of := getattr(route, "path_format", None))), None)
    if template:
        return str(template)
    return PREFLIGHT if scope["method"] == "OPTIONS" else UNMATCHED


def method_of(scope: Scope) -> str:
    """The method, `OTHER` for one that a client made up."""
    method = str(scope["method"])
    return method if method in METHODS else "OTHER"
