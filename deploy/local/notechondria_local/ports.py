"""Free TCP ports on the loopback interface."""

import errno
import random
import socket
import threading

from notechondria_local.errors import StackError

# Below the range from which systems take ports for outgoing connections: nothing grabs one between choosing and using.
_LOWEST, _HIGHEST = 20_000, 32_000
_given: set[int] = set()
_lock = threading.Lock()


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on the port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def choose_port() -> int:
    """Return a free port that this process has not handed out before."""
    with _lock:
        for _ in range(500):
            port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311 - a port number is no secret
            if port not in _given and is_free(port):
                _given.add(port)
                return port
    raise StackError(
        f"No free port was found between {_LOWEST} and {_HIGHEST}.", "End some of the programs that listen there."
    )


def release_port(port: int) -> None:
    """Let a port be handed out again."""
    with _lock:
        _given.discard(port)
