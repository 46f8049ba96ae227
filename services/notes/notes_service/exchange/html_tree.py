"""Beautiful Soup's tree of a page, read by `html_parts`. Loads five megabytes: import it where a page is imported."""

from __future__ import annotations

from bs4 import BeautifulSoup
from bs4.builder._htmlparser import BeautifulSoupHTMLParser, HTMLParserTreeBuilder

from notes_service.exchange.html_parts import Attributes, read_html

DEEPEST = 200
"""Tags within each other; a page that nests deeper stays as it is."""


class TooDeep(Exception):
    """Tags nest deeper than that."""


class _Parser(BeautifulSoupHTMLParser):
    def feed(self, data: str) -> None:
        read_html(data, self)

    def close(self) -> None:
        pass

    def handle_starttag(self, tag: str, attrs: Attributes, handle_empty_element: bool = True) -> None:
        super().handle_starttag(tag, attrs, handle_empty_element)
        # Kept for `</br>`, which ends nothing anyhow, and looked through at each end tag.
        self.already_closed_empty_element.clear()
        if len(self.soup.tagStack) > DEEPEST + 1:
            raise TooDeep


class _Builder(HTMLParserTreeBuilder):
    def feed(self, markup: str) -> None:  # type: ignore[override] # a page is always text here
        super().feed(markup, _Parser)


def tree_of(html: str) -> BeautifulSoup:
    """The tree of a page."""
    return BeautifulSoup(html, builder=_Builder(store_line_numbers=False))
