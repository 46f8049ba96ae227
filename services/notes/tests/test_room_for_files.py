"""How much of files one person may keep, and how many feeds, links and keys (decision 62)."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image
from tests.support.client import Api, User
from tests.support.replica import another

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def small(api: Api) -> Iterator[str]:
    """A notes service that gives one person two MiB."""
    with another(api.stack, "notes", USER_STORAGE_MIB="2") as url:
        yield f"{url}/api/v1/"


def send(base: str, user: User, note: int, size: int) -> httpx.Response:
    files = {"file": ("a.bin", b"x" * size, "application/octet-stream")}
    return httpx.post(f"{base}notes/{note}/attachments/", files=files, headers=user.headers, timeout=30)


@pytest.mark.contract("decision 62", "notes §8")
def test_files_beyond_the_room_are_refused_as_too_large_ones_are(api: Api, small: str) -> None:
    user = api.register()
    note = user.post("notes/", {"title": "Full"}).json()["id"]
    first = send(small, user, note, MIB + MIB // 2)
    assert first.status_code == 201
    refused = send(small, user, note, MIB)
    assert refused.status_code == 400
    assert "exceeds maximum size" in refused.json()["detail"]
    assert "of your 2 MiB 1.5 are in use" in refused.json()["detail"]
    assert send(small, user, note, MIB // 2).status_code == 201
    assert send(small, user, note, 1).status_code == 400
    # Nothing is there of what was refused, and other people have their own room.
    assert len(user.get(f"notes/{note}/attachments/").json()) == 2
    other = api.register()
    theirs = other.post("notes/", {"title": "Empty"}).json()["id"]
    assert send(small, other, theirs, MIB).status_code == 201

    # What lies in the bin counts; what is removed does not.
    user.delete(f"notes/{note}/")
    second = user.post("notes/", {"title": "Another"}).json()["id"]
    assert send(small, user, second, 1).status_code == 400
    assert user.delete(f"notes/{note}/purge/").status_code in (204, 404)
    user.post(f"notes/{note}/restore/")
    user.delete(f"notes/{note}/attachments/{first.json()['id']}/")
    assert send(small, user, second, MIB).status_code == 201


def test_two_at_once_do_not_both_get_what_is_left(api: Api, small: str) -> None:
    user = api.register()
    notes = [user.post("notes/", {"title": f"Half {number}"}).json()["id"] for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda note: send(small, user, note, MIB).status_code, notes))
    assert sorted(answers) == [201, 201, 400, 400]


def test_imports_stop_at_the_same_room(api: Api, small: str) -> None:
    user = api.register()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        for number in range(3):
            content.writestr(f"note{number}.md", f"# Note {number}\n\n![](file{number}.bin)\n")
            content.writestr(f"file{number}.bin", bytes([number]) * MIB)
    files = {"file": ("notes.zip", archive.getvalue(), "application/zip")}
    answer = httpx.post(f"{small}notes/import/", files=files, headers=user.headers, timeout=60)
    assert answer.status_code < 500, answer.text
    kept = [row for note in user.get("notes/").json() for row in user.get(f"notes/{note['id']}/attachments/").json()]
    assert sum(row["file_size"] for row in kept) <= 2 * MIB
    assert "exceeds maximum size" in answer.text


def noise(seed: int, width: int = 512) -> bytes:
    """A picture of about 0.75 MiB that does not compress."""
    picture = io.BytesIO()
    Image.frombytes("RGB", (width, 512), hashlib.shake_256(bytes([seed % 256])).digest(width * 512 * 3)).save(
        picture, "png"
    )
    return picture.getvalue()


def set_cover(base: str, user: User, note: int, picture: bytes) -> httpx.Response:
    files = {"cover": ("c.png", picture, "image/png")}
    return httpx.post(f"{base}notes/{note}/cover/", files=files, headers=user.headers, timeout=30)


@pytest.mark.contract("decision 62")
def test_covers_take_room_too(api: Api, small: str) -> None:
    user = api.register()
    notes = [user.post("notes/", {"title": f"Cover {number}"}).json()["id"] for number in range(3)]
    assert [set_cover(small, user, note, noise(note)).status_code for note in notes] == [200, 200, 400]
    refused = set_cover(small, user, notes[2], noise(9))
    assert "of your 2 MiB 1.5 are in use" in refused.json()["detail"]
    assert user.get(f"notes/{notes[2]}/").json()["cover_image_url"] == ""
    assert send(small, user, notes[2], MIB).status_code == 400
    assert set_cover(small, user, notes[0], noise(8)).status_code == 200  # in the place of the one before
    assert user.delete(f"notes/{notes[1]}/").status_code == 204
    assert set_cover(small, user, notes[2], noise(7)).status_code == 400
    assert user.delete(f"notes/{notes[0]}/cover/").status_code == 200
    assert set_cover(small, user, notes[2], noise(7)).status_code == 200


def test_imported_covers_take_room_too(api: Api, small: str) -> None:
    first = api.register()
    for number in range(3):
        note = first.post("notes/", {"title": f"Cover {number}"}).json()["id"]
        made = first.request("POST", f"notes/{note}/cover/", files={"cover": ("c.png", noise(number))})
        assert made.status_code == 200, made.text
    archive = first.get("notes/export/").content
    second = api.register()
    files = {"file": ("notes.zip", archive, "application/zip")}
    answer = httpx.post(f"{small}notes/import/", files=files, headers=second.headers, timeout=60)
    assert "exceeds maximum size" in answer.text
    assert sum(bool(note["cover_image_url"]) for note in second.get("notes/").json()) == 2


@pytest.mark.contract("decision 62")
def test_counts_are_settings(api: Api) -> None:
    user = api.register()
    feed = {"title": "Club", "raw_ical": "BEGIN:VCALENDAR\nEND:VCALENDAR"}
    with (
        another(api.stack, "planner", CALENDAR_FEEDS_MAX="1", CALENDAR_LINKS_MAX="0") as planner,
        another(api.stack, "identity", API_KEYS_MAX="1", USER_STORAGE_MIB="7") as identity,
        httpx.Client(headers=user.headers, timeout=30) as client,
    ):
        feeds = [client.post(f"{planner}/api/v1/calendar-feeds/", json=feed).status_code for _ in range(2)]
        link = client.post(f"{planner}/api/v1/calendar-links/", json={"name": "x", "include_events": True})
        shown = client.get(f"{identity}/api/v1/settings/").json()["storage_limit_mib"]
        keys = [client.post(f"{identity}/api/v1/auth/api-keys/", json={"name": "k"}) for _ in range(2)]
    assert feeds == [201, 400]
    assert shown == 7
    assert user.get("settings/").json()["storage_limit_mib"] == 0
    assert link.json() == {"non_field_errors": ["There are 0 links already; remove one first."]}
    assert [answer.status_code for answer in keys] == [201, 400]
    assert "1 keys are the limit" in keys[1].json()["non_field_errors"][0]
