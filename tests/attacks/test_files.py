"""Files: guessed, read out of the bin, and what pictures say about their owners (decision 48)."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.support.attacker import watching
from tests.support.client import Api, User

PLACE = b"PLACE-52.5200N-13.4050E"
ORIENTATION, ARTIST, GPS = 0x0112, 0x013B, 0x8825


@pytest.fixture(scope="module")
def person(api: Api) -> User:
    return api.register()


def _photo(kind: str, orientation: int = 1) -> bytes:
    """A picture, 40 by 20, red on its left and blue on its right, that says where it was taken."""
    image = Image.new("RGB", (40, 20), "red")
    image.paste("blue", (20, 0, 40, 20))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[ARTIST] = PLACE.decode()
    exif.get_ifd(GPS)[29] = PLACE.decode()
    extra: dict[str, Any] = {}
    if kind == "PNG":
        info = PngInfo()
        info.add_text("Comment", PLACE.decode())
        info.add_itxt("XML:com.adobe.xmp", PLACE.decode())
        extra = {"pnginfo": info}
    elif kind == "JPEG":
        extra = {"comment": PLACE, "quality": 95, "subsampling": 0, "xmp": PLACE}
    else:
        extra = {"lossless": True, "xmp": PLACE}
    data = io.BytesIO()
    image.save(data, kind, exif=exif, **extra)
    assert PLACE in data.getvalue()
    return data.getvalue()


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def _upload(person: User, where: str, kind: str, data: bytes) -> str:
    """Upload a picture; the path under which it is delivered."""
    name = f"IMG_2034.{kind.lower()}"
    if where == "avatar":
        answer = person.request("PATCH", "settings/", files={"avatar": (name, data)})
        return _path(answer.json()["image_url"])
    note = person.post("notes/", {"title": "with a picture"}).json()["id"]
    part = "cover" if where == "cover" else "file"
    answer = person.request("POST", f"notes/{note}/{where}/", files={part: (name, data)})
    assert answer.is_success, answer.text
    return _path(answer.json()["cover_image_url" if where == "cover" else "url"])


@pytest.mark.contract("decision 48")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("where", ["cover", "attachments", "avatar"])
def test_pictures_do_not_tell_where_they_were_taken(api: Api, person: User, where: str, kind: str) -> None:
    original = _photo(kind)
    delivered = api.get(_upload(person, where, kind, original)).content
    assert PLACE not in delivered
    with Image.open(io.BytesIO(delivered)) as kept, Image.open(io.BytesIO(original)) as before:
        assert not dict(kept.getexif())
        assert kept.tobytes() == before.tobytes()  # the very same pixels


@pytest.mark.contract("decision 48")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "size", "corner"), [(3, (40, 20), "blue"), (6, (20, 40), "red"), (8, (20, 40), "blue")]
)
def test_a_picture_is_turned_before_it_forgets_how_it_was_held(
    api: Api, person: User, kind: str, orientation: int, size: tuple[int, int], corner: str
) -> None:
    delivered = api.get(_upload(person, "cover", kind, _photo(kind, orientation))).content
    assert PLACE not in delivered
    with Image.open(io.BytesIO(delivered)) as image:
        assert image.size == size
        red, _, blue = image.convert("RGB").getpixel((2, 2))  # type: ignore[misc]
    assert (red > 200, blue > 200) == (corner == "red", corner == "blue")


@pytest.mark.contract("decision 48")
@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe1\x00\x00",
        b"\xff\xd8\xff\xe1\xff\xff" + PLACE,
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffeXIf",
        b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff",
        b"just text",
        b"",
    ],
)
def test_what_is_no_whole_picture_is_kept_as_it_came(api: Api, person: User, content: bytes) -> None:
    note = person.post("notes/", {"title": "odd"}).json()["id"]
    answer = person.request("POST", f"notes/{note}/attachments/", files={"file": ("odd.bin", content)})
    assert answer.status_code == 201, answer.text
    assert api.get(_path(answer.json()["url"])).content == content
    assert answer.json()["file_size"] == len(content)


@pytest.mark.contract("decision 48", "notes §8")
def test_covers_of_private_notes_cannot_be_guessed(api: Api, person: User) -> None:
    paths = [_upload(person, "cover", "PNG", _photo("PNG")) for _ in range(3)]
    assert len({re.sub(r"_[0-9a-f]{16}\.png$", "", path) for path in paths}) == 1
    assert all(re.search(r"IMG_2034_[0-9a-f]{16}\.png$", path) for path in paths), paths
    for guess in ("IMG_2034.png", "IMG_2035.png", "IMG_2034_0000000000000000.png"):
        assert api.get(f"/media/user_upload/note_covers/{guess}").status_code == 404


@pytest.mark.contract("decision 48")
@pytest.mark.parametrize("where", ["cover", "attachments"])
def test_files_of_a_note_in_the_bin_are_its_authors(api: Api, person: User, where: str) -> None:
    stranger = api.register()
    note = person.post("notes/", {"title": "secret"}).json()["id"]
    part = "cover" if where == "cover" else "file"
    answer = person.request("POST", f"notes/{note}/{where}/", files={part: ("a.png", _photo("PNG"))}).json()
    path = _path(answer["cover_image_url" if where == "cover" else "url"])
    assert api.get(path).status_code == 200
    assert person.delete(f"notes/{note}/").status_code == 204
    assert api.get(path).status_code == 404
    assert api.get(path, headers={"Authorization": "Token " + "0" * 40}).status_code == 404
    assert api.request("HEAD", path).status_code == 404
    assert stranger.get(path).status_code == 404
    assert person.get(path).status_code == 200
    assert person.post(f"notes/{note}/restore/").is_success
    assert api.get(path).status_code == 200


@pytest.mark.contract("decision 48")
def test_large_pictures_are_decoded_one_after_the_other(api: Api, person: User) -> None:
    """A few kilobytes may be 40 million pixels: several at once must not fill the memory."""
    data = io.BytesIO()
    Image.new("1", (6300, 6300)).save(data, "PNG")
    assert len(data.getvalue()) < 100_000
    watched = watching(api.stack, "/api/v1/courses/", services=["notes"], headers=person.headers)
    with watched as watch, ThreadPoolExecutor(8) as pool:
        notes = [person.post("notes/", {"title": f"{number}"}).json()["id"] for number in range(8)]
        files = {"cover": ("large.png", data.getvalue())}
        answers = list(pool.map(lambda note: person.request("POST", f"notes/{note}/cover/", files=files), notes))
    assert {answer.status_code for answer in answers} == {200}
    assert not watch.failures
    assert watch.growth["notes"] < 100, watch.growth
