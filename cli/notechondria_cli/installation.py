"""The installed packages that a running stack uses: nobody changes them under it (tools/bootstrap.sh looks)."""

import fcntl
import os
import sys
from pathlib import Path


class InstallationInUse:
    """A shared lock on the virtual environment for as long as a stack runs from it; none where it cannot be had."""

    def __init__(self) -> None:
        self._descriptor: int | None = None

    def begin(self) -> None:
        """Take the lock; several stacks may have it at the same time."""
        try:
            # Reading is enough to lock it: whoever runs the stack need not own what is installed.
            self._descriptor = os.open(Path(sys.prefix) / "pyvenv.cfg", os.O_RDONLY)
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            self.end()

    def end(self) -> None:
        """Give it back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
