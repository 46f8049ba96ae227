"""The pages of calendars."""

from __future__ import annotations

import segno
from markupsafe import Markup

from web_service.site.pages import Pages

PAGES = Pages("web_service.calendars")
CALENDARS = "/account/calendars/"
_QR_LONGEST = 500


def qr(address: str) -> Markup:
    """An address as a picture."""
    code = segno.make_qr(address[:_QR_LONGEST] or "-", error="m")
    return Markup(code.svg_inline(scale=4, omitsize=True, border=2))  # noqa: S704 - drawn here: paths and numbers
