"""Attachments, covers, and the delivery of files (notes §8, §3.7, §3.9)."""

from __future__ import annotations

import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from PIL import Image
from tests.support.client import Api, User, eventually
from tests.support.replica import another

from notechondria_launcher.stack import Stack
from notes_service.media.names import safe_name, shown_name

MIB = 1024 * 1024


def make(user: User, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = user.post("notes/", {"title": "With files", **more}).json()
    return body


def upload(
    user: User | Api, path: str, name: str | None = "proof.pdf", data: bytes = b"%PDF-1", kind: str = "", part: str = ""
) -> httpx.Response:
    form = part or ("cover" if path.endswith("cover/") else "file")
    content: Any = (name, data, kind) if kind else (name, data)
    return user.request("POST", path, files={form: content})


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 8)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind)
    return buffer.getvalue()


def fetch(api: Api, url: str, method: str = "GET", **headers: str) -> httpx.Response:
    return api.http.request(method, url, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.contract("notes §3.7", "notes §1", "notes §2.7", "notes §3.9", "notes §8")
def test_an_attachment_has_every_key_and_is_served(mine: User, api: Api) -> None:
    note = make(mine)
    answer = upload(mine, f"notes/{note['id']}/attachments/", kind="application/pdf")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert {**made, "id": 0, "date_created": ""} == {
        "id": 0,
        "note_id": note["id"],
        "original_filename": "proof.pdf",
        "file_size": 6,
        "content_type": "application/pdf",
        "url": f"{api.stack.url.rstrip('/')}/media/user_upload/user_{mine.id}/notes/"
        f"note_{note['uuid'].replace('-', '')}/proof.pdf",
        "date_created": "",
    }
    assert made["date_created"].endswith("+00:00")
    assert fetch(api, made["url"]).content == b"%PDF-1"
    assert mine.get(f"notes/{note['id']}/").json()["last_edit"] == note["last_edit"]


@pytest.mark.contract("notes §8", "notes §2.7", "notes §3.9")
def test_the_same_name_twice_and_newest_first(mine: User, api: Api) -> None:
    path = f"notes/{make(mine)['id']}/attachments/"
    first, second = upload(mine, path, data=b"one").json(), upload(mine, path, data=b"two").json()
    assert first["url"] != second["url"]
    assert second["original_filename"] == "proof.pdf"
    assert second["url"].endswith(".pdf")
    assert [fetch(api, one["url"]).content for one in (first, second)] == [b"one", b"two"]
    assert mine.get(path).json() == [second, first]


@pytest.mark.contract("notes §8", "notes §3.9")
def test_the_same_name_at_once(mine: User, api: Api) -> None:
    path = f"notes/{make(mine)['id']}/attachments/"
    with ThreadPoolExecutor(6) as pool:
        made = [a.json() for a in pool.map(lambda n: upload(mine, path, data=b"%d" % n), range(12))]
    assert len({one["url"] for one in made}) == 12
    assert sorted(int(fetch(api, one["url"]).content) for one in made) == list(range(12))


@pytest.mark.contract("notes §8")
def test_attachments_are_reached_by_uuid_too(mine: User, other: User) -> None:
    note = make(mine)
    path = f"notes/uuid/{note['uuid'].upper()}/attachments/"
    made = upload(mine, path)
    assert made.status_code == 201
    assert mine.get(path).json() == mine.get(f"notes/{note['id']}/attachments/").json() == [made.json()]
    assert isinstance(other.get(path).json(), list)
    assert other.get(path).status_code == 400
    assert mine.delete(f"{path}{made.json()['id']}/").status_code == 204
    assert mine.get(path).json() == []
    unknown = "notes/uuid/0d6c9f2e-6b0e-4f0f-9a35-0c9c3f7f6a10/attachments/"
    for answer in (mine.get(unknown), upload(mine, unknown), mine.delete(f"{unknown}1/")):
        assert (answer.status_code, list(answer.json())) == (404, ["detail"])


@pytest.mark.contract("notes §8", "notes §1")
def test_uploads_are_checked_in_the_order_of_the_contract(mine: User, other: User, api: Api) -> None:
    note = make(mine, is_public=True)
    path = f"notes/{note['id']}/attachments/"
    kept = upload(mine, path).json()
    assert upload(api, path).status_code == 401
    assert upload(api, "notes/999999999/attachments/").status_code == 401
    assert api.get(path).status_code == 401
    assert upload(mine, "notes/999999999/attachments/").status_code == 404
    assert upload(other, path, part="wrong").status_code == 403
    assert other.delete(f"{path}{kept['id']}/").status_code == 403
    assert other.get(path).json() == [kept]  # a stranger may list those of a public note
    mine.patch(f"notes/{note['id']}/", {"is_public": False})
    for answer in (other.get(path), upload(other, path), other.delete(f"{path}{kept['id']}/")):
        assert answer.status_code == 400
        assert [type(text) for text in answer.json()] == [str]
    for answer in (
        mine.post(path, {}),
        upload(mine, path, part="wrong"),
        mine.request("POST", path, data={"file": "text"}),
        mine.request("POST", path, data={"file": "text"}, files={"x": b""}),
    ):
        assert answer.status_code == 400, answer.text
        assert "No file provided" in answer.json()["detail"]
    assert mine.request("POST", path, content=b"x", headers={"Content-Type": "image/png"}).status_code == 415
    assert mine.get(path).json() == [kept]
    assert mine.get(f"{path}{kept['id']}/").status_code == 405
    mine.delete(f"notes/{note['id']}/")
    for answer in (mine.get(path), upload(mine, path), mine.delete(f"{path}{kept['id']}/")):
        assert answer.status_code == 404


@pytest.mark.contract("notes §8")
def test_delete_removes_the_file(mine: User, api: Api) -> None:
    note, twin = make(mine), make(mine)
    path = f"notes/{note['id']}/attachments/"
    made = upload(mine, path).json()
    assert mine.delete(f"notes/{twin['id']}/attachments/{made['id']}/").status_code == 404
    assert fetch(api, made["url"]).status_code == 200
    assert mine.delete(f"{path}{made['id']}/").status_code == 204
    gone = fetch(api, made["url"])
    assert (gone.status_code, list(gone.json())) == (404, ["detail"])
    assert mine.delete(f"{path}{made['id']}/").status_code == 404


@pytest.mark.contract("notes §8", "decision 8")
def test_upload_limits_are_exact(mine: User) -> None:
    path = f"notes/{make(mine)['id']}/attachments/"
    assert upload(mine, path, data=b"").json()["file_size"] == 0
    whole = upload(mine, path, data=bytes(20 * MIB))
    assert (whole.status_code, whole.json()["file_size"]) == (201, 20 * MIB)
    refused = upload(mine, path, data=bytes(20 * MIB + 1))
    assert refused.status_code == 400
    assert "exceeds maximum size" in refused.json()["detail"]
    assert len(mine.get(path).json()) == 2


@pytest.mark.contract("notes §8", "notes §1", "decision 8")
@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "..", ".", ".htaccess", "a\x01b.txt", "CON", "x" * 300,
     "ü" * 200 + ".pdf", "日本語 ファイル.png", 'quo"te.txt', "semi;colon?.txt", "per%2fcent.txt", "a/b/c.txt", " ",
     "\u202egpj.exe", "a" * 10 + "." + "b" * 100, "new\nline.txt", "$(rm).sh", "&amp;.html"],
)  # fmt: skip
def test_hostile_file_names_stay_in_their_folder(mine: User, api: Api, stack: Stack, name: str) -> None:
    note = make(mine)
    answer = upload(mine, f"notes/{note['id']}/attachments/", name=name, data=b"body")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    folder = f"user_upload/user_{mine.id}/notes/note_{note['uuid'].replace('-', '')}"
    path = unquote(urlsplit(made["url"]).path)
    assert path.removeprefix(f"/media/{folder}/").count("/") == 0
    assert (stack.data / "media" / path.removeprefix("/media/")).read_bytes() == b"body"
    assert 0 < len(made["original_filename"]) <= 255
    assert fetch(api, made["url"]).content == b"body"


@pytest.mark.contract("notes §8")
def test_file_names_are_made_safe() -> None:
    assert shown_name(None) == shown_name("") == shown_name(" ") == "untitled"
    assert shown_name("a/b\\c d.txt") == "c d.txt"
    assert safe_name("c d.txt") == "c_d.txt"
    assert safe_name("..") == safe_name("...") == "untitled"
    assert len(safe_name("ü" * 300 + ".jpeg").encode()) <= 160
    assert safe_name("ü" * 300 + ".jpeg").endswith(".jpeg")


@pytest.mark.contract("notes §8", "notes §2.5", "notes §3.3")
def test_a_cover_is_set_replaced_and_removed(mine: User, other: User, api: Api, look: Any) -> None:
    note = make(mine, is_public=True)
    path = f"notes/{note['id']}/cover/"
    answer = upload(mine, path, "front.png", picture())
    assert answer.status_code == 200, answer.text
    first = answer.json()
    assert "content" not in first
    assert "/media/user_upload/note_covers/front" in first["cover_image_url"]
    assert first["last_edit"] > note["last_edit"]
    assert fetch(api, first["cover_image_url"]).content == picture()
    second = upload(mine, path, "front.png", picture("JPEG")).json()
    assert second["cover_image_url"].endswith(".jpg")  # what it is, not what it says
    assert fetch(api, first["cover_image_url"]).status_code == 404
    assert mine.get(f"notes/{note['id']}/").json()["cover_image_url"] == second["cover_image_url"]
    assert upload(api, path, "a.png", picture()).status_code == 401
    assert upload(other, path, "a.png", picture()).status_code == 403
    assert other.delete(path).status_code == 403
    assert mine.delete("notes/999999999/cover/").status_code == 404
    for _ in range(2):
        bare = mine.delete(path)
        assert (bare.status_code, bare.json()["cover_image_url"]) == (200, "")
    assert fetch(api, second["cover_image_url"]).status_code == 404
    assert len(look.events("note.updated", note_id=note["id"])) == 4


@pytest.mark.contract("notes §8", "decision 8")
def test_covers_that_are_no_pictures_are_refused(mine: User) -> None:
    path = f"notes/{make(mine)['id']}/cover/"
    png = picture()
    exact = png + bytes(5 * MIB - len(png))
    assert upload(mine, path, "exact.png", exact).status_code == 200
    for name, data in (
        ("large.png", exact + b"x"),
        ("text.png", b"no picture"),
        ("cut.png", picture(size=(64, 64))[:-40]),
        ("empty.png", b""),
        ("run.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("bomb.png", picture(size=(8000, 6000))),
    ):
        refused = upload(mine, path, name, data)
        assert (refused.status_code, list(refused.json())) == (400, ["detail"]), name
    for answer in (mine.post(path, {}), upload(mine, path, part="file", data=png)):
        assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    assert "/exact" in mine.get("notes/").json()[0]["cover_image_url"]


@pytest.mark.contract("notes §3.9")
def test_files_are_served_by_range_and_etag(mine: User, api: Api) -> None:
    data = bytes(range(256)) * 20
    url = upload(mine, f"notes/{make(mine)['id']}/attachments/", "clip.mp4", data).json()["url"]
    whole = fetch(api, url)
    tag = whole.headers["etag"]
    assert (whole.status_code, whole.content) == (200, data)
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-type"] == "video/mp4"
    for wanted, part, shown in (
        ("bytes=0-9", data[:10], "bytes 0-9/5120"),
        ("bytes=5100-", data[5100:], "bytes 5100-5119/5120"),
        ("bytes=-20", data[-20:], "bytes 5100-5119/5120"),
        ("bytes=-9999", data, "bytes 0-5119/5120"),
        ("bytes=5000-9999", data[5000:], "bytes 5000-5119/5120"),
        ("bytes=0-4999", data[:5000], "bytes 0-4999/5120"),
    ):
        answer = fetch(api, url, range=wanted)
        assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, part, shown)
        assert answer.headers["content-length"] == str(len(part))
    for wanted in ("bytes=5120-", "bytes=9-5", "bytes=-0"):
        answer = fetch(api, url, range=wanted)
        assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */5120")
    for wanted in ("bytes=0-1,4-5", "lines=1-2", "bytes=-", "nonsense"):
        assert fetch(api, url, range=wanted).status_code == 200
    assert fetch(api, url, if_none_match=tag).status_code == 304
    assert fetch(api, url, if_none_match=f'"x", W/{tag}').status_code == 304
    assert fetch(api, url, range="bytes=0-9", if_range=tag).status_code == 206
    assert fetch(api, url, range="bytes=0-9", if_range='"older"').status_code == 200
    head = fetch(api, url, "HEAD")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "5120")


@pytest.mark.contract("notes §8")
@pytest.mark.parametrize(
    "name",
    ["page.html", "x.svg", "x.xhtml", "x.xml", "x.js", "x.mht", "noextension", "x.html.gz", "x.pdf.html", "x.swf"],
)
def test_what_a_browser_could_run_is_saved_in_a_sandbox(mine: User, api: Api, name: str) -> None:
    body = b"<script>alert(document.domain)</script>" * 60
    url = upload(mine, f"notes/{make(mine)['id']}/attachments/", name, body, "text/html").json()["url"]
    answer = fetch(api, url)
    assert answer.content == body
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.contract("notes §8")
def test_pictures_are_shown_in_the_browser(mine: User, api: Api) -> None:
    url = upload(mine, f"notes/{make(mine)['id']}/attachments/", "a.png", picture()).json()["url"]
    answer = fetch(api, url)
    assert (answer.headers["content-type"], answer.headers.get("content-disposition")) == ("image/png", None)


@pytest.mark.contract("notes §3.9")
def test_only_what_is_ours_is_delivered(mine: User, api: Api, stack: Stack) -> None:
    (stack.data / "media" / "staging").mkdir(parents=True, exist_ok=True)
    (stack.data / "media" / "staging" / "half").write_bytes(b"x")
    for path in (
        "/media/staging/half", "/media/", "/media/user_upload/", f"/media/user_upload/user_{mine.id}",
        f"/media/user_upload/user_{mine.id}/notes", "/media/user_upload/../secrets.json",
        "/media/user_upload/%2e%2e/%2e%2e/secrets.json",
        "/media/user_upload//x", "/media/course_media/nothing.png",
    ):  # fmt: skip
        answer = api.get(path)
        assert answer.status_code == 404, path
        assert "detail" in answer.json()
    # The gateway does not even pass on an encoded slash or NUL.
    assert api.get("/media/user_upload/..%2f..%2fsecrets.json").status_code == 400
    assert api.get("/media/user_upload/a%00b").status_code == 400


@pytest.mark.contract("notes §7")
def test_emptying_the_bin_removes_attachments_and_cover(mine: User, api: Api) -> None:
    note = make(mine)
    attached = upload(mine, f"notes/{note['id']}/attachments/").json()["url"]
    cover = upload(mine, f"notes/{note['id']}/cover/", "c.png", picture()).json()["cover_image_url"]
    mine.delete(f"notes/{note['id']}/")
    assert [fetch(api, url, **mine.headers).status_code for url in (attached, cover)] == [200, 200]
    mine.delete("notes/deleted/empty/")
    assert [fetch(api, url, **mine.headers).status_code for url in (attached, cover)] == [404, 404]


@pytest.mark.contract("notes §8")
def test_orphaned_files_are_swept_and_no_others(mine: User, api: Api, stack: Stack) -> None:
    note = make(mine)
    kept = upload(mine, f"notes/{note['id']}/attachments/", "kept.txt", b"kept").json()["url"]
    media = stack.data / "media"
    folder = media / f"user_upload/user_{mine.id}/notes/note_{note['uuid'].replace('-', '')}"
    profile = media / f"user_upload/user_{mine.id}/profile_pic"
    orphans = [folder / "orphan.txt", media / "user_upload/note_covers/orphan.png", media / "staging/left"]
    bystanders = [folder / "young.txt", profile / "theirs.png"]
    for path in (*orphans, *bystanders):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    old = time.time() - 7200
    for path in (*orphans, bystanders[1], folder / "kept.txt"):
        os.utime(path, (old, old))
    with another(stack, "notes", ORPHAN_SWEEP_SECONDS="0"):
        eventually(lambda: not any(path.exists() for path in orphans), what="orphans are swept")
    assert all(path.exists() for path in bystanders)
    assert fetch(api, kept).content == b"kept"
