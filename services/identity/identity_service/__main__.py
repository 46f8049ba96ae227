"""`python -m identity_service`: wait for Postgres, migrate, bootstrap, serve.

With `prepare` it ends before serving, with `import-django` it imports from the Django monolith.
"""

from __future__ import annotations

import sys

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
from identity_service.app import SPEC, create_app
from identity_service.bootstrap import bootstrap
from identity_service.settings import IdentitySettings
from notechondria_shared.service.runner import load_settings, run


def _import_django(settings: IdentitySettings) -> int:
    from identity_service.django_import.command import import_django  # noqa: PLC0415 - serving does not need it

    return import_django(settings)


if __name__ == "__main__":
    sys.exit(
        run(
            load_settings(IdentitySettings),
            SPEC,
            create_app,
            bootstrap,
            commands={"import-django": _import_django},
        )
    )
