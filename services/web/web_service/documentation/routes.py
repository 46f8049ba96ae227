"""The API's documentation for people and programs: `/api/v1/docs/` and `/api/v1/openapi.json`, over all services.

The page is Swagger UI from its wheel; nothing comes from elsewhere. `make docs` generates the document.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from fastapi import Request, Response

from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.router import Router

router = Router(include_in_schema=False)
CACHED = "public, max-age=3600"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Notechondria API</title>
<link rel="stylesheet" href="/api/v1/docs/swagger-ui.css"><link rel="icon" href="/api/v1/docs/favicon-32x32.png">
</head><body><div id="page"></div>
<script src="/api/v1/docs/swagger-ui-bundle.js"></script><script src="/api/v1/docs/start.js"></script></body></html>
"""
# What is typed into "Authorize" stays in the page: it is not kept in the browser.
START = """SwaggerUIBundle({
  url: "/api/v1/openapi.json", dom_id: "#page", deepLinking: true, filter: true, docExpansion: "none",
  displayRequestDuration: true, persistAuthorization: false, validatorUrl: null,
});
"""
_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


@cache
def _document() -> bytes:
    return resources.files(__package__).joinpath("openapi.json").read_bytes()


@router.get("/api/v1/openapi.json")
async def document() -> Response:
    """The OpenAPI document of all services."""
    return Response(_document(), media_type="application/json", headers={"Cache-Control": CACHED})


@router.get("/api/v1/docs/")
async def page() -> Response:
    """The page for people. HTML, which no app asks for (identity §1)."""
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": CACHED}
    return Response(PAGE, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/api/v1/docs/{name}")
async def asset(request: Request, name: str) -> Response:
    """Script, style and icon of the page."""
    headers = {"Cache-Control": CACHED}
    if name == "start.js":
        return Response(START, media_type="text/javascript", headers=headers)
    if name not in _ASSETS:
        raise NotFound
    data = resources.files("fastapi_swagger").joinpath("resources", name).read_bytes()
    return Response(data, media_type=_ASSETS[name], headers=headers)
