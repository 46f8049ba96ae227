"""Becomes another program after tying its life to the launcher's.

Usage: python -I -S guard.py PARENT SIGNAL IDENTITY PROGRAM...

On Linux the kernel sends SIGNAL to the program when the launcher dies, however it dies. IDENTITY is ``-`` (stay who
we are), ``<uid>:<gid>``, or ``namespace``: root that looks like an ordinary user to the program, for data that no
other user can reach. Runs without site-packages: it must cost milliseconds.
"""

import ctypes
import os
import signal
import sys

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_NAMESPACE_ID = 1000


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib costs more than this program may
        file.write(text)


def _become(identity: str) -> None:
    if identity == "-":
        return
    if identity == "namespace":
        _call("unshare", _CLONE_NEWUSER)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/gid_map", f"{_NAMESPACE_ID} 0 1")
        _write("/proc/self/uid_map", f"{_NAMESPACE_ID} 0 1")
        return
    uid, gid = identity.split(":")
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))


def main() -> None:
    """Replace this process by the program in the arguments."""
    parent, death_signal, identity, *command = sys.argv[1:]
    # Before the death signal: the kernel clears that when a process changes its user.
    _become(identity)
    if sys.platform == "linux":
        _call("prctl", _PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit("the launcher is gone")
    # Python ignores SIGPIPE, and a shell's background job SIGINT; ignored signals survive an exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606 - the launcher's own command line, no shell


if __name__ == "__main__":
    main()
