"""`python -m notes_service`: wait for Postgres, migrate, serve.

With `prepare` it ends before serving, with `import-django` it imports from the Django monolith.
"""

from __future__ import annotations

import sys

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
from notechondria_shared.service.runner import load_settings, run
from notes_service.app import SPEC, create_app
from notes_service.settings import NotesSettings


def _import_django(settings: NotesSettings) -> int:
    from notes_service.django_import.command import import_django  # noqa: PLC0415 - serving does not need it

    return import_django(settings)


if __name__ == "__main__":
    sys.exit(
        run(
            load_settings(NotesSettings),
            SPEC,
            create_app,
            commands={"import-django": _import_django},
        )
    )
