"""The process that loads all services and forks itself into each of them: they share its pages.

Usage: python -m notechondria_launcher.template DESCRIPTOR

Five interpreters that load the same libraries hold them five times in memory; forks of one hold them once, and start
sooner. The services' own modules are loaded here as well, although each is of use in one process only: to load them
in the forks would write to a third of what these share (counts of references, caches of the interpreter).

The descriptor is a socket of whole messages; the process ends when the other side is closed
(`notechondria_launcher/forking.py`), and what it made goes on without it.
"""

from __future__ import annotations

import notechondria_shared.core.optional_libraries  # noqa: F401 - says what those below leave out

# isort: split
import ctypes
import importlib
import importlib.util
import json
import os
import runpy
import signal
import socket
import sys
import time
from contextlib import suppress

from notechondria_cli.names import SERVICES
from notechondria_launcher.forking import Start
from notechondria_shared.core.keys import PublicKeys, SigningKey
from notechondria_shared.core.logs import quieten
from notechondria_shared.core.memory import settle
from notechondria_shared.web.clients import tls_context

WHILE_SERVING = (
    "anyio._backends._asyncio",
    "encodings.idna",
    "fastapi.telemetry._runtime",
    "httptools",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
)
_PR_SET_NAME, _PR_SET_PDEATHSIG = 15, 1
_MESSAGE_BYTES = 1 << 18
_TRUSTED = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Where a service finds the certificates that it trusts: those of the template only hold where these are the same."""
_PARENT_SECONDS = 10


def _become(start: Start, files: list[int]) -> None:
    """Be the service in this process."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in files:
        if file > 2:
            os.close(file)
    if start.session:
        os.setsid()
    os.chdir(start.folder)
    if any(os.environ.get(name) != start.env.get(name) for name in _TRUSTED):
        tls_context.cache_clear()
    os.environ.clear()
    os.environ.update(start.env)
    time.tzset()
    # As an interpreter begins: with the default action a service would die of a pipe whose reader is gone.
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end = time.monotonic() + _PARENT_SECONDS
    while os.getppid() != start.parent:
        if time.monotonic() > end:
            sys.exit("the launcher is gone")
        time.sleep(0.001)
    libc = ctypes.CDLL(None)
    # So `top` and `pgrep` name it; the command line stays the template's.
    libc.prctl(_PR_SET_NAME, start.module.encode(), 0, 0, 0)
    if start.death_signal:
        libc.prctl(_PR_SET_PDEATHSIG, start.death_signal, 0, 0, 0)
    sys.argv = [start.module, *start.arguments]
    runpy.run_module(start.module, run_name="__main__", alter_sys=True)


def _fork(connection: socket.socket, start: Start, files: list[int]) -> int | None:
    """Make the process whose parent is gone at once, so that whoever asked becomes it; None in that process."""
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        service = os.fork()
        if service != 0:
            os.write(writing, str(service).encode())
            os._exit(0)
        for file in (reading, writing):
            os.close(file)
        connection.close()
        _become(start, files)
        return None
    os.close(writing)
    os.waitpid(between, 0)
    with os.fdopen(reading) as answer:
        return int(answer.read())


def serve(descriptor: int) -> None:
    """Fork until nobody is there to ask. Call it before there are threads: a fork has only one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settle()
    connection = socket.socket(fileno=descriptor)
    while True:
        message, files, _, _ = socket.recv_fds(connection, _MESSAGE_BYTES, 3)
        if not message:
            return
        pid = _fork(connection, Start(**json.loads(message)), files)
        if pid is None:
            return
        for file in files:
            os.close(file)
        connection.send(str(pid).encode())


def load() -> None:
    """Import the services, and what they would import when they serve."""
    for service in SERVICES:
        for module in ("app", "bootstrap"):
            if importlib.util.find_spec(f"{service}_service.{module}"):
                importlib.import_module(f"{service}_service.{module}")
    for name in WHILE_SERVING:
        importlib.import_module(name)


def prepare() -> None:
    """Read the certificates that clients trust, and sign and check with a key of nobody's.

    Each service does so as it starts, and what the libraries keep of it would be 2 MiB of its own.
    """
    with suppress(OSError):  # certificates that cannot be read: a service says so in its own log
        tls_context()
    quieten()
    key, (service, other) = SigningKey(SigningKey.generate()), SERVICES[:2]
    PublicKeys(f"{service}:{key.public}").read(key.token("call+jwt", service, other), "call+jwt", other)


if __name__ == "__main__":
    load()
    prepare()
    serve(int(sys.argv[1]))
