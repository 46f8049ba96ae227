"""What an export costs: the memory of the notes service while a large account is sent, and how fast it goes.

`make bench-export ARGS="--notes 50000 --mib 5120"`; a stack of its own on free ports, thrown away afterwards. The limit
is on what the process grows by while it sends. Exit code 1 when it is broken.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from tests.support.client import Api, User

from bench.notes_fill import fill
from notechondria_launcher.stack import Stack

GROWTH_LIMIT_MIB = 64
FILE_MIB = 16
FORMS = ("ours", "obsidian", "jex")


class Peak:
    """The largest memory of a process, looked at again and again."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.before = self.most = process.memory_info().rss
        self._ended = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While the block runs."""
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.02):
            self.most = max(self.most, self._process.memory_info().rss)

    @property
    def growth(self) -> float:
        """MiB more than at its beginning."""
        return (self.most - self.before) / 2**20


def attach(user: User, mib: int) -> None:
    """Files of the account, spread over notes."""
    data = os.urandom(FILE_MIB << 20)
    for number in range(mib // FILE_MIB):
        note = user.post("notes/", {"title": f"Files {number}"}).json()
        sent = user.request("POST", f"notes/{note['id']}/attachments/", files={"file": (f"{number}.bin", data)})
        sent.raise_for_status()


def measure(user: User, url: str, process: psutil.Process, form: str) -> tuple[float, float, float]:
    """MiB sent, seconds, and MiB that the process grew by."""
    peak = Peak(process)
    started, size = time.perf_counter(), 0
    with (
        peak.watched(),
        httpx.stream("GET", f"{url}/api/v1/notes/export/?format={form}", headers=user.headers, timeout=600) as answer,
    ):
        answer.raise_for_status()
        for chunk in answer.iter_raw():
            size += len(chunk)
    return size / 2**20, time.perf_counter() - started, peak.growth


def listener(url: str) -> psutil.Process:
    """The process that answers at an address."""
    port = int(url.rpartition(":")[2])
    for one in psutil.net_connections("tcp"):
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
            return psutil.Process(one.pid)
    raise LookupError(url)


def main() -> int:
    """Fill, send in every form, print; 1 when the process grew by more than the limit."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--notes", type=int, default=50_000)
    options.add_argument("--mib", type=int, default=1024, help="of files")
    chosen = options.parse_args()
    broken = False
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        environment = {"AUTH_RATE_PER_MINUTE": "0", "DJANGO_LOG_LEVEL": "WARNING"}
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api:
            user = api.register()
            user.get("notes/")
            fill(stack, user.id, chosen.notes)
            attach(user, chosen.mib)
            url = stack.service_url("notes")
            process = listener(url)
            measure(user, url, process, "ours")  # what the first one imports and caches is no part of it
            for form in FORMS:
                mib, seconds, growth = measure(user, url, process, form)
                broken = broken or growth > GROWTH_LIMIT_MIB
                print(f"{form:<10} {mib:9.1f} MiB {mib / seconds:7.1f} MiB/s  grew by {growth:5.1f} MiB")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
