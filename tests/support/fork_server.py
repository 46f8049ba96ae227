"""The process that imports all services and commands once and forks for each start (tests/support/forking.py).

Usage: python -m tests.support.fork_server DESCRIPTOR

The descriptor is a socket of whole messages; the process ends when the other side is closed.
"""

from __future__ import annotations

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
import os
import sys
from types import ModuleType

import web_service.__main__
from notechondria_launcher.template import prepare, serve
from tests.support.forking import WEB_ALONE

programs: list[ModuleType] = [web_service.__main__]
if not os.environ.get(WEB_ALONE):
    import identity_service.__main__
    import mcp_service.__main__
    import notechondria_launcher.cli
    import notes_service.__main__
    import planner_service.__main__
    from notechondria_shared.broker import provisioning
    from notechondria_shared.core import provision

    programs += [identity_service.__main__, mcp_service.__main__, notes_service.__main__, planner_service.__main__]
    programs += [provisioning, provision]
    COMMANDS = notechondria_launcher.cli
    """Stays loaded: its `__main__` imports it when a command begins."""

if __name__ == "__main__":
    for program in programs:
        del sys.modules[program.__name__]  # runpy makes it anew, and warns where it is there already
    prepare()
    serve(int(sys.argv[1]))
