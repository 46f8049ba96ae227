"""Uploads in a bucket instead of a folder (identity §6, §11.3, §14), against a local server that speaks S3."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image

from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, Api, User
from tests.support.keys import KEY_SETTINGS
from tests.support.ready_data import ready_data

BUCKET = "uploads"
KEYS = {"aws_access_key_id": "the-id", "aws_secret_access_key": "the-secret"}


class Bucket:
    """A server that speaks S3 and can go away; `client` looks at what really lies in it."""

    def __init__(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client: Any = boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", **KEYS)
        self.client.create_bucket(Bucket=BUCKET)

    def environment(self) -> dict[str, str]:
        return {
            "CLOUDFLARE_R2_BUCKET_NAME": BUCKET,
            "CLOUDFLARE_R2_ACCOUNT_ID": "account",
            "CLOUDFLARE_R2_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
            "CLOUDFLARE_R2_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
            "CLOUDFLARE_R2_ENDPOINT_URL": self.url,
        }

    def names(self) -> set[str]:
        return {entry["Key"] for entry in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    running = Bucket()
    try:
        yield running
    finally:
        running.server.stop()


@pytest.fixture(scope="module")
def remote(bucket: Bucket) -> Iterator[Api]:
    """A stack of its own: files in the bucket, no FRONTEND_ORIGIN, log lines in a file too."""
    with ready_data() as folder:
        environment = {
            **bucket.environment(),
            "AUTH_RATE_PER_MINUTE": "0",
            "DJANGO_LOG_FILE_NAME": str(folder / "kept" / "lines"),
        }
        with Stack(folder, env=environment) as stack, Api(stack) as api:
            yield api


def api_login(api: Api, user: User) -> Any:
    return api.post("auth/login/", {"email": user.email, "password": PASSWORD}).json()["user"]


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 10), "teal").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.contract("identity §6", "identity §11.3")
def test_pictures_come_from_the_bucket(remote: Api, bucket: Bucket) -> None:
    user = remote.register()
    drawn = user.get("settings/").json()["image_url"]
    assert drawn.partition("/media/")[2] in bucket.names()
    data = picture()
    changed = user.request("PATCH", "settings/", files={"avatar": ("me.png", data, "image/png")})
    assert changed.status_code == 200, changed.text
    url = changed.json()["image_url"]
    assert url != drawn
    shown = remote.http.get(url)
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, data, "image/png")
    assert shown.headers["cache-control"] == "public, max-age=86400"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert remote.http.get(url, headers={"If-None-Match": shown.headers["etag"]}).status_code == 304
    assert remote.http.get(url.replace("profile_latest", "nothing")).status_code == 404


@pytest.mark.contract("identity §6")
def test_attachments_are_streamed_in_and_out_by_range(remote: Api, bucket: Bucket) -> None:
    user = remote.register()
    note = user.post("notes/", {"title": "With a file", "content": "text"}).json()
    data = bytes(range(256)) * 40_000  # 10 MB: several parts of a multipart upload
    path = f"notes/{note['id']}/attachments/"
    made = user.request("POST", path, files={"file": ("data.bin", data, "application/octet-stream")})
    assert made.status_code == 201, made.text
    url = made.json()["url"]
    whole = remote.http.get(url)
    assert whole.content == data
    assert whole.headers["cache-control"] == "public, max-age=86400"
    part = remote.http.get(url, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, data[1000:2000])
    stored = url.partition("/media/")[2]
    assert stored in bucket.names()
    assert user.delete(f"{path}{made.json()['id']}/").status_code == 204
    assert stored not in bucket.names()
    assert remote.http.get(url).status_code == 404


@pytest.mark.contract("identity §10.5")
def test_without_a_frontend_origin_the_callback_names_the_path_alone(remote: Api) -> None:
    page = remote.get("/auth/google/callback", params={"code": "abc", "state": "google"})
    assert page.status_code == 200
    assert 'content="0;url=/Notechondria/editor/?code=abc&amp;state=google"' in page.text
    assert "://" not in page.text


@pytest.mark.contract("identity §14")
def test_log_lines_go_to_a_file_too(remote: Api) -> None:
    remote.get("ping/")
    for service in ("identity", "notes", "planner", "mcp"):
        text = (remote.stack.data / "kept" / f"lines-{service}.log").read_text()
        assert f"serving {service}" in text


def test_a_bucket_that_is_away_is_503_and_the_rest_goes_on(remote: Api, bucket: Bucket) -> None:
    user = remote.register()
    url = user.get("settings/").json()["image_url"]
    bucket.server.stop()
    answer = remote.http.get(url)
    assert (answer.status_code, list(answer.json())) == (503, ["detail"])
    assert answer.headers["retry-after"] == "5"
    note = user.post("notes/", {"title": "Still here", "content": "text"})
    assert note.status_code == 201
    sent = user.request(
        "POST", f"notes/{note.json()['id']}/attachments/", files={"file": ("a.txt", b"a", "text/plain")}
    )
    assert (sent.status_code, list(sent.json())) == (503, ["detail"])
    assert user.get(f"notes/{note.json()['id']}/attachments/").json() == []
    # Nobody is kept from signing in, and a new account has the address where its picture will be.
    assert api_login(remote, user)["image_url"] == url
    assert remote.register().get("settings/").json()["image_url"]


@pytest.mark.contract("identity §14")
def test_a_bucket_without_its_companions_does_not_start() -> None:
    environment = {
        **KEY_SETTINGS,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "CLOUDFLARE_R2_BUCKET_NAME": BUCKET,
        "CLOUDFLARE_R2_ACCOUNT_ID": "account",
    }
    done = subprocess.run(
        [sys.executable, "-m", "identity_service"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "CLOUDFLARE_R2_ACCESS_KEY_ID, CLOUDFLARE_R2_SECRET_ACCESS_KEY" in done.stderr
    assert "Traceback" not in done.stderr
