"""An upgrade and the way back, while people write: what was answered must be there after each.

    make bench-upgrade                          # from the commit before this one, and back
    make bench-upgrade ARGS="--before v0.1.0"

In a fresh clone with an empty home: the version before is started, people write notes all the time, `make upgrade` goes
over to this one, then `notechondria down`, `git checkout`, `make up` go back. Prints rows for docs/deploy.md.
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import httpx

from bench.first_minutes import FreshClone, row
from notechondria_cli.ports import choose_port, release_port

PASSWORD = "Correct-horse-7"  # noqa: S105 - of people who exist for a minute


class Writer:
    """Somebody who writes notes all the time, and notes down what was answered with 201."""

    def __init__(self, base: str, token: str) -> None:
        self.answered: dict[int, str] = {}
        self.refused = 0
        self._client = httpx.Client(base_url=base, headers={"Authorization": f"Token {token}"}, timeout=20)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        while not self._done.is_set():
            title = secrets.token_hex(8)
            try:
                answer = self._client.post("notes/", json={"title": title, "content": title})
                if answer.status_code == httpx.codes.CREATED:
                    self.answered[answer.json()["id"]] = title
                else:
                    self.refused += 1
            except httpx.TransportError:
                self.refused += 1
            time.sleep(0.05)

    def stop(self) -> None:
        """Write no more."""
        self._done.set()
        self._thread.join()

    def missing(self) -> int:
        """How many of the notes that were answered are not there, or hold something else."""
        lost = 0
        for identifier, title in self.answered.items():
            answer = self._client.get(f"notes/{identifier}/")
            lost += answer.status_code != httpx.codes.OK or answer.json()["title"] != title
        return lost


def registered(base: str, clone: FreshClone) -> str:
    """The token of a new account. A version from before `users create` mails its code into the log."""
    name = f"writer-{secrets.token_hex(4)}"
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    httpx.post(f"{base}auth/register/", json=body, timeout=20).raise_for_status()
    code = clone.runs([".venv/bin/notechondria", "code", name, "register"])[1].split("code for")[1].split()[1]
    answer = httpx.post(f"{base}auth/verify-email/", json={"email": body["email"], "code": code}, timeout=20)
    return str(answer.raise_for_status().json()["token"])


def measure(before: str, writers: int) -> int:
    """Go there and back; the exit code, 1 when something that was answered is missing."""
    with tempfile.TemporaryDirectory(prefix="notechondria-upgrade-") as folder:
        clone, port = FreshClone(Path(folder), ""), choose_port()
        release_port(port)
        base = f"http://127.0.0.1:{port}/api/v1/"
        now = clone.runs(["git", "rev-parse", "HEAD"])[1].strip()
        clone.runs(["git", "checkout", "-q", before])
        up = ["make", "up", f"PORT={port}", "ARGS=--detach"]
        clone.runs(up)
        try:
            people = [Writer(base, registered(base, clone)) for _ in range(writers)]
            time.sleep(3)
            clone.runs(["git", "checkout", "-q", now])
            seconds, _ = clone.runs(["make", "upgrade"])
            row(f"from {before} to {now[:12]}, with backup and check", f"{seconds:.1f} s")
            time.sleep(3)
            begun = time.monotonic()
            clone.runs(["make", "down"])
            clone.runs(["git", "checkout", "-q", before])
            clone.runs(up)
            row("back", f"{time.monotonic() - begun:.1f} s")
            time.sleep(3)
            for one in people:
                one.stop()
            lost = sum(one.missing() for one in people)
            row("notes that were answered with 201", str(sum(len(one.answered) for one in people)))
            row("of them missing or changed at the end", str(lost))
            row("requests that were refused meanwhile", str(sum(one.refused for one in people)))
        finally:
            subprocess.run(["make", "down"], cwd=clone.folder, capture_output=True, check=False)  # noqa: S607
    return int(lost > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", default="HEAD~1", help="the version to come from")
    parser.add_argument("--writers", type=int, default=3)
    arguments = parser.parse_args()
    raise SystemExit(measure(arguments.before, arguments.writers))
