"""`python -m planner_service`: wait for Postgres, migrate, serve.

With `prepare` it ends before serving, with `import-django` it imports from the Django monolith.
"""

from __future__ import annotations

import sys

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
from notechondria_shared.service.runner import load_settings, run
from planner_service.app import SPEC, create_app
from planner_service.settings import PlannerSettings


def _import_django(settings: PlannerSettings) -> int:
    from planner_service.django_import.command import import_django  # noqa: PLC0415 - serving does not need it

    return import_django(settings)


if __name__ == "__main__":
    sys.exit(
        run(
            load_settings(PlannerSettings),
            SPEC,
            create_app,
            commands={"import-django": _import_django},
        )
    )
