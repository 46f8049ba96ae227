"""Data folders whose database has its roles and its tables, all of them empty: a start without `initdb` and migrations.

These are half of the processor time of a first start. In a whole run they are spent once: the first worker that needs
a stack makes the folder, all others copy its cluster and its secrets. What is chosen and what is about first starts
begins with an empty folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest import mock

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from notechondria_cli.layout import PROJECT, Layout
from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_launcher.stack import Stack
from notechondria_shared.db.migrations import migrate

VARIABLE = "NOTECHONDRIA_TEST_READY_DATA"
"""Of the environment of a whole run's workers: a folder of theirs."""
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's file system in memory
_ENOUGH_MEMORY, _ENOUGH_ROOM = 8 << 30, 4 << 30


@cache
def parent() -> Path | None:
    """Where data folders of tests lie: in memory where there is plenty of it, else where the system has such folders.

    A cluster is 1,700 files; to copy and to remove them on a disk is a third of the processor time of a start.
    """
    try:
        room = shutil.disk_usage(_IN_MEMORY).free
    except OSError:
        return None
    return _IN_MEMORY if room >= _ENOUGH_ROOM and psutil.virtual_memory().available >= _ENOUGH_MEMORY else None


@contextmanager
def temporary_data() -> Iterator[Path]:
    """An empty data folder. Postgres runs as another user when tests run as root, and must be able to pass through."""
    with tempfile.TemporaryDirectory(prefix="notechondria-test-", dir=parent()) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@contextmanager
def started(stack: Stack, *, database_only: bool = False) -> Iterator[Stack]:
    """Run a stack whose Postgres leaves it to the system when its files are on the disk, as no test ends the machine.
    It spares passwords, which are random here, the many rounds that are there for those of people: three milliseconds
    of the client's for each connection."""
    settings = {"fsync": "off", "full_page_writes": "off", "scram_iterations": "1"}
    with mock.patch.dict("notechondria_launcher.postgres._SETTINGS", settings):
        stack.start(database_only=database_only)
    try:
        yield stack
    finally:
        stack.stop()


@contextmanager
def own_stack(env: Mapping[str, str] | None = None, *, host: str = "127.0.0.1") -> Iterator[Stack]:
    """A stack beside that of the whole run, for settings or disturbances that others must not see."""
    with ready_data() as folder, started(Stack(folder, env=env, host=host)) as stack:
        yield stack


@contextmanager
def ready_data() -> Iterator[Path]:
    """A data folder that has cluster and secrets in a whole run, and is empty elsewhere."""
    with temporary_data() as folder:
        _fill(folder)
        yield folder


def _fill(folder: Path) -> None:
    shared = os.environ.get(VARIABLE)
    if not shared:
        return
    ready = Path(shared) / "data"
    with (Path(shared) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.is_dir():
            _make(ready)
    for path in (Layout(ready).credentials, Layout(ready).postgres):
        # With their owners: the cluster is the Postgres user's.
        subprocess.run(["cp", "-a", str(path), str(folder)], check=True, capture_output=True)  # noqa: S607 - POSIX


def _make(ready: Path) -> None:
    with temporary_data() as folder:
        with started(Stack(folder, env={"DATABASE_URL": "", "NATS_URL": ""}), database_only=True) as stack:
            _keep_password_with_few_rounds(stack.admin_database_url)
            for service in SERVICES_WITH_SCHEMA:
                migrate(stack.database_url(service), service, PROJECT / "services" / service / "migrations")
        shutil.move(folder, ready)
        folder.mkdir()  # to be removed by whoever made it


def _keep_password_with_few_rounds(url: str) -> None:
    """`initdb` has hashed it with as many as a server begins with."""
    known = conninfo_to_dict(url)
    change = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(str(known["user"])), str(known["password"]))
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(change)
