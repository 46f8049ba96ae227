"""Where scheduled backups lie: a folder, or a bucket that speaks S3 (keys in AWS_*, as for uploads)."""

import os
from pathlib import Path
from typing import Any, Protocol

from notechondria_cli.errors import StackError
from notechondria_cli.operator_env import operator_environment
from notechondria_shared.core.web_addresses import urlsplit

_PIECE_BYTES = 8 * 2**20


class Target(Protocol):
    """What a backup needs of the place it goes to."""

    @property
    def folder(self) -> Path | None:
        """The folder itself, where an archive can be written in place; None for a bucket."""
        ...

    def address(self, name: str) -> str:
        """Where an archive is, for people."""
        ...

    def put(self, file: Path, name: str) -> None:
        """Bring a file there."""
        ...

    def names(self) -> list[str]:
        """What lies there."""
        ...

    def remove(self, name: str) -> None:
        """Take an archive away."""
        ...

    def fetch(self, name: str, file: Path) -> None:
        """Bring an archive here."""
        ...


class Folder:
    """A folder of this machine, or one that is mounted."""

    def __init__(self, path: Path) -> None:
        self.folder: Path | None = path
        self._path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StackError(f"{path} cannot be made ({error.strerror}).", "Give another folder.") from error

    def address(self, name: str) -> str:
        """Return the path."""
        return str(self._path / name)

    def put(self, file: Path, name: str) -> None:
        """Move it in; it was written there already."""
        file.replace(self._path / name)

    def names(self) -> list[str]:
        """Return the names of files."""
        return [entry.name for entry in self._path.iterdir() if entry.is_file()]

    def remove(self, name: str) -> None:
        """Delete it."""
        (self._path / name).unlink(missing_ok=True)

    def fetch(self, name: str, file: Path) -> None:
        """Link or copy is not needed: it can be read where it is."""
        file.symlink_to(self._path / name)


class Bucket:
    """A bucket and a prefix, `s3://bucket/prefix`."""

    def __init__(self, url: str, store: Any) -> None:
        self.folder: Path | None = None
        self._url = url.rstrip("/")
        self._store = store

    def address(self, name: str) -> str:
        """Return the URL."""
        return f"{self._url}/{name}"

    def put(self, file: Path, name: str) -> None:
        """Upload it in pieces."""
        import obstore  # noqa: PLC0415 - only buckets need it

        with _saying(self._url), file.open("rb") as content:
            obstore.put(self._store, name, content, use_multipart=True, chunk_size=_PIECE_BYTES)

    def names(self) -> list[str]:
        """Return the names below the prefix."""
        import obstore  # noqa: PLC0415 - see above

        with _saying(self._url):
            return [one["path"] for batch in obstore.list(self._store) for one in batch]

    def remove(self, name: str) -> None:
        """Delete it."""
        import obstore  # noqa: PLC0415 - see above

        with _saying(self._url):
            obstore.delete(self._store, name)

    def fetch(self, name: str, file: Path) -> None:
        """Download it in pieces."""
        import obstore  # noqa: PLC0415 - see above

        # It holds everything people wrote; the folder can be passed through by others.
        closed = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(closed, "wb") as target, _saying(self._url):
            for piece in obstore.get(self._store, name).stream(min_chunk_size=_PIECE_BYTES):
                target.write(bytes(piece))


class _saying:  # noqa: N801 - reads as what it does: with _saying(...)
    """Turns an error of the store into a sentence."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - see above

        if isinstance(error, (BaseError, FileNotFoundError, PermissionError)):
            reason = str(error).partition("\n")[0][:300]
            raise StackError(f"{self._url}: {reason}", "See its name, the AWS_* settings and its rights.") from error


def target_of(to: str) -> Target:
    """Open a folder or a bucket. Raises StackError for what is neither."""
    parts = urlsplit(to)
    if parts.scheme in ("", "file"):
        return Folder(Path(parts.path if parts.scheme else to).expanduser().absolute())
    if parts.scheme != "s3" or not parts.netloc:
        raise StackError(f"{to} is no folder and no bucket.", "Give such as /srv/backups or s3://bucket/prefix.")
    return Bucket(to, _opened(to))


def _opened(url: str) -> Any:
    from obstore.exceptions import BaseError  # noqa: PLC0415 - see above

    from notechondria_shared.storage.media import open_store  # noqa: PLC0415 - see above

    # The library looks into the environment; .env counts as well.
    for name, value in operator_environment().items():
        if name.startswith("AWS_"):
            os.environ.setdefault(name, value)
    try:
        return open_store(url)
    except (BaseError, ValueError) as error:
        reason = str(error).partition("\n")[0][:300]
        raise StackError(f"{url} cannot be opened: {reason}", "See the AWS_* settings.") from error
