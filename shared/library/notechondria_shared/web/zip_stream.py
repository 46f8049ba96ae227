"""A zip made while it is sent: never whole in memory, never on disk."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime

from notechondria_shared.core.timestamps import now


class _Sink(io.RawIOBase):
    """Where zipfile writes to; what has come in is taken out after each piece. It cannot seek, and need not."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


Member = tuple[str, AsyncIterator[bytes] | bytes]
"""A path inside the zip, and its content: whole, or in pieces."""


async def zip_stream(members: AsyncIterator[Member], at: datetime | None = None) -> AsyncIterator[bytes]:
    """The bytes of a zip (deflate, zip64 where needed) over `members`, in their order."""
    stamp = (at or now()).timetuple()[:6]
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        async for path, content in members:
            info = zipfile.ZipInfo(path, stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            # The size is not known before the last piece: room for more than 2 GiB has to be made beforehand.
            with archive.open(info, "w", force_zip64=True) as entry:
                if isinstance(content, bytes):
                    entry.write(content)
                else:
                    async for piece in content:
                        entry.write(piece)
                        if taken := sink.take():
                            yield taken
            if taken := sink.take():
                yield taken
    yield sink.take()
