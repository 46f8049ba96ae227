"""What the first minutes cost: a fresh clone, an empty home, `make up`, and what a later start takes.

    make bench-install
    make bench-install ARGS="--as somebody"    # root only: as an ordinary user of this machine

Prints the rows of docs/operations.md, "Measured". It installs from wherever this machine's packages come from, so the
first row says as much about the network as about us.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from notechondria_cli.ports import choose_port, release_port

ROOT = Path(__file__).resolve().parent.parent
_MIB = 2**20


class FreshClone:
    """A clone of what is committed here, and a home without anything in it."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder / "notechondria"
        self._user = user
        home = folder / "home"
        home.mkdir()
        self._env = {"PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1", "LANG": "C.UTF-8"}
        for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY"):
            if value := os.environ.get(name):
                self._env[name] = value
        folder.chmod(0o755)
        subprocess.run(["git", "clone", "-q", str(ROOT), str(self.folder)], check=True)  # noqa: S603, S607 - ours
        if user:
            entry = pwd.getpwnam(user)
            for path in (folder, *folder.rglob("*")):
                os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)

    def runs(self, command: Sequence[str]) -> tuple[float, str]:
        """Seconds that a command took, and what it said; it must succeed."""
        entry = pwd.getpwnam(self._user) if self._user else None
        begun = time.monotonic()
        done = subprocess.run(  # noqa: S603 - ours
            command, cwd=self.folder, env=self._env, capture_output=True, text=True, check=False,
            user=entry.pw_uid if entry else None, group=entry.pw_gid if entry else None,
            extra_groups=[] if entry else None,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
        return time.monotonic() - begun, done.stdout

    def mib(self, *names: str) -> int:
        """What folders of the clone take up."""
        files = (path for name in names for path in (self.folder / name).rglob("*"))
        return sum(path.lstat().st_blocks * 512 for path in files if not path.is_dir()) // _MIB


def measure(user: str) -> None:
    """Print one row after the other, as they are measured."""
    with tempfile.TemporaryDirectory(prefix="notechondria-first-") as folder:
        clone, port = FreshClone(Path(folder), user), choose_port()
        release_port(port)
        up = ["make", "up", f"PORT={port}", "ARGS=--detach"]
        row("as", user or pwd.getpwuid(os.getuid()).pw_name)
        before = psutil.net_io_counters().bytes_recv
        seconds, _ = clone.runs(up)
        received = (psutil.net_io_counters().bytes_recv - before) // _MIB
        try:
            row("fresh clone to ready (installation and first start)", f"{seconds:.0f} s")
            row("received meanwhile by this machine", f"{received} MB")
            row("installed, without what tests need", f"{clone.mib('.venv', '.uv')} MB")
            row("idle memory after the first start", memory(clone))
            row("stop", f"{clone.runs(['make', 'down'])[0]:.1f} s")
            row("later start", f"{clone.runs(up)[0]:.1f} s")
            row("idle memory after a later start", memory(clone))
        finally:
            clone.runs(["make", "down"])
        shutil.rmtree(clone.folder / ".data")
        row("first start on an empty data folder, installed", f"{clone.runs(up)[0]:.1f} s")
        clone.runs(["make", "down"])


def memory(clone: FreshClone) -> str:
    """What everything takes when nothing is asked of it."""
    time.sleep(5)
    report = json.loads(clone.runs([".venv/bin/notechondria", "status", "--memory", "--json"])[1])
    return f"{sum(part['memory_mib'] or 0 for part in report['parts']):.0f} MiB"


def row(what: str, figure: str) -> None:
    """Print a row of a table."""
    print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as", dest="user", default="", help="an ordinary user of this machine (as root)")
    measure(parser.parse_args().user)
