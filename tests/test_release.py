"""`make release`, in a copy of the project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GIT = ["git", "-c", "user.name=Release", "-c", "user.email=release@example.org"]


def run(*arguments: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=check)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files as they stand here, in a repository of their own."""
    folder = tmp_path_factory.mktemp("original")
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    run(*GIT, "init", "--quiet", cwd=folder)
    run("git", "config", "user.name", "Release", cwd=folder)
    run("git", "config", "user.email", "release@example.org", cwd=folder)
    run(*GIT, "add", "--all", cwd=folder)
    run(*GIT, "commit", "--quiet", "--message", "As it stands", cwd=folder)
    return folder


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    """That repository, for one test."""
    return Path(shutil.copytree(original, tmp_path / "project"))


def release(folder: Path, part: str) -> subprocess.CompletedProcess[str]:
    script = str(ROOT / "tools" / "release.py")
    return run(sys.executable, script, part, "--root", str(folder), cwd=folder, check=False)


def test_a_release_raises_every_version_dates_the_changelog_and_tags(copy: Path) -> None:
    before = (copy / "VERSION").read_text().strip()
    done = release(copy, "minor")
    assert done.returncode == 0, done.stderr
    major, minor, _ = before.split(".")
    version = f"{major}.{int(minor) + 1}.0"
    assert (copy / "VERSION").read_text() == f"{version}\n"
    for project in copy.rglob("pyproject.toml"):
        assert f'version = "{version}"' in project.read_text(), project
    lock = (copy / "uv.lock").read_text()
    assert f'name = "notechondria-shared"\nversion = "{version}"' in lock
    assert f'name = "notechondria"\nversion = "{version}"' in lock
    document = json.loads((copy / "services/web/web_service/documentation/openapi.json").read_text())
    assert document["info"]["version"] == version
    changelog = (copy / "CHANGELOG.md").read_text()
    assert f"## [Unreleased]\n\n## [{version}] - 20" in changelog
    assert run("git", "describe", "--tags", cwd=copy).stdout.strip() == f"v{version}"
    assert run("git", "status", "--porcelain", cwd=copy).stdout == ""
    # Nothing new was written: there is nothing to release.
    again = release(copy, "patch")
    assert (again.returncode, "says nothing" in again.stderr) == (1, True)


@pytest.mark.parametrize("part", ["0.0.1", "next", "0.1.0"])
def test_a_version_that_is_not_higher_is_refused(copy: Path, part: str) -> None:
    done = release(copy, part)
    assert done.returncode == 1
    assert "No release: " in done.stderr
    assert run("git", "status", "--porcelain", cwd=copy).stdout == ""


def test_a_tree_with_changes_is_refused(copy: Path) -> None:
    (copy / "VERSION").write_text("9.9.9\n")
    assert "not committed" in release(copy, "minor").stderr
