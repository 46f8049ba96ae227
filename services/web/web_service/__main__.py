"""`python -m web_service`: serve."""

from __future__ import annotations

import sys

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
from notechondria_shared.service.runner import load_settings, run
from web_service.app import SPEC, create_app
from web_service.settings import WebSettings

if __name__ == "__main__":
    sys.exit(run(load_settings(WebSettings), SPEC, create_app))
