"""The media store over obstore, and the absolute URLs of what lies in it (identity §11.3, notes §3.9)."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from urllib.request import url2pathname

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store, from_url

from notechondria_shared.core.errors import StoreUnavailable
from notechondria_shared.core.media_location import MediaLocation
from notechondria_shared.core.network_guard import forbid_in_transaction
from notechondria_shared.core.web_addresses import urlsplit

if TYPE_CHECKING:
    from obstore import GetOptions  # in its stubs only
    from obstore.store import ClientConfig, RetryConfig

logger = logging.getLogger("notechondria.media")
CHUNK = 256 * 1024
AWAY = "Files cannot be reached right now: Backend.Media/store — try again in a moment."
_RETRIES: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=8)}


class StoredFile:
    """A file that was found: size in bytes (of the whole file), entity tag, and its bytes as a stream."""

    def __init__(self, result: obstore.GetResult) -> None:
        self.size: int = result.meta["size"]
        self.etag: str = (result.meta["e_tag"] or f"{self.size}-{result.meta['last_modified'].timestamp()}").strip('"')
        self._result = result

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content, in pieces of 256 KiB."""
        async for chunk in self._result.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as a listing shows it."""

    path: str
    last_modified: datetime


class MediaStore:
    """Puts, gets and deletes files by path; paths are relative, `/`-separated, without `..`."""

    def __init__(self, location: MediaLocation) -> None:
        self._store = _open(location)
        self.address = location.address
        """Where people get the files, `https://files.example.org`; "" = from our own `/media/`."""

    async def put(self, path: str, data: bytes | AsyncIterator[bytes]) -> None:
        """Write a file, whole or as a stream; an existing one is replaced."""
        forbid_in_transaction(f"media store: put {path}")
        with _reaching(path):
            await obstore.put_async(self._store, _checked(path), data)

    async def get(self, path: str, part: tuple[int, int] | None = None) -> StoredFile | None:
        """Open a file, or the bytes `part[0]` to before `part[1]` of it; None when there is none."""
        forbid_in_transaction(f"media store: get {path}")
        options: GetOptions = {} if part is None else {"range": part}
        try:
            with _reaching(path):
                return StoredFile(await obstore.get_async(self._store, _checked(path), options=options))
        except (NotFoundError, FileNotFoundError, IsADirectoryError):
            return None

    async def rename(self, source: str, target: str) -> None:
        """Give a file another path; one that is there already is replaced."""
        forbid_in_transaction(f"media store: rename {source}")
        with _reaching(source):
            await obstore.rename_async(self._store, _checked(source), _checked(target))

    async def listing(self, prefix: str) -> AsyncIterator[list[ListedFile]]:
        """Every file below a folder, in batches."""
        forbid_in_transaction(f"media store: list {prefix}")
        async for listed in obstore.list(self._store, prefix=_checked(prefix)):
            yield [ListedFile(meta["path"], meta["last_modified"]) for meta in listed]

    def paths(self) -> Iterator[str]:
        """Every file's path; for programs without an event loop."""
        for listed in obstore.list(self._store):
            yield from (meta["path"] for meta in listed)

    def read(self, path: str) -> tuple[int, IO[bytes]] | None:
        """Size and content of a file, None when it is gone; for programs without an event loop."""
        try:
            with _reaching(path):
                size = obstore.head(self._store, _checked(path))["size"]
                return size, cast("IO[bytes]", obstore.open_reader(self._store, path))
        except (NotFoundError, FileNotFoundError):
            return None

    def write(self, path: str, content: IO[bytes]) -> None:
        """Write a file as a stream; for programs without an event loop."""
        with _reaching(path):
            obstore.put(self._store, _checked(path), content)

    async def exists(self, path: str) -> bool:
        """True when the file is there."""
        forbid_in_transaction(f"media store: look for {path}")
        try:
            with _reaching(path):
                await obstore.head_async(self._store, _checked(path))
        except (NotFoundError, FileNotFoundError):
            return False
        return True

    async def delete(self, path: str) -> None:
        """Remove a file; one that is not there counts as removed."""
        forbid_in_transaction(f"media store: delete {path}")
        try:
            with _reaching(path):
                await obstore.delete_async(self._store, _checked(path))
        except (NotFoundError, FileNotFoundError):
            return

    async def discard(self, path: str) -> None:
        """Remove a file that nothing names any more; when the store is away it stays for the sweep of orphans."""
        with suppress(StoreUnavailable):
            await self.delete(path)

    async def delete_under(self, prefix: str) -> int:
        """Remove every file below a folder; the number removed."""
        forbid_in_transaction(f"media store: delete {prefix}")
        removed = 0
        async for listed in obstore.list(self._store, prefix=_checked(prefix)):
            for meta in listed:
                await self.delete(meta["path"])
                removed += 1
        return removed


@contextmanager
def _reaching(path: str) -> Iterator[None]:
    """A store that is away or refuses is the operator's business: a clear 503, and why in the log."""
    try:
        yield
    except NotFoundError:
        raise
    except BaseError as error:
        logger.warning("the media store failed for %s: %s", path, str(error).partition("\n")[0][:500])
        raise StoreUnavailable(AWAY, retry_after=5) from error


def _checked(path: str) -> str:
    if path.startswith("/") or "\\" in path or any(part in {"", ".", ".."} for part in path.rstrip("/").split("/")):
        message = f"not a path of the media store: {path!r}"
        raise ValueError(message)
    return path


def open_store(url: str) -> ObjectStore:
    """A folder or a bucket by its URL, keys of a bucket from the AWS_* variables; for what is no upload (backups)."""
    return _open(MediaLocation(url))


def _open(location: MediaLocation) -> ObjectStore:
    url, access = location.url, location.access
    parts = urlsplit(url)
    if parts.scheme in {"", "file"}:
        folder = Path(url2pathname(parts.path)) if parts.scheme else Path(url)
        return LocalStore(folder, mkdir=True)
    if access is None:
        # Keys, region and endpoint from the AWS_* variables; a store in one's own network may well speak plain HTTP.
        allow_http = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        return from_url(url, client_options=_client(allow_http), retry_config=_RETRIES)
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        endpoint=access.endpoint,
        access_key_id=access.key_id,
        secret_access_key=access.secret.get_secret_value(),
        region=access.region,
        client_options=_client(access.endpoint.startswith("http://")),
        retry_config=_RETRIES,
    )


def _client(allow_http: bool) -> ClientConfig:
    return {"allow_http": allow_http, "connect_timeout": timedelta(seconds=3), "timeout": timedelta(seconds=60)}
