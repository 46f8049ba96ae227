"""A file that is watched while its archive is opened: what its directory says is not trusted."""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import BinaryIO

from notes_service.exchange.limits import Limits


class GuardedFile(io.RawIOBase):
    """The file of an archive; `opening` ends when its members are known."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        super().__init__()
        self._file, self.limits = file, limits
        self.opening = True

    @abstractmethod
    def guard(self, data: bytes) -> None:
        """Refuse what was read while the archive is opened, when it was too much."""

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if self.opening:
            self.guard(data)
        return data
