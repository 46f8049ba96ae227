"""Pages below `/account/`: signing in, and what is one's own."""

from __future__ import annotations

from fastapi import Request, Response

from notechondria_shared.core.errors import NotFound
from notechondria_shared.web.router import Router
from web_service.account import (
    apps,
    confirm,
    devices,
    joining,
    offers,
    password,
    programs,
    second_step,
    security,
    sign_in,
)
from web_service.site.pages import PageRoute, redirect
from web_service.site.paths import HOME, READS, answers, nearest_page
from web_service.site.texts import text

router = Router(include_in_schema=False, route_class=PageRoute)
router.include_router(sign_in.router)
router.include_router(joining.router)
router.include_router(second_step.router)
router.include_router(confirm.router)
router.include_router(security.router)
router.include_router(password.router)
router.include_router(devices.router)
router.include_router(offers.router)
router.include_router(apps.router)
router.include_router(programs.router)


@router.api_route("/account/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown(request: Request, path: str) -> Response:
    """Everything else. Who left out the slash, or opens by hand what only takes a form, is led to the page."""
    whole = request.url.path.rstrip("/") + "/"
    if request.method in READS and any(answers(request, whole, method) for method in ("GET", "POST")):
        near, query = nearest_page(request, whole), request.url.query
        return redirect(f"{near}?{query}" if query and near == whole else near)
    raise NotFound(text("errors", "no_page"))


@router.get("/account")
async def without_slash() -> Response:
    """The slash at the end may be left out."""
    return redirect(HOME)
