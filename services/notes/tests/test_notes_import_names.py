"""Odd names and headers in archives, which one Python reads otherwise than another."""

from __future__ import annotations

import io
import tarfile
import time
from contextlib import closing

import pytest
from services.notes.tests.test_notes_exchange import packed

from notes_service.exchange.archive import Archive
from notes_service.exchange.limits import Limits, NoArchive
from notes_service.exchange.readers.evernote import read_enex
from notes_service.exchange.tar import Tar
from notes_service.media.names import safe_name

LIMITS = Limits(mib=10, files=100)


def with_extended_header(records: bytes) -> io.BytesIO:
    """A tar whose file has these records (POSIX.1-2001)."""
    header, file = tarfile.TarInfo("x"), tarfile.TarInfo("a.md")
    header.type, header.size = tarfile.XHDTYPE, len(records)
    return io.BytesIO(
        header.tobuf(tarfile.USTAR_FORMAT)
        + records
        + bytes(-len(records) % tarfile.BLOCKSIZE)
        + file.tobuf(tarfile.USTAR_FORMAT)
        + bytes(2 * tarfile.BLOCKSIZE)
    )


def test_a_name_that_begins_with_two_full_stops_has_a_stem() -> None:
    """3.13 refuses to take it apart, and the import was not done."""
    archive = io.BytesIO(packed({"..png": b"x", "scan..jpg": b"y", "end.": b"z"}))
    with closing(Archive(archive, LIMITS)) as source:
        assert source.of_stem("scan..jpeg") == "scan..jpg"
        assert source.of_stem("..jpg") == "..png"
        assert source.of_stem("end.") == "end."


@pytest.mark.parametrize("records", [b"1" * 500_000, b"17 path=other.md\n" + b"1" * 500_000])
def test_a_header_of_digits_is_refused_at_once(records: bytes) -> None:
    """`tarfile` of 3.11.7 and 3.12.1 takes ten minutes for it (CPython issue 121285)."""
    began = time.process_time()
    with pytest.raises(NoArchive):
        Tar(with_extended_header(records), LIMITS)
    assert time.process_time() - began < 5


def test_a_long_name_is_read() -> None:
    name = f"{'1' * 200}/{'2' * 200}.md"
    record = f" path={name}\n"
    size = len(record) + 3
    with closing(Tar(with_extended_header(f"{size}{record}".encode()), LIMITS)) as source:
        assert list(source.names()) == [name]


@pytest.mark.parametrize("begin", ["<!--", "<note a='", "<?x ", "<note "])
def test_a_tag_that_does_not_end_ends_the_reading(begin: str) -> None:
    """With the expat of 3.11.2, 3.11.7 and 3.12.1, hours for what a zip of a megabyte can hold."""
    archive = io.BytesIO(packed({"a.enex": f"<en-export>{begin}".encode() + b"x" * (24 << 20)}))
    began = time.process_time()
    with closing(Archive(archive, LIMITS)) as source:
        read_enex(source)
        assert [name for name, _ in source.left_out] == ["a.enex"]
    assert time.process_time() - began < 5


def test_a_long_text_of_evernote_is_read() -> None:
    text = "<en-export><note><title>Long</title><content>" + "word " * 600_000 + "</content></note></en-export>"
    with closing(Archive(io.BytesIO(packed({"a.enex": text.encode()})), LIMITS)) as source:
        read_enex(source)
        assert source.left_out == []
        assert len(list(source.made)) == 1


@pytest.mark.parametrize("sign", ["\U0001fae8", "\U0001fae9", "\U0002ebf0"])
def test_a_sign_that_a_python_does_not_know_stays_in_a_name(sign: str) -> None:
    """Of Unicode 15, 15.1 and 16; 3.11 has 14."""
    assert safe_name(f"a{sign}\u202eb.png") == f"a{sign}b.png"
