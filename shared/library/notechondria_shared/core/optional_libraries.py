"""Optional parts of libraries that no service uses are not loaded: `__main__` imports this before anything else.

Where a library is installed beside a service, for the command line or the tests, others that can use it load it at once
and every process pays megabytes for it: httpx its own command line with rich, Mako (of Alembic) the colours of
pygments, httpcore the event loop of trio, FastAPI the first version of pydantic, uvicorn what looks for files that
change. A name that stands for None in `sys.modules` is an import that fails, which these libraries are prepared for
(https://docs.python.org/3/reference/import.html#the-module-cache).
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

UNUSED = ("httpx._main", "pydantic.v1", "pygments", "trio", "uvicorn.supervisors.watchfilesreload")
NOT_BY_ITSELF = ("aiohttp", "brotli", "zstandard")
"""Who uses them asks for them (`allow`). mcp calls with the first, which the bus's client would load in every service
for its WebSockets. The planner undoes the others, two compressions, within bounds; clients of HTTP would load these in
every service, and offer them to every server that they ask."""

for _name in (*UNUSED, *NOT_BY_ITSELF):
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]


def allow(name: str) -> None:
    """Let one of `NOT_BY_ITSELF` be imported by who needs it; other libraries have done without it by then."""
    if sys.modules.get(name) is None:
        sys.modules.pop(name, None)


@contextmanager
def without(name: str) -> Generator[None, None, None]:
    """Have who asks for a library meanwhile do without it, unless it is loaded already."""
    loaded = name in sys.modules
    if not loaded:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if not loaded:
            del sys.modules[name]
