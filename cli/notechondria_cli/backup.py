"""Backups: database and files of a system in one archive, and an empty system made from one.

The archive is a tar: `manifest.json`, `VERSION`, `database.dump` (pg_dump's custom format, the four schemas of one
moment), `media/...`. It holds no password: the restored system makes its own. Files are copied before and after the
dump, so that every file named in it is there though the system goes on working.
"""

import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote, urlunsplit

import psycopg
from psycopg import sql

from notechondria_cli.backup_encryption import decrypt, encrypting, is_encrypted
from notechondria_cli.errors import StackError
from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_cli.postgres_programs import postgres_program
from notechondria_shared.core.version import product_version
from notechondria_shared.core.web_addresses import urlsplit

if TYPE_CHECKING:
    from notechondria_shared.storage.media import MediaStore

FORMAT = 1
_DUMP, _MANIFEST, _VERSION, _MEDIA = "database.dump", "manifest.json", "VERSION", "media/"
_NOT_EMPTY = "SELECT EXISTS (SELECT FROM identity.users)"
Progress = Callable[[str, int], None]
"""Gets what is being done and how many files are through."""


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself; ``database_bytes`` is the size of the dump."""

    format: int
    version: str
    made_at: str
    database_bytes: int
    files: int


def media_store(env: Mapping[str, str]) -> "MediaStore":
    """Open the store of uploads that an environment names."""
    # Imported here: every other command should start without it.
    from pydantic import SecretStr, model_validator  # noqa: PLC0415

    from notechondria_shared.core.settings import ServiceSettings  # noqa: PLC0415
    from notechondria_shared.storage.media import MediaStore  # noqa: PLC0415

    class Settings(ServiceSettings):
        service: ClassVar[str] = "backup"
        # It calls nobody.
        service_key: SecretStr = SecretStr("")
        service_public_keys: str = ""

        @model_validator(mode="after")
        def _check_keys(self) -> "Settings":
            return self

    known = {name.lower(): value for name, value in env.items() if value and name.lower() in Settings.model_fields}
    return MediaStore(Settings(**known).media_location)  # type: ignore[arg-type]


def write(
    target: Path,
    database_url: str,
    media: "MediaStore",
    report: Progress,
    *,
    recipient: str = "",
    overwrite: bool = False,
) -> Manifest:
    """Write an archive beside its name and give it the name when it is whole. Raises StackError.

    With a public key of age as ``recipient`` it is encrypted while it is written.
    """
    if target.exists() and not overwrite:
        raise StackError(f"{target} is there already, and was left as it is.", "Give another name, or --force.")
    draft = target.with_name(target.name + ".part")
    try:
        # The archive holds everything people wrote: nobody else's business.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with (
                encrypting(file, recipient) if recipient else nullcontext(file) as out,
                tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as archive,
            ):
                manifest = _fill(archive, database_url, media, report, draft.parent)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        raise StackError(
            f"{target} cannot be written: {error.strerror or error}.", "Make room, or choose another place."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _fill(
    archive: tarfile.TarFile, database_url: str, media: "MediaStore", report: Progress, scratch: Path
) -> Manifest:
    kept: set[str] = set()
    _copy_files(archive, media, kept, report)
    report("database", len(kept))
    with tempfile.NamedTemporaryFile(dir=scratch, prefix=".dump-") as dump:
        schemas = [f"--schema={service}" for service in SERVICES_WITH_SCHEMA]
        _run("pg_dump", database_url, ["--format=custom", f"--file={dump.name}", *schemas])
        size = dump.seek(0, os.SEEK_END)
        dump.seek(0)
        _add(archive, _DUMP, dump, size)
    _copy_files(archive, media, kept, report)
    manifest = Manifest(FORMAT, product_version(), datetime.now(UTC).isoformat(timespec="seconds"), size, len(kept))
    for name, text in ((_VERSION, manifest.version + "\n"), (_MANIFEST, json.dumps(asdict(manifest), indent=1) + "\n")):
        data = text.encode()
        _add(archive, name, io.BytesIO(data), len(data))
    return manifest


def _copy_files(archive: tarfile.TarFile, media: "MediaStore", kept: set[str], report: Progress) -> None:
    for path in media.paths():
        if path in kept:
            continue
        stored = media.read(path)
        if stored is None:
            continue  # removed meanwhile
        size, content = stored
        _add(archive, _MEDIA + path, content, size)
        kept.add(path)
        report("files", len(kept))


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    entry.mtime = int(datetime.now(UTC).timestamp())
    archive.addfile(entry, content)


@contextmanager
def readable(source: Path, key_file: Path | None) -> Iterator[Path]:
    """Give the archive itself, or for as long as this lasts what an encrypted one holds. Raises StackError."""
    if not is_encrypted(source):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="notechondria-decrypted-") as folder:
        plain = Path(folder) / "backup.tar"
        decrypt(source, plain, key_file)
        yield plain


def manifest_of(source: Path) -> Manifest:
    """Read what an archive says of itself; raises StackError for what is no whole archive of ours."""
    if not source.is_file():
        raise StackError(f"There is no file {source}.", "Give the file that `backup` wrote.")
    try:
        with tarfile.open(source) as archive:
            member = archive.extractfile(_MANIFEST)
            fields: dict[str, Any] = json.loads(member.read()) if member else {}
            manifest = Manifest(**fields)
    except (OSError, tarfile.TarError, KeyError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0].rstrip(":")
        raise StackError(f"{source} is no whole backup ({reason}).", "Give the file that `backup` wrote.") from error
    if manifest.format != FORMAT:
        raise StackError(f"{source} has format {manifest.format}, not {FORMAT}.", "Use the version that wrote it.")
    if _numbers(manifest.version) > _numbers(product_version()):
        raise StackError(
            f"{source} is of version {manifest.version}, this is {product_version()}.",
            "Restore it with that version or a later one.",
        )
    return manifest


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".") if part.isdigit())


def check_empty(database_url: str) -> None:
    """Raise StackError when accounts are there already."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('identity.users')").fetchone() == (None,):
            return
        if connection.execute(_NOT_EMPTY).fetchone() == (True,):
            raise StackError("There are accounts already.", "Restore into an empty system (see: notechondria reset).")


def read(source: Path, database_url: str, media: "MediaStore", report: Progress) -> Manifest:
    """Fill an empty system from an archive; its events are published again at the next start. Raises StackError."""
    manifest = manifest_of(source)
    check_empty(database_url)
    done = 0
    with tarfile.open(source) as archive, tempfile.TemporaryDirectory(prefix="notechondria-restore-") as folder:
        for member in archive:
            content = archive.extractfile(member)
            if content is None:
                continue
            if member.name == _DUMP:
                report("database", done)
                dump = Path(folder) / _DUMP
                with dump.open("wb") as file:
                    file.writelines(_pieces(content))
                _run("pg_restore", database_url, ["--clean", "--if-exists", "--exit-on-error", str(dump)])
                dump.unlink()
            elif member.name.startswith(_MEDIA):
                media.write(member.name.removeprefix(_MEDIA), content)
                done += 1
                report("files", done)
    with psycopg.connect(database_url) as connection:
        for service in SERVICES_WITH_SCHEMA:
            # The bus of the new system has sent nothing yet; whoever consumed an event knows it by its id.
            connection.execute(sql.SQL("UPDATE {} SET sent_at = NULL").format(sql.Identifier(service, "outbox")))
    return manifest


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(1024 * 1024):
        yield piece


def _run(program: str, database_url: str, arguments: list[str]) -> None:
    parts = urlsplit(database_url)
    # Command lines can be read by others on the machine, environments cannot.
    address = parts.netloc.rpartition("@")[2]
    shown = urlunsplit((parts.scheme, f"{parts.username}@{address}", parts.path, parts.query, ""))
    done = subprocess.run(  # noqa: S603 - our own command line
        [str(postgres_program(program)), "--dbname", shown, *arguments],
        env={**os.environ, "PGPASSWORD": unquote(parts.password or "")},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise StackError(f"{program} failed: {lines[-1] if lines else done.returncode}.", "Nothing was finished.")
