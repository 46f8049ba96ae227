"""What a reader of another program's form does: it takes notes out of files that are no notes by themselves."""

from __future__ import annotations

from typing import Protocol

from notes_service.exchange.archive import Source


class Reader(Protocol):
    """Looks through the files of an import; what is not its own it leaves to others."""

    def __call__(self, source: Source) -> None:
        """Add notes to `source.made`, files within files by `add_file`, and `use` what was taken.

        What cannot be read is named in `source.left_out`.
        """
