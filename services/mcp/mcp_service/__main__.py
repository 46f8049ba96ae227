"""`python -m mcp_service`: wait for Postgres, migrate, serve."""

from __future__ import annotations

import sys

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
from mcp_service.app import SPEC, create_app
from mcp_service.settings import McpSettings
from notechondria_shared.service.runner import load_settings, run

if __name__ == "__main__":
    sys.exit(run(load_settings(McpSettings), SPEC, create_app))
