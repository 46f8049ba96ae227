"""Copying files of the monolith's media folder into the store of uploads, under the paths they have."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from notechondria_shared.core.errors import StoreUnavailable
from notechondria_shared.core.media_location import MediaLocation
from notechondria_shared.django_import.problem import ImportProblem
from notechondria_shared.django_import.report import FILES, Report
from notechondria_shared.django_import.target import OnProgress
from notechondria_shared.storage.media import MediaStore


class MediaCopy:
    """Copies what rows name. Without a folder it copies nothing: the files must be in the store already."""

    def __init__(
        self, folder: Path | None, store: MediaLocation, report: Report, on_progress: OnProgress, *, dry_run: bool
    ) -> None:
        self._folder = folder.resolve() if folder else None
        self._location, self._report, self._on_progress, self._dry_run = store, report, on_progress, dry_run

    def copy(self, paths: Iterable[str]) -> None:
        """Copy files in the order of their paths; one of the same size that is there already is left alone.

        Raises `ImportProblem` when the store cannot be reached.
        """
        if self._folder is None:
            return
        store = None if self._dry_run else MediaStore(self._location)  # opening one makes its folder
        for number, path in enumerate(sorted(set(paths)), 1):
            self._copy_one(self._folder, path, store)
            self._on_progress(FILES, number)

    def _copy_one(self, folder: Path, path: str, store: MediaStore | None) -> None:
        counts = self._report.of(FILES)
        counts.read += 1
        origin = (folder / path).resolve()
        if not origin.is_relative_to(folder) or not origin.is_file():
            self._report.skip(FILES, path, "it is not in the media folder")
            return
        try:
            if store is not None:
                known = store.read(path)
                if known is not None and known[0] == origin.stat().st_size:
                    counts.present += 1
                    return
                with origin.open("rb") as content:
                    store.write(path, content)
        except StoreUnavailable as error:
            raise ImportProblem(
                f"{path} cannot be written into the store of uploads.",
                "Check the settings of the store, then import again: what is there stays.",
            ) from error
        counts.written += 1
