"""Whatever is sent as a zip, a tar, an ENEX or a document: no 5xx, no hang, and no temporary file stays."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from services.notes.tests.test_notes_exchange import packed
from services.notes.tests.test_notes_readers import ENEX, KEEP, NOTION, RAW, jex
from tests.support.client import User, eventually

from notechondria_launcher.stack import Stack

SECONDS = 15.0
SEEDS: dict[str, bytes] = {
    "x.zip": packed({**RAW, **KEEP, **NOTION, "courses.json": '{"format": 1, "courses": [{"title": "C"}]}'}),
    "x.jex": jex(RAW),
    "x.enex": ENEX.encode(),
    "x.md": b"---\nuuid: a\ntitle: t\ncreated: 2024-01-05\n---\n![[a.png]] [x](y.pdf)",
    "x.html": b"<html><body><h1>a</h1><table><tr><td>b</table><img src=x></body></html>",
}
CHANGE = st.tuples(st.integers(0, 2**20), st.sampled_from(["flip", "cut", "double", "insert"]), st.binary(max_size=8))
VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


def damaged(data: bytes, changes: list[tuple[int, str, bytes]]) -> bytes:
    body = bytearray(data)
    for position, how, more in changes:
        at = position % (len(body) + 1)
        if how == "flip" and at < len(body):
            body[at] ^= 1 + (more[0] if more else 0) % 255
        elif how == "cut":
            del body[at : at + 1 + len(more) * 16]
        elif how == "double":
            body[at:at] = body[at : at + 64]
        else:
            body[at:at] = more
    return bytes(body)


def sent(user: User, name: str, data: bytes, queries: Sequence[str] = ("?dry_run=1", "")) -> None:
    """Ask what would come of it, and have it: both are answered, and say the same of how many notes there are."""
    made: list[dict[str, Any]] = []
    for query in queries:
        begun = monotonic()
        answer = user.request("POST", f"notes/import/{query}", files={"file": (name, data)})
        assert answer.status_code in {200, 400}, answer.text
        assert isinstance(answer.json(), dict)
        assert monotonic() - begun < SECONDS
        made.append(answer.json())
    assert len({tuple(answer) for answer in made}) == 1
    assert len({answer.get("imported") for answer in made}) == 1


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(changes=st.lists(CHANGE, min_size=1, max_size=6))
def test_damaged_files_are_answered(mine: User, name: str, changes: list[tuple[int, str, bytes]]) -> None:
    sent(mine, name, damaged(SEEDS[name], changes))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(manifest=VALUE, history=VALUE, keep=VALUE, fields=st.dictionaries(st.sampled_from(
    ["title", "course", "attachments", "cover", "versions", "blocks", "source_note_uuid", "deleted_at", "last_edit",
     "description", "is_public", "note_type", "editor_mode", "date_created"]), VALUE, max_size=5))  # fmt: skip
def test_documents_of_any_shape_are_answered(
    mine: User, manifest: Any, history: Any, keep: Any, fields: dict[str, Any]
) -> None:
    head = {"uuid": "x", "metadata_json": "", "custom_meta": "", "versions": "v.json", **fields}
    lines = "\n".join(f"{name}: {json.dumps(value)}" for name, value in head.items())
    note = {"isTrashed": False, "userEditedTimestampUsec": keep, "listContent": keep, "labels": keep, "title": keep}
    files = {
        "courses.json": json.dumps({"format": 1, "courses": manifest}),
        "notes/a.md": f"---\n{lines}\n---\n\ntext",
        "v.json": json.dumps(history),
        "k.json": json.dumps({**note, "attachments": keep}),
    }
    sent(mine, "x.zip", packed(files))
    sent(mine, "y.zip", packed({"k.json": files["k.json"], "b.textbundle/info.json": json.dumps(keep),
                                "b.textbundle/text.md": "t"}))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("deep.html", b"<div>" * 200_000),
        ("deep.enex", b"<a>" * 200_000),
        ("wide.enex", b"<en-export>" + b"<note><title>t</title></note>" * 2000 + b"</en-export>"),
        ("long.enex", b"<en-export><note><content>" + b"x" * 25_000_000 + b"</content></note></en-export>"),
        ("table.html", b"<table>" + b"<tr><td>a" * 40_000),
        ("deep.md", b"> " * 50_000 + b"x"),
        ("deep.zip", packed({"k.json": "[" * 100_000, "a.md": "x"})),
        ("front.md", b"---\n" + b"a: " * 5000 + b"\n---\nx"),
    ],
)  # fmt: skip
def test_hostile_files_take_no_longer_than_others(mine: User, name: str, data: bytes) -> None:
    sent(mine, name, data, queries=("?dry_run=1",))


def test_nothing_stays_of_temporary_files(mine: User, stack: Stack) -> None:
    """Neither in the folder of temporary files, nor open and without a name in the process."""
    process = psutil.Process(stack.pid("notes"))

    def unnamed() -> int:
        links = [str(entry.readlink()) for entry in Path(f"/proc/{process.pid}/fd").iterdir() if entry.is_symlink()]
        return len([target for target in links if target.endswith(" (deleted)") and "/tmp" in target])  # noqa: S108

    def named() -> set[str]:
        return {path.name for path in Path(tempfile.gettempdir()).glob("tmp*") if path.stat().st_uid == os.getuid()}

    before, open_before = named(), unnamed()
    for name, data in SEEDS.items():
        sent(mine, name, data + bytes(3 << 20))
    large = packed({"a.md": "text", **{f"{n}.bin": os.urandom(300_000) for n in range(10)}})
    sent(mine, "large.zip", large)
    sent(mine, "cut.zip", large[: len(large) // 2])
    eventually(lambda: unnamed() <= open_before)
    assert named() <= before
