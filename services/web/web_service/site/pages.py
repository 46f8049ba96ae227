"""Pages for people: templates, headers, errors as HTML. A script only where a page says so, nothing from elsewhere."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC
from typing import Any, Protocol
from urllib.parse import quote

from fastapi import Request, Response
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse, RedirectResponse

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_shared.core.errors import ApiError
from notechondria_shared.web.route import ReadRoute
from web_service.site.cookies import cookie_flags, cookie_name
from web_service.site.paths import CONFIRM, SECURITY, SIGN_IN, asked_path, with_next
from web_service.site.refusals import kept_headers, needs_confirmation, plain, plain_problems, sentence
from web_service.site.request_cookies import cookie_of
from web_service.site.texts import text, texts
from web_service.site.times import shown_time

logger = logging.getLogger("notechondria.site")
NOTICE_COOKIE = "notechondria_site_notice"
NOTICE_SECONDS = 60
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src {scripts}; form-action {targets}; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
FORMS = ("/account/agents/keys/new/", "/account/profile/address/", "/account/profile/delete/")
"""Forms that are opened at the path that they are sent to: who has to confirm first comes back to them."""
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
"""What a Content-Security-Policy can name: no address of IPv6 is among it."""


class SignInNeededError(Exception):
    """Nobody is signed in, or not any more."""


class SessionOverError(SignInNeededError):
    """A form was sent by who is not signed in any more: what it holds is lost, and that is said."""


def can_be_named(origin: str) -> bool:
    """Whether a policy can say that a form may end at this origin."""
    return _ORIGIN.fullmatch(origin) is not None


def policy(*, script: bool = False, form_targets: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of a page: a script of our own or none, forms that lead to us or as named.

    Browsers hold redirects after a form against `form-action` too: a page whose form ends at another origin names it.
    """
    targets = ["'self'", *(origin for origin in form_targets if can_be_named(origin))]
    return _POLICY.format(scripts="'self'" if script else "'none'", targets=" ".join(targets))


def redirect(path: str, *, notice: str = "", request: Request | None = None) -> RedirectResponse:
    """303 to a path of the site, whatever the method was. The next page says the text `notice` of the notices once."""
    answer = RedirectResponse(path, status_code=303, headers={**HEADERS, "Content-Security-Policy": policy()})
    if notice and request is not None:
        name = cookie_name(request, NOTICE_COOKIE)
        answer.set_cookie(name, notice, max_age=NOTICE_SECONDS, **cookie_flags(request, samesite="strict"))
    return answer


def _refused(request: Request, refusal: ServiceRefused) -> Response:
    """Why a service did not do it; first to the page that asks for the password, where that is why."""
    if needs_confirmation(refusal):
        target = (
            asked_path(request)
            if request.method == "GET"
            else next((path for path in FORMS if path == request.url.path), SECURITY)
        )
        return redirect(with_next(CONFIRM, target), notice="confirm_first", request=request)
    return error_page(request, refusal.status, sentence(refusal.body), kept_headers(refusal))


@pass_context
def _timestamp(context: Context, at: str | None) -> str:
    """A time in the zone of who is signed in."""
    person = context.get("person")
    return shown_time(at, person.zone if person else UTC)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Titled(Protocol):
    """What has an id and a title."""

    id: int
    title: str


def _id_and_title(one: _Titled) -> tuple[int, str]:
    return one.id, one.title


def _with_text(value: object, said: Mapping[str, str], prefix: str) -> tuple[object, str]:
    return value, said[f"{prefix}{value}"]


class Pages:
    """The pages of one feature: its own templates above those of the site."""

    def __init__(self, package: str) -> None:
        loaders = [PackageLoader(name) for name in dict.fromkeys((package, "web_service.site"))]
        self._templates = Environment(
            loader=ChoiceLoader(loaders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            at=_timestamp, plain=plain, json=_json, id_and_title=_id_and_title, with_text=_with_text
        )

    def add_filters(self, **filters: Callable[..., object]) -> None:
        """What the templates of this feature call beside what all have."""
        self._templates.filters.update(filters)

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        script: str = "",
        form_targets: Sequence[str] = (),
        refusal: ServiceRefused | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """A page. `script` is the path of the one script it needs, `form_targets` are origins that its form ends at;
        `refusal` is what a service said of the form, shown beside it with the refusal's status."""
        cookie = cookie_name(request, NOTICE_COOKIE)
        notice = texts()["notices"].get(cookie_of(request, cookie), "")
        shown = {
            "t": texts(),
            "person": getattr(request.state, "person", None),
            "notice": notice,
            "problems": plain_problems(refusal),
            "script": script,
            **values,
        }
        content = self._templates.get_template(template).render(shown)
        own = {**HEADERS, "Content-Security-Policy": policy(script=bool(script), form_targets=form_targets)}
        kept = {**kept_headers(refusal), **(headers or {})}
        answer = HTMLResponse(content, status_code=refusal.status if refusal else status, headers={**own, **kept})
        if notice:
            answer.delete_cookie(cookie, **cookie_flags(request, samesite="strict"))
        return answer

    def ask(self, request: Request, what: str, action: str, back: str, **names: str) -> HTMLResponse:
        """A page that asks whether something is to be done: the texts of `what`, with `names` filled in."""
        said = {name: words.format(**names) for name, words in texts()[what].items()}
        return self.page(request, "ask.html", said=said, action=action, back=back)


_SITE = Pages("web_service.site")


def error_page(request: Request, status: int, reason: str, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """What went wrong, in words."""
    title = texts()["errors"].get(f"title_{status}", text("errors", "title_500"))
    return _SITE.page(request, "error.html", status=status, headers=headers, title=title, text=plain(reason))


def leave(request: Request, url: str, name: str, page: str = "leave") -> HTMLResponse:
    """A page that leads the browser to another origin at once; `name` is what people call it, `page` whose text it has.

    Not a redirect: after a form that would be held against `form-action`, on whatever page the form was.
    """
    said = text(page, "text" if page == "leave" else "leave_text")
    return _SITE.page(request, "leave.html", url=url, name=name, said=said)


class PageRoute(ReadRoute):
    """A route whose every answer is a page: refusals too, and what nobody thought of."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its errors rendered."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except SignInNeededError as needed:
                lost = "session_over" if isinstance(needed, SessionOverError) else ""
                return redirect(with_next(SIGN_IN, asked_path(request)), notice=lost, request=request)
            except ApiError as refusal:
                return error_page(request, refusal.status, sentence(refusal.body), refusal.headers)
            except ServiceRefused as refusal:
                return _refused(request, refusal)
            except ServiceUnavailable as away:
                return error_page(request, 503, str(away), {"Retry-After": "5"})
            except Exception:
                logger.exception("unhandled error in %s %s", request.method, quote(request.url.path))
                return error_page(request, 500, text("errors", "logged"))

        return answer
