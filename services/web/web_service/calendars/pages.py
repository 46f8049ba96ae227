"""The pages of calendars."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from notechondria_contracts.clients.base import ServiceRefused
from web_service.account.pages import beside_form
from web_service.site.pages import Pages
from web_service.site.texts import text
from web_service.site.typed import whole_number

PAGES = Pages("web_service.calendars")
CALENDARS = "/account/calendars/"
_QR_LONGEST = 500


def course_of(typed: str) -> int | None:
    """The course that was chosen; None where none was. What names no course is not taken for all of them."""
    course_id = whole_number(typed)
    if typed and not course_id:
        raise _not_chosen("course", "no_course")
    return course_id or None


def minutes_of(typed: str, offered: Sequence[int]) -> int | None:
    """The reminder that was chosen, None for none."""
    minutes = next((minutes for minutes in offered if str(minutes) == typed), None)
    if typed and minutes is None:
        raise _not_chosen("alarm", "no_such_alarm")
    return minutes


def beside_course(refusal: ServiceRefused) -> ServiceRefused:
    """The refusal of a form; a course that is gone is said beside its field."""
    return _not_chosen("course", "no_course") if refusal.status == 404 else beside_form(refusal)


def _not_chosen(field: str, words: str) -> ServiceRefused:
    return ServiceRefused(400, {field: [text("calendars", words)]}, {})


def qr(address: str) -> Markup:
    """An address as a picture."""
    import segno  # noqa: PLC0415 - few pages draw one, and it costs memory

    code = segno.make_qr(address[:_QR_LONGEST] or "-", error="m")
    return Markup(code.svg_inline(scale=4, omitsize=True, border=2))  # noqa: S704 - drawn here: paths and numbers
