"""`python -m identity_service`: wait for Postgres, migrate, bootstrap, serve."""

from __future__ import annotations

import sys

from identity_service.app import SPEC
from identity_service.bootstrap import bootstrap
from identity_service.settings import IdentitySettings
from notechondria_shared.service.runner import load_settings, run

if __name__ == "__main__":
    sys.exit(run(load_settings(IdentitySettings), SPEC, "identity_service.app:create_app", bootstrap))
