"""Test calendars of the libraries icalendar and recurring-ical-events, out of the sources that uv.lock names."""

from __future__ import annotations

import hashlib
import io
import tarfile
import tomllib
from pathlib import Path

import httpx
import pytest

from planner_service.calendars.decoding import decode

ROOT = Path(__file__).resolve().parents[3]
LIBRARIES = ("icalendar", "recurring-ical-events")
KEPT = ROOT / ".venv" / ".calendars"
"""Where what was fetched once stays."""


def calendars_of_libraries() -> dict[str, str]:
    """Path in the sources -> text, of every .ics file; skipped where they cannot be fetched."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    sources = [package["sdist"] for package in lock["package"] if package["name"] in LIBRARIES]
    assert len(sources) == len(LIBRARIES)
    texts: dict[str, str] = {}
    for source in sources:
        with tarfile.open(fileobj=io.BytesIO(_fetched(source["url"], source["hash"]))) as archive:
            for member in archive:
                if member.name.endswith(".ics") and (stream := archive.extractfile(member)) is not None:
                    text, _ = decode(stream.read(), "")
                    texts[member.name.partition("/")[2]] = text
    return texts


def _fetched(url: str, checksum: str) -> bytes:
    kept = KEPT / url.rpartition("/")[2]
    if not kept.is_file():
        try:
            body = httpx.get(url, follow_redirects=True, timeout=30).raise_for_status().content
        except httpx.HTTPError as error:
            pytest.skip(f"the sources of the libraries cannot be fetched: {error}")
        KEPT.mkdir(exist_ok=True)
        kept.write_bytes(body)
    body = kept.read_bytes()
    assert f"sha256:{hashlib.sha256(body).hexdigest()}" == checksum
    return body
