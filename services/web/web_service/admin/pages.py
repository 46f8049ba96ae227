"""Pages of the administration site: templates, headers, and errors as HTML. No script, nothing from elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_shared.core.errors import ApiError
from web_service.dependencies import state
from web_service.site.pages import SignInNeededError
from web_service.site.refusals import kept_headers, sentence
from web_service.site.times import shown_time

logger = logging.getLogger("notechondria.admin")
HOME = "/admin/"
SIGN_IN = "/admin/sign-in/"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TITLES = {
    400: "That did not work",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    429: "Too many tries",
    503: "Back in a moment",
}
TEMPLATES = Environment(
    loader=PackageLoader("web_service.admin"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def redirect(path: str, **query: str) -> RedirectResponse:
    """303 to a path of the site, whatever the method was."""
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, status_code=303, headers=HEADERS)


def page(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """A page; who is signed in and what there is on the site is known to all of them."""
    staff = getattr(request.state, "staff", None)
    catalogue = state(request).catalogue
    shown = {
        "staff": staff,
        "sections": [section.resource for section in catalogue.sections.values()],
        "accounts": catalogue.accounts,
        "active": "",
        "notice": "",
        "problem": "",
        **values,
    }
    content = TEMPLATES.get_template(template).render(shown)
    return HTMLResponse(content, status_code=status, headers={**HEADERS, **(headers or {})})


def error_page(request: Request, status: int, text: str, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """What went wrong, in words."""
    title = _TITLES.get(status, "Something went wrong on our side")
    return page(request, "error.html", status=status, headers=headers, title=title, text=text)


class PageRoute(APIRoute):
    """A route whose every answer is a page: refusals too, and what nobody thought of."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its errors rendered."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except SignInNeededError:
                at = request.url.path if request.method == "GET" and request.url.path != HOME else ""
                return redirect(SIGN_IN, **({"next": at} if at else {}))
            except ApiError as refusal:
                return error_page(request, refusal.status, sentence(refusal.body), refusal.headers)
            except ServiceRefused as refusal:
                return error_page(request, refusal.status, sentence(refusal.body), kept_headers(refusal))
            except ServiceUnavailable as away:
                return error_page(request, 503, str(away))
            except Exception:
                logger.exception("unhandled error in %s %s", request.method, quote(request.url.path))
                return error_page(request, 500, "It has been logged.")

        return answer


def _timestamp(text: str | None) -> str:
    """`2026-11-21 16:05 UTC` of an ISO 8601 text; empty for None."""
    if not text:
        return ""
    return shown_time(text, UTC)


def _size(number: int) -> str:
    """Bytes, as people read them."""
    return f"{number} B" if number < 1024 else f"{number / 1024:.1f} KiB"


TEMPLATES.filters["timestamp"] = _timestamp
TEMPLATES.filters["size"] = _size
