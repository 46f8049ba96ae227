"""Free TCP ports on the loopback interface."""

import atexit
import errno
import random
import socket
import threading

from notechondria_cli.errors import StackError

# Below the range from which systems take ports for outgoing connections: nothing grabs one between choosing and using.
_LOWEST, _HIGHEST = 20_000, 32_000
# What was handed out, each with the UDP socket of the same number: the system lets one process hold it, so that no two
# starts at the same moment choose the same port, and takes it back when that process ends.
_reserved: dict[int, socket.socket] = {}
_lock = threading.Lock()


@atexit.register
def _release_all() -> None:
    for port in list(_reserved):
        release_port(port)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen on the port now."""
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


def _claim(port: int) -> socket.socket | None:
    """Take a port before every other process that asks here; None when one was first."""
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind(("127.0.0.1", port))
    except OSError:
        claim.close()
        return None
    return claim


def choose_port() -> int:
    """Return a free port that no process of this machine was given and has not released."""
    with _lock:
        for _ in range(500):
            port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311 - a port number is no secret
            if port not in _reserved and is_free(port) and (claim := _claim(port)):
                _reserved[port] = claim
                return port
    raise StackError(
        f"No free port was found between {_LOWEST} and {_HIGHEST}.", "End some of the programs that listen there."
    )


def release_port(port: int) -> None:
    """Let a port be handed out again."""
    with _lock:
        claim = _reserved.pop(port, None)
        if claim is not None:
            claim.close()
