"""`python -m notes_service`: wait for Postgres, migrate, serve."""

from __future__ import annotations

import sys

from notechondria_shared.service.runner import load_settings, run
from notes_service.app import SPEC
from notes_service.settings import NotesSettings

if __name__ == "__main__":
    sys.exit(run(load_settings(NotesSettings), SPEC, "notes_service.app:create_app"))
