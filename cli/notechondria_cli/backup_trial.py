"""An archive restored into a scratch folder, to see that it can be: a database of its own, and the files counted."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from notechondria_cli import backup
from notechondria_cli.database import idle_database
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout

_OF_THE_SYSTEM = ("DATABASE_URL", "MEDIA_STORE_URL", "DJANGO_PRODUCTION_MEDIA_ROOT", "CLOUDFLARE_R2_BUCKET_NAME")
"""What names the running system's own database and files: the trial must not come near them."""


@dataclass(frozen=True)
class Trial:
    """What came back."""

    version: str
    made_at: str
    accounts: int
    notes: int
    files: int


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that goes again; the user that Postgres runs as may pass through it."""
    folder = Path(tempfile.mkdtemp(prefix="notechondria-verify-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def restore_on_trial(archive: Path, folder: Path, env: Mapping[str, str], report: backup.Progress) -> Trial:
    """Restore into a folder and count. Raises StackError for an archive from which nothing whole comes back."""
    layout = Layout(folder / "data")
    apart = {name: value for name, value in env.items() if name not in _OF_THE_SYSTEM}
    database = idle_database(layout, apart)
    try:
        url = database.admin_database_url
        files = {"MEDIA_STORE_URL": layout.media.as_uri(), "DATABASE_URL": url}
        manifest = backup.read(archive, url, backup.media_store({**apart, **files}), report)
        with psycopg.connect(url, autocommit=True) as connection:
            accounts, notes = (_count(connection, table) for table in ("identity.users", "notes.notes"))
    finally:
        database.stop()
    restored = sum(1 for path in layout.media.rglob("*") if path.is_file())
    if restored != manifest.files:
        raise StackError(
            f"{restored} of {manifest.files} files came back from {archive}.", "Do not rely on it: make another one."
        )
    return Trial(manifest.version, manifest.made_at, accounts, notes, restored)


def _count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - ours
    return int(row[0]) if row else 0
