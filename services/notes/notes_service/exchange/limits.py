"""How much an import may hold."""

from __future__ import annotations

from dataclasses import dataclass

from notechondria_shared.core.errors import BadRequest
from notechondria_shared.web.body import TEXT_LIMIT

UNPACKED = 20
"""How many times more than was sent it may be once it is unpacked."""


NOTE_BYTES = TEXT_LIMIT + 256 * 1024
"""Of a note in the form of another program: its text and what stands beside it."""
NO_TEXT = "It is no UTF-8 text: save it as UTF-8 and import it again."


class NoArchive(BadRequest):
    """A file that should be an archive is none; `reason` says so where it is one of several."""

    def __init__(self, kind: str) -> None:
        self.reason = f"It is no {kind} archive, or it is damaged."
        super().__init__(
            f"Import refused: Notes.Import/read — the file is no {kind} archive, or it is damaged: "
            "send a .zip, .tgz, .jex, .enex or .textpack, or files of markdown, text or HTML."
        )


class BadEntry(Exception):
    """One file cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one import may hold, `mib` of it being sent."""

    mib: int
    files: int

    @property
    def sent(self) -> int:
        """Bytes of what is sent."""
        return self.mib << 20

    @property
    def unpacked(self) -> int:
        """Bytes of all files together, unpacked."""
        return UNPACKED * self.sent

    def too_large(self) -> BadRequest:
        """Too much was sent."""
        text = f"Import refused: Notes.Import/upload — what was sent exceeds maximum size of {self.mib} MiB."
        return BadRequest(text)

    def too_much(self) -> BadRequest:
        """Too much is in what was sent."""
        unpacked = f"{self.files} files or {UNPACKED * self.mib} MiB"
        return BadRequest(f"Import refused: Notes.Import/read — unpacked it is more than {unpacked}.")
