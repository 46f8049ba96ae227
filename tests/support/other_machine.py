"""Another machine, played by a network namespace: it reaches this one over a cable of its own (a veth pair)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_NUMBER = os.getpid() % 16_000
_OUR_END, _THEIR_END = f"ntc{os.getpid() % 100_000}a", f"ntc{os.getpid() % 100_000}b"


class NotPermittedError(Exception):
    """This system does not let us make a namespace."""


@dataclass(frozen=True)
class OtherMachine:
    """The namespace, and the address by which it reaches us."""

    name: str
    our_address: str

    def runs(self, command: Sequence[str], seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command over there."""
        call = ["ip", "netns", "exec", self.name, *command]
        return subprocess.run(call, capture_output=True, text=True, timeout=seconds, check=False)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=20, check=False)  # noqa: S607
    if done.returncode:
        raise NotPermittedError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@contextmanager
def other_machine() -> Iterator[OtherMachine]:
    """Make one, with two addresses of the range for tests of networks (RFC 2544); raises NotPermittedError."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        raise NotPermittedError("network namespaces are made by root, with the program ip")
    name = f"ntc-{os.getpid()}"
    # A net of four addresses for each process, so that runs beside each other do not meet.
    base = _NUMBER * 4
    ours, theirs = (f"198.18.{(base + end) // 256}.{(base + end) % 256}" for end in (1, 2))
    try:
        _ip("netns", "add", name)
        _ip("link", "add", _OUR_END, "type", "veth", "peer", "name", _THEIR_END)
        _ip("link", "set", _THEIR_END, "netns", name)
        _ip("addr", "add", f"{ours}/30", "dev", _OUR_END)
        _ip("link", "set", _OUR_END, "up")
        _ip("-n", name, "addr", "add", f"{theirs}/30", "dev", _THEIR_END)
        _ip("-n", name, "link", "set", _THEIR_END, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield OtherMachine(name, ours)
    finally:
        # With the namespace its end of the cable goes, and with that ours.
        for arguments in (("link", "del", _OUR_END), ("netns", "del", name)):
            with suppress(NotPermittedError):
                _ip(*arguments)
