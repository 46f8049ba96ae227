"""Names and addresses are taken apart alike on every Python; each value here is another one in some version."""

from __future__ import annotations

import pytest

from notechondria_shared.core.file_names import stem_of, suffix_of, without_suffix
from notechondria_shared.core.hosts import is_loopback
from notechondria_shared.core.letters import is_unseen
from notechondria_shared.core.web_addresses import host_of, urlsplit
from notechondria_shared.web.cors import origin_allowed
from notechondria_shared.web.media_types import media_type_of


@pytest.mark.parametrize(
    "address",
    [
        *("http://[::1]evil.example/", "http://a[::1]/", "http://[::1]x:80/", "http://[::1]]/", "http://[[::1]/"),
        *("http://[::1]@host/", "http://u[@]host/", "http://[::1/", "http://::1]/", "http://[]/", "http://[1.2.3.4]/"),
        *("http://[g::1]/", "http://[vz.a]/", "http://[host]/"),
    ],
)
def test_brackets_stand_around_an_address_of_ipv6_alone(address: str) -> None:
    """3.11.7, 3.12.1 and 3.13.0 take the first ones for addresses of `::1`."""
    with pytest.raises(ValueError, match=r"."):
        urlsplit(address)
    assert host_of(address) == ""
    assert not origin_allowed(address, frozenset({"::1", "host"}))


@pytest.mark.parametrize(
    ("address", "scheme", "host", "port"),
    [
        ("http://[::1]:8080/a", "http", "::1", 8080),
        ("http://u:p@[fe80::1%25eth0]/", "http", "fe80::1%25eth0", None),
        ("http://[v1.fe80::a+en1]/", "http", "v1.fe80::a+en1", None),
        ("https://example.org:/?a=[b]", "https", "example.org", None),
        (" \x00\x1fhttps://example.org", "https", "example.org", None),  # 3.11.0 to 3.11.3 see no scheme
        ("", "", None, None),
    ],
)
def test_addresses_are_taken_apart(address: str, scheme: str, host: str | None, port: int | None) -> None:
    parts = urlsplit(address)
    assert (parts.scheme, parts.hostname, parts.port) == (scheme, host, port)


@pytest.mark.parametrize(
    ("path", "stem", "suffix"),
    [
        ("notes/a.md", "a", ".md"),
        ("a.tar.gz", "a.tar", ".gz"),
        ("a.", "a.", ""),  # 3.14: "."
        ("a.md.", "a.md.", ""),
        ("..md", ".", ".md"),  # 3.14: ""; `with_suffix("")` is refused by 3.13
        (".md", ".md", ""),
        ("a", "a", ""),
        ("", "", ""),
    ],
)
def test_names_are_taken_apart(path: str, stem: str, suffix: str) -> None:
    assert (stem_of(path), suffix_of(path)) == (stem, suffix)


def test_a_path_keeps_its_folders() -> None:
    assert [without_suffix(path) for path in ("x.y/..md", "x.y/a", "x/a.b.md")] == ["x.y/.", "x.y/a", "x/a.b"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::ffff:10.0.0.1", False), ("10.0.0.1", False)],
)
def test_an_address_of_ipv4_within_ipv6_is_that(host: str, expected: bool) -> None:
    """Up to Python 3.12 the third is none of this machine."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize("sign", ["\U0001fae8", "\U0001fae9", "\U0002ebf0", "\u1c89", "a"])
def test_signs_newer_than_a_python_are_signs(sign: str) -> None:
    assert not is_unseen(sign)


@pytest.mark.parametrize("sign", ["\n", "\u202e", "\ue000", "\x00"])
def test_signs_that_show_nothing_are_known(sign: str) -> None:
    assert is_unseen(sign)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/b.FLAC", "audio/flac"),  # none up to 3.13 where there is no /etc/mime.types
        ("b.wav", "audio/x-wav"),
        ("b.mkv", "video/matroska"),
        ("b.yaml", "application/yaml"),
        ("b.svg", "image/svg+xml"),
        ("b.svgz", "application/octet-stream"),
        ("b", "application/octet-stream"),
    ],
)
def test_kinds_of_files_are_our_own(path: str, kind: str) -> None:
    assert media_type_of(path) == kind
