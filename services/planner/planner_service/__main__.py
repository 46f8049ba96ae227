"""`python -m planner_service`: wait for Postgres, migrate, serve."""

from __future__ import annotations

import sys

from notechondria_shared.service.runner import load_settings, run
from planner_service.app import SPEC
from planner_service.settings import PlannerSettings

if __name__ == "__main__":
    sys.exit(run(load_settings(PlannerSettings), SPEC, "planner_service.app:create_app"))
