"""The process that imports all services and commands once and forks for each start (tests/support/forking.py).

Usage: python -m tests.support.fork_server DESCRIPTOR

The descriptor is a socket of whole messages; the process ends when the other side is closed.
"""

from __future__ import annotations

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
import os
import sys
from importlib import import_module

from notechondria_cli.names import SERVICES
from notechondria_launcher.template import serve
from tests.support.forking import ONLY

COMMANDS = ("notechondria_launcher.cli",)
"""Stay loaded: the command's `__main__` imports them when it begins."""
PROGRAMS = (
    *(f"{service}_service.__main__" for service in SERVICES),
    "notechondria_shared.broker.provisioning",
    "notechondria_shared.core.provision",
)

if __name__ == "__main__":
    only = os.environ.get(ONLY)
    for name in (f"{only}_service.__main__",) if only else (*COMMANDS, *PROGRAMS):
        import_module(name)
    for name in PROGRAMS:
        sys.modules.pop(name, None)  # runpy makes it anew, and warns where it is there already
    serve(int(sys.argv[1]))
