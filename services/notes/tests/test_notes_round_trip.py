"""Any account, exported, packed again, imported by somebody else and exported again, is the same but for ids."""

from __future__ import annotations

import io
import json
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from services.notes.tests.test_notes_exchange import PICTURE, exported, packed
from services.notes.tests.test_notes_import_paths import raw_zip
from tests.support.client import Api, User

from notechondria_launcher.stack import Stack
from notes_service.exchange import front_matter

CHARACTERS = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXT = st.text(CHARACTERS, max_size=40)
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
PIECE = st.one_of(
    TEXT,
    st.sampled_from(
        ["# H", "```\n{file}\n```", "![a]({file})", "<img src='{file}'>", "[n](https://app.example/#/notes/{note})",
         "#/notes/{note}", "---", "title: x", "\t- a", "{file}.", "[[x.png]]", "<!-- notes/{note} -->",
         "    code {file}"]
    ),
)  # fmt: skip
BLOCK = st.fixed_dictionaries(
    {"block_type": st.sampled_from("TSNUEPCQILH"), "text": PIECE},
    optional={"args": st.sampled_from([None, "python", "{file}", "##"]), "is_AI_generated": st.booleans()},
)
NOTE = st.fixed_dictionaries(
    {
        "title": NAME,
        "pieces": st.lists(PIECE, max_size=5),
        "description": st.one_of(st.none(), st.text(CHARACTERS, max_size=30), st.just("see #/notes/{note}")),
        "custom_meta": st.sampled_from(["", "plain", '{"a": [1, {"b": null}]}', '{"link": "{file}"}']),
        "metadata_json": st.sampled_from(["", '{"tags": ["x"]}', "[1]"]),
        "is_public": st.booleans(),
        "editor_mode": st.sampled_from("GBP"),
        "course": st.one_of(st.none(), st.integers(0, 2)),
        "comment_on": st.one_of(st.none(), st.integers(0, 3)),
        "blocks": st.one_of(st.just([]), st.lists(BLOCK, min_size=1, max_size=4)),
        "files": st.lists(st.one_of(NAME, st.sampled_from(["x.png", "X.PNG", "ä.pdf"])), max_size=3),
        "links_to": st.integers(0, 3),
        "cover": st.booleans(),
        "versions": st.integers(0, 2),
        "binned": st.booleans(),
    }
)
ACCOUNT = st.fixed_dictionaries(
    {
        "courses": st.lists(
            st.fixed_dictionaries(
                {
                    "title": NAME,
                    "description": TEXT,
                    "icon": st.sampled_from([None, 7]),
                    "color_hue": st.sampled_from([None, 9]),
                }
            ),
            max_size=3,
        ),
        "notes": st.lists(NOTE, min_size=1, max_size=4),
    }
)


def with_folder(data: bytes) -> bytes:
    return packed({f"My export/{name}": content for name, content in unpacked(data).items()})


def as_info_zip(data: bytes) -> bytes:
    return raw_zip(*((name.encode(), content) for name, content in unpacked(data).items()))


def as_on_a_mac(data: bytes) -> bytes:
    return packed({unicodedata.normalize("NFD", name): content for name, content in unpacked(data).items()})


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(names)
        return {name: archive.read(name) for name in names}


def make(user: User, drawn: dict[str, Any]) -> None:  # noqa: C901 - an account has many kinds of things
    """The account, through the API alone; what it refuses is not part of it."""
    ids = []
    for number, course in enumerate(drawn["courses"]):
        answer = user.post("courses/", {**course, "title": f"{number} {course['title']}"})
        ids += [answer.json()["id"]] if answer.status_code == 201 else []
    made: list[tuple[dict[str, Any], dict[str, Any], str]] = []
    for number, note in enumerate(drawn["notes"]):
        body = {name: note[name] for name in ("custom_meta", "metadata_json", "is_public", "editor_mode")}
        if note["comment_on"] is not None and note["comment_on"] < len(made):
            body |= {"note_type": "C", "source_note_uuid": made[note["comment_on"]][1]["uuid"]}
        if note["course"] is not None and note["course"] < len(ids):
            body["course_id"] = ids[note["course"]]
        answer = user.post("notes/", {**body, "title": f"{number} {note['title']}"})
        assert answer.status_code == 201, answer.text
        row, url = answer.json(), "no-file"
        for name in note["files"]:
            sent = user.request("POST", f"notes/{row['id']}/attachments/", files={"file": (name, name.encode())})
            url = sent.json()["url"] if sent.status_code == 201 else url
        made.append((note, row, url))
    for note, row, _ in made:
        _, target, url = made[note["links_to"] % len(made)]

        def filled(text: str | None, url: str = url, target: dict[str, Any] = target) -> str | None:
            return text and text.replace("{file}", url).replace("{note}", target["uuid"])

        path = f"notes/{row['id']}/"
        for number in range(note["versions"]):
            user.patch(path, {"content": f"{number}\n\n" + str(filled("\n".join(note["pieces"])))})
            user.post(f"{path}snapshot/", {"reason": f"r{number}"})
        change: dict[str, Any] = {"content": filled("\n".join(note["pieces"]))}
        if note["blocks"]:
            blocks = [{**one, "text": filled(one["text"]), "args": filled(one.get("args"))} for one in note["blocks"]]
            change = {"blocks": blocks}
        fields = {"description": filled(note["description"]), "custom_meta": filled(note["custom_meta"])}
        assert user.patch(path, {**change, **fields}).status_code == 200
        if note["cover"]:
            user.request("POST", f"{path}cover/", files={"cover": ("c.png", PICTURE)})
    for note, row, _ in made:
        if note["binned"]:
            user.delete(f"notes/{row['id']}/")


def without_ids(data: bytes) -> dict[str, Any]:
    """What an export says, with notes by their titles and files by their number."""
    files = unpacked(data)
    notes = {name: front_matter.read(text.decode()) for name, text in files.items() if name.endswith(".md")}
    names: dict[str, str] = {}
    for fields, _ in notes.values():
        title = str(fields["title"]).split()[0]
        names[str(fields["uuid"])] = f"<{title}>"
        attached: Any = fields["attachments"]
        for number, one in enumerate(attached):
            names[one["media"]] = f"<{title} {number}>"
            names[one["path"]] = f"<{title} {number} path>"

    def plain(text: str) -> str:
        text = re.sub(r"http://[^/\s]+/media/([\w.~/%-]+)", lambda match: "/media/" + match[1], text)
        for old in sorted(names, key=len, reverse=True):
            quoted = httpx_quote(old)
            text = text.replace(old, names[old]).replace(quoted, names[old])
        return text

    said: dict[str, Any] = {}
    for name, (fields, body) in notes.items():
        entry: dict[str, Any] = {**fields, "top": name.split("/")[0], "body": body}
        attached = fields["attachments"]
        entry["bytes"] = [files[item["path"]] for item in attached]
        entry["cover"] = files[str(fields["cover"])] if "cover" in fields else None
        history: Any = fields.pop("versions", [])
        paths = history if isinstance(history, list) else [history]
        entry["versions"] = [json.loads(plain(files[path].decode())) for path in paths]
        texts = {key: value for key, value in entry.items() if key not in ("bytes", "cover")}
        clean = json.loads(plain(json.dumps(texts, ensure_ascii=False)))
        said[str(fields["title"])] = {**clean, "bytes": entry["bytes"], "cover": entry["cover"]}
    courses = [
        {key: value for key, value in course.items() if key not in ("slug", "client_course_id")}
        for course in json.loads(files["courses.json"])["courses"]
    ]
    return {"notes": said, "courses": sorted(courses, key=lambda course: str(course["title"]))}


def differences(before: Any, after: Any, where: str = "") -> list[str]:
    """Where two exports differ, and how."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            line
            for key in {*before, *after}
            for line in differences(before.get(key, "(none)"), after.get(key, "(none)"), f"{where}/{key}")
        ]
    return [] if before == after else [f"{where}: {before!r} != {after!r}"]


def httpx_quote(text: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415 - of this function alone

    return quote(text)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Api]:
    """Another installation, with a database and files of its own."""
    with tempfile.TemporaryDirectory(prefix="notechondria-elsewhere-") as folder:
        Path(folder).chmod(0o711)
        environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0"}
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            yield api


@pytest.mark.parametrize("pack", [with_folder, as_info_zip, as_on_a_mac])
@settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(drawn=ACCOUNT)
def test_an_account_moves_whole(
    api: Api, elsewhere: Api, pack: Callable[[bytes], bytes], drawn: dict[str, Any]
) -> None:
    mine, other = api.register(), elsewhere.register()
    make(mine, drawn)
    for note in other.get("notes/").json():  # an empty account, which the first request gave a welcome note
        other.delete(f"notes/{note['id']}/")
    other.delete("notes/deleted/empty/")
    before = mine.get("notes/export/").content
    result = other.request("POST", "notes/import/", files={"file": ("x.zip", pack(before))}).json()
    assert (result["errors"], result["notices"]) == ([], [])
    after = without_ids(other.get("notes/export/").content)
    assert differences(without_ids(before), after) == []
    again = other.request("POST", "notes/import/", files={"file": ("x.zip", pack(before))}).json()
    assert (again["imported"], again["updated"], again["errors"], again["notices"]) == (0, 0, [], [])
    assert exported(other).keys()
