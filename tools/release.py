"""Make a release: `make release PART=minor`.

Checks a clean tree, raises VERSION and what repeats it, dates the changelog's unreleased part, writes the generated
documents anew, commits and tags. Nothing leaves this machine; the last line says what to push.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPENAPI = "services/web/web_service/documentation/openapi.json"
UNRELEASED = "## [Unreleased]\n"
NUMBER = re.compile(r"(\d+)\.(\d+)\.(\d+)")


class Refused(Exception):
    """Why there is no release."""


def next_version(current: str, part: str) -> str:
    """The version after `current`: a part (`major`, `minor`, `patch`) or a version that is higher."""
    match = NUMBER.fullmatch(current)
    if not match:
        raise Refused(f"VERSION holds {current!r}, which is no version.")
    major, minor, patch = map(int, match.groups())
    raised = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    if part in raised:
        return ".".join(map(str, raised[part]))
    exact = NUMBER.fullmatch(part)
    if not exact:
        raise Refused(f"{part!r} is neither major, minor or patch nor a version such as 1.2.3.")
    if tuple(map(int, exact.groups())) <= (major, minor, patch):
        raise Refused(f"{part} is not higher than {current}.")
    return part


def dated_changelog(text: str, version: str, day: str) -> str:
    """The changelog with its unreleased part under the version; refused when nothing stands there."""
    head, separator, rest = text.partition(UNRELEASED)
    if not separator:
        raise Refused("CHANGELOG.md has no part '## [Unreleased]'.")
    unreleased = re.split(r"(?m)^## \[", rest, maxsplit=1)[0]
    if not unreleased.strip():
        raise Refused("CHANGELOG.md says nothing under '## [Unreleased]': write what changed.")
    return f"{head}{UNRELEASED}\n## [{version}] - {day}\n{rest}"


def replace_version(path: Path, pattern: str, version: str) -> None:
    """Put the version where a pattern's first group ends; at least one place must match."""
    text, count = re.subn(pattern, rf"\g<1>{version}\g<2>", path.read_text(encoding="utf-8"))
    if not count:
        raise Refused(f"{path} does not name a version.")
    path.write_text(text, encoding="utf-8")


def git(root: Path, *arguments: str) -> str:
    """The output of a git command; its error becomes the reason."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode:
        raise Refused(f"git {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def release(root: Path, part: str) -> str:
    """Do it all below `root`; the new version."""
    if git(root, "status", "--porcelain"):
        raise Refused("There are changes that are not committed: commit or put them aside first.")
    current = (root / "VERSION").read_text(encoding="utf-8").strip()
    version = next_version(current, part)
    if git(root, "tag", "--list", f"v{version}"):
        raise Refused(f"The tag v{version} is there already.")
    changelog = root / "CHANGELOG.md"
    dated = dated_changelog(changelog.read_text(encoding="utf-8"), version, f"{datetime.now(UTC):%Y-%m-%d}")
    changelog.write_text(dated, encoding="utf-8")
    (root / "VERSION").write_text(f"{version}\n", encoding="utf-8")
    projects = [
        root / "pyproject.toml",
        *sorted(root.glob("*/pyproject.toml")),
        *sorted(root.glob("*/*/pyproject.toml")),
    ]
    for project in projects:
        replace_version(project, r'(?m)^(version = ")[^"]+(")', version)
    replace_version(root / "uv.lock", r'(name = "notechondria[\w-]*"\nversion = ")[^"]+(")', version)
    subprocess.run(
        [sys.executable, "-m", "tools.api_document", str(root / OPENAPI)],
        env={**os.environ, "BACKEND_VERSION": version},
        check=True,
    )
    git(root, "commit", "--all", "--message", f"Release {version}")
    git(root, "tag", "--annotate", f"v{version}", "--message", f"Release {version}")
    return version


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", help="major, minor, patch, or the version itself")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        version = release(options.root, options.part)
    except Refused as problem:
        sys.stderr.write(f"No release: {problem}\n")
        return 1
    sys.stdout.write(f"Release {version} is committed and tagged. Publish it: git push --follow-tags\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
