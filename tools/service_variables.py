"""Write which environment variables each service reads: the launcher gives a process nothing else.

`python -m tools.service_variables` after a change of the settings (`make docs` does it); a test compares.
"""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path

from notechondria_contracts.services import SERVICES
from notechondria_shared.core.settings import CoreSettings

TARGET = Path(__file__).resolve().parent.parent / "deploy/launcher/notechondria_launcher/service_variables.json"
READ_BESIDE_SETTINGS = ("BACKEND_VERSION", "PROMETHEUS_MULTIPROC_DIR")


def variables(service: str) -> list[str]:
    """The names of a service's settings, as the environment has them."""
    module = importlib.import_module(f"{service}_service.settings")
    model = next(
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, CoreSettings) and member.__module__ == module.__name__
    )
    return sorted({name.upper() for name in model.model_fields} | set(READ_BESIDE_SETTINGS))


def document() -> str:
    """The file's content."""
    return json.dumps({service: variables(service) for service in SERVICES}, indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
