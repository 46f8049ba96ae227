"""After moving to another account nothing points at the old one: files, notes, versions, blocks and fields."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from services.notes.tests.test_notes_exchange import exported, imported, notes_of, packed
from tests.support.client import Api, User

from notes_service.exchange.moves import Moves, without_origin

MIB = 1024 * 1024


def attached(user: User, note: dict[str, Any], name: str, data: bytes = b"png") -> str:
    sent = user.request("POST", f"notes/{note['id']}/attachments/", files={"file": (name, data)})
    assert sent.status_code == 201
    return str(sent.json()["url"])


def history(user: User, note: dict[str, Any]) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = user.get(f"notes/{note['id']}/history/").json()
    return answer


def moved(mine: User, other: User) -> dict[str, dict[str, Any]]:
    assert imported(other, packed(exported(mine)))["errors"] == []
    return notes_of(other)


def old_traces(mine: User, texts: list[str]) -> list[str]:
    """What still points at the old account."""
    uuids = [note["uuid"] for note in notes_of(mine).values() if not note["title"].startswith("Welcome")]
    marks = [f"user_{mine.id}/", *uuids]
    return [text for text in texts if any(mark in text for mark in marks)]


def test_links_to_files_of_other_notes_and_in_versions_follow(mine: User, other: User, api: Api) -> None:
    # The first by path links to the last, and the other way round: neither order of writing knows both.
    first, last = (mine.post("notes/", {"title": title}).json() for title in ("Anna", "Zoe"))
    for here, there in ((first, last), (last, first)):
        url, theirs = attached(mine, here, "a b.png", b"own"), attached(mine, there, f"of {here['title']}.png", b"far")
        text = (
            f"![own]({url}) and ![theirs]({theirs}), see https://app.example/#/notes/{there['uuid']}?x=1 or "
            f"<a href='{theirs}'>that</a>, {api.base}/api/v1/notes/uuid/{there['uuid'].upper()}/. The end: {theirs}."
        )
        mine.patch(
            f"notes/{here['id']}/",
            {"content": text, "description": f"see #/notes/{there['uuid']}", "custom_meta": json.dumps({"u": theirs})},
        )
        mine.post(f"notes/{here['id']}/snapshot/")
    copies = moved(mine, other)
    for name, beside in (("Anna", "Zoe"), ("Zoe", "Anna")):
        copy, far = copies[name], copies[beside]
        texts = [copy["content"], copy["description"], copy["custom_meta"]]
        texts += [version["content"] for version in history(other, copy)]
        assert len(texts) == 4
        assert old_traces(mine, texts) == []
        assert copy["content"].count(far["uuid"]) == 2
        assert copy["content"].endswith(".")
        contents = [api.http.get(url).content for url in re.findall(r"http://[^\s()'>]+/media/[^\s()'>]+\b", texts[0])]
        assert contents == [b"own", b"far", b"far", b"far"]
        assert texts[3] == texts[0]
    export = packed(exported(mine))
    again = imported(other, export)
    assert (again["imported"], again["updated"], again["notices"]) == (0, 0, [])
    before = notes_of(mine)["Anna"]
    after = notes_of(other)["Anna"]
    assert (after["last_edit"], after["date_created"]) == (before["last_edit"], before["date_created"])


@pytest.mark.parametrize(
    "block",
    [
        {"block_type": "I", "text": "a picture", "args": "{url}"},
        {"block_type": "U", "text": "that note", "args": "#/notes/{uuid}"},
        {"block_type": "H", "text": "<img src='{url}'> <a href='#/notes/{uuid}'>n</a>"},
        {"block_type": "C", "text": "curl {url}", "args": "sh"},
    ],
)
def test_links_in_blocks_follow(mine: User, other: User, block: dict[str, str]) -> None:
    source = mine.post("notes/", {"title": "Zoe"}).json()
    url = attached(mine, source, "x.png")
    filled = {name: text.format(url=url, uuid=source["uuid"]) for name, text in block.items()}
    mine.post("notes/", {"title": "Anna", "blocks": [filled, {"text": "more"}]})
    copy = moved(mine, other)["Anna"]
    texts = [copy["content"], *(str(one["text"]) + str(one["args"]) for one in copy["blocks"])]
    assert old_traces(mine, texts) == []
    assert copy["blocks"][0]["block_type"] == block["block_type"]
    new = moved(mine, other)["Zoe"]
    assert new["uuid"] in copy["content"] or attached_urls(other, new)[0] in copy["content"]


def attached_urls(user: User, note: dict[str, Any]) -> list[str]:
    return [one["url"] for one in user.get(f"notes/{note['id']}/attachments/").json()]


def test_files_of_one_name_stay_apart(mine: User, other: User, api: Api) -> None:
    note = mine.post("notes/", {"title": "Twins"}).json()
    urls = [attached(mine, note, "x.png", data) for data in (b"1", b"2", b"3")]
    mine.patch(f"notes/{note['id']}/", {"content": " ".join(f"![]({url})" for url in urls)})
    for _ in range(2):
        copy = moved(mine, other)["Twins"]
        shown = re.findall(r"\((http[^)]+)\)", copy["content"])
        assert [api.http.get(url).content for url in shown] == [b"1", b"2", b"3"]


def test_what_points_elsewhere_stays(mine: User, other: User) -> None:
    stranger = "00000000-0000-4000-8000-000000000001"
    text = (
        f"#/notes/{stranger} https://cdn.example/media/user_upload/user_9/notes/note_00/x.png /media/ notes/ "
        f"footnotes/{stranger}"
    )
    mine.post("notes/", {"title": "Out", "content": text})
    assert moved(mine, other)["Out"]["content"] == text


def test_large_notes_fields_and_versions_come_back(mine: User, other: User) -> None:
    note = mine.post("notes/", {"title": "Heavy"}).json()
    path = f"notes/{note['id']}/"
    for number in range(4):
        text = f"{number} " + "words of one lecture\n" * (5 * MIB // 21)
        assert mine.patch(path, {"content": text}).status_code == 200
        assert mine.post(f"{path}snapshot/", {"reason": f"r{number}"}).status_code == 201
    mine.patch(path, {"metadata_json": json.dumps({"m": "x" * 5 * MIB}), "custom_meta": "y" * 12 * MIB})
    files = exported(mine)
    assert len([name for name in files if name.startswith("versions/")]) == 4
    assert imported(other, packed(files, compress_type=8))["errors"] == []
    copy, before = notes_of(other)["Heavy"], mine.get(path).json()
    assert all(copy[name] == before[name] for name in ("content", "metadata_json", "custom_meta", "last_edit"))
    kept = [[(one["reason"], one["content"]) for one in history(*pair)] for pair in ((mine, note), (other, copy))]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 4


def test_an_attachment_keeps_its_date(mine: User, other: User) -> None:
    note = mine.post("notes/", {"title": "Dated"}).json()
    attached(mine, note, "x.png")
    (before,) = mine.get(f"notes/{note['id']}/attachments/").json()
    copy = moved(mine, other)["Dated"]
    (after,) = other.get(f"notes/{copy['id']}/attachments/").json()
    assert after["date_created"] == before["date_created"]


def test_the_end_of_a_sentence_is_no_part_of_an_address() -> None:
    moves = Moves(files={"a/b.png": "http://new/media/c.png", "a/b": "http://new/media/d"})
    assert moves.rewritten("see /media/a/b.png. Or https://x.example/media/a/b, or /media/a/b.png_") == (
        "see http://new/media/c.png. Or http://new/media/d, or http://new/media/c.png_"
    )
    assert moves.leaves_open("/media/a/c.png")
    assert not moves.leaves_open("/media/a/b.png nothing else")
    assert without_origin("![](https://a.example/media/x.png) /media/y") == "![](/media/x.png) /media/y"


def test_links_to_what_an_earlier_import_brought_follow(mine: User, other: User, api: Api) -> None:
    ids = [mine.post("courses/", {"title": title}).json()["id"] for title in ("First", "Second")]
    far = mine.post("notes/", {"title": "Far", "course_id": ids[0]}).json()
    url = attached(mine, far, "x y.png", b"far")
    text = f"![]({url}) #/notes/{far['uuid']}"
    mine.post("notes/", {"title": "Near", "course_id": ids[1], "content": text})
    exports = [mine.get(f"notes/export/?course_id={course_id}").content for course_id in ids]
    for _ in range(2):
        for export in exports:
            answer = other.request("POST", "notes/import/", files={"file": ("x.zip", export)}).json()
            assert (answer["updated"], answer["errors"]) == (0, [])
        notes = notes_of(other)
        assert old_traces(mine, [notes["Near"]["content"]]) == []
        assert notes["Far"]["uuid"] in notes["Near"]["content"]
        shown = re.findall(r"\((http[^)]+)\)", notes["Near"]["content"])
        assert [api.http.get(one).content for one in shown] == [b"far"]
