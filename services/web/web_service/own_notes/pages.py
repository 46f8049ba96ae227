"""The pages of notes."""

from __future__ import annotations

from web_service.site.pages import Pages
from web_service.site.texts import text

PAGES = Pages("web_service.own_notes")
NOTES = "/account/notes/"
BIN = f"{NOTES}bin/"
EXPORT = f"{NOTES}export/"
IMPORT = f"{NOTES}import/"
_KIB = 1024


def size_in_words(size: int) -> str:
    """`3.4 MB` of a number of bytes."""
    units = ("bytes", "KB", "MB", "GB", "TB")
    amount, step = float(size), 0
    while amount >= _KIB and step < len(units) - 1:
        amount, step = amount / _KIB, step + 1
    return text("sizes", units[step]).format(amount=f"{amount:.1f}".removesuffix(".0"))


PAGES.add_filters(size=size_in_words)
