"""Routers whose routes an application takes as they are.

FastAPI's `include_router` makes each route once more, with what the router around it adds: of all services together
that was 12 MiB which nobody needs (docs/operations.md, "Measured"), since here a route has everything from its own
router. Only the class of answers came from the application, and a `Router` gives it to its routes itself.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from notechondria_shared.web.answers import Json


class Router(APIRouter):
    """A router for `include`."""

    def __init__(self, prefix: str = "", **options: Any) -> None:
        super().__init__(prefix=prefix, default_response_class=Json, **options)

    def include_router(self, router: APIRouter, **options: Any) -> None:
        """Take the routes of another one as they are; those that come to it later are not taken."""
        if options:
            message = f"routes are taken as they are, without {', '.join(options)}"
            raise TypeError(message)
        include(self, router)


def include(around: APIRouter, router: APIRouter) -> None:
    """Add the routes of `router` to those of the router of an application, or of one inside it.

    TypeError where FastAPI would make them anew, since `around` has something to add to them.
    """
    added = (around.prefix, around.tags, around.dependencies, around.responses, around.callbacks, around.deprecated)
    if any(added) or not isinstance(router, Router) or (router.include_in_schema and not around.include_in_schema):
        message = "the routes would have to be made once more: give them to a Router that has all they need"
        raise TypeError(message)
    around.routes.extend(router.routes)
