"""Pages of HTML, whole and broken, are read alike on every Python: `html.parser`, which changed, is not asked."""

from __future__ import annotations

import time

import pytest

from notes_service.exchange.markup import to_markdown


@pytest.mark.parametrize(
    ("page", "markdown"),
    [
        ("<p>a<!--c--!>b", "ab"),
        ("<p>a<!-->b-->c", "ab-->c"),
        ("<p>a<!--->b-->c", "ab-->c"),
        ("<p>a<!-- > -- -->b", "ab"),
        ("<p>a<![endif]-->b", "ab"),
        ("<p>a</>b</ x>c<?pi?>d<! x>e", "abcde"),
        ("<script>a</script/>b<style>p{}</STYLE\n>c", "bc"),
        ("<textarea>a &amp; <b>c</textarea>d", "a & <b>cd"),
        ("<xmp>&amp;</xmp>d", "&amp;d"),
        ("<plaintext><b>x</b>y", "<b>x</b>y"),
        ("<a href='?a=1&copy=2&lt=3&amp;x&eacute;&copy'>y</a>", "[y](?a=1&copy=2&lt=3&xé©)"),
        ("<a href=x/>y</a>", "[y](x/)"),
        ("<a\n =x / href = 'x'title=y>z</a>", '[z](x "y")'),
        ("<a href=>z</a>", "z"),
        ("<p>&#65; &#x42 &lt &isin; &#99999999999; & &x;", "A B < ∈ � & &x;"),
        ("<svg><![CDATA[x<y]]></svg>z", "x<yz"),
        ("<br/>x</br>y", "xy"),
        ("<P Title=x>a</P >b", "a\n\nb"),
        ("1 < 2 <3 <", "1 < 2 <3 <"),
    ],
)
def test_a_broken_page_is_read_as_browsers_do(page: str, markdown: str) -> None:
    assert to_markdown(page)[0] == markdown


@pytest.mark.parametrize(
    "end", ["<b", "<b ", "<b c='d", "<b c=", "<!", "<!-- d", "<?", "</b", "</", "<![CDATA[d", "&am"]
)
def test_what_does_not_end_stays_as_text(end: str) -> None:
    assert to_markdown(f"<p>a {end}")[0] == f"a {end}".strip()


def test_a_title_is_text() -> None:
    assert to_markdown("<title>a<b>c &amp; d</title>e") == ("a<b>c & de", "a<b>c & d")


@pytest.mark.parametrize(
    "part", ["<a ", "<a b=", "<a/", '<a "', "<a a='b'", "<!--", "<", "&#", "&#1", "</a ", "<![", "<br></b>"]
)
def test_time_grows_with_the_page_and_no_faster(part: str) -> None:
    """`html.parser` of 3.11.2, 3.11.7, 3.12.1 and 3.13.0 takes a minute for 60 KB of the first ones."""
    began = time.process_time()
    to_markdown(part * (200_000 // len(part)))
    assert time.process_time() - began < 20
