"""Which build of the product the files here are: the version, and the commit where they are a clone."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from notechondria_cli.layout import PROJECT
from notechondria_shared.core.version import product_version

_GIT_SECONDS = 5


@dataclass(frozen=True)
class Build:
    """A version and its commit; the commit is "" where nobody knows it."""

    version: str
    commit: str

    def __str__(self) -> str:
        return f"{self.version} ({self.commit[:12]})" if self.commit else self.version


def build_here(env: Mapping[str, str]) -> Build:
    """Return the build of the files here: an image says its commit in BACKEND_BUILD_COMMIT, a clone's git knows it."""
    return Build(product_version(), env.get("BACKEND_BUILD_COMMIT", "").strip() or commit_of_clone())


def commit_of_clone() -> str:
    """Return the commit that is checked out; "" outside of a clone, or without git."""
    # Whoever runs the stack need not own the files: git would refuse those of others.
    command = ["git", "-c", f"safe.directory={PROJECT}", "-C", str(PROJECT), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
            command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 and (PROJECT / ".git").exists() else ""
