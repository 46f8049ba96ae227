"""Becomes another program after tying its life to the launcher's.

Usage: python -I -S guard.py PARENT SIGNAL IDENTITY PROGRAM...

On Linux the kernel sends SIGNAL to the program when the launcher dies, however it dies. IDENTITY is ``-`` (stay who
we are) or ``<uid>:<gid>``, and for data that no other user can reach ``namespace`` (root that looks like an ordinary
user to the program) or ``passage:<uid>:<gid>`` (another user that keeps root's way past closed folders).
Runs without site-packages: it must cost milliseconds.
"""

import ctypes
import os
import signal
import sys

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_NAMESPACE_ID = 1000
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def _call(name: str, *arguments: object) -> None:
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
    *passage, uid, gid = identity.split(":")
    if passage:
        _call("prctl", _PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
    if passage:
        _keep_only(_CAP_DAC_OVERRIDE)


def _keep_only(capability: int) -> None:
    """Give up every capability but one, and let that one survive the exec."""
    words = ctypes.c_uint32 * 6  # effective, permitted, inheritable: the low words, then the high ones
    _call("capset", (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), words(*[1 << capability] * 3, 0, 0, 0))
    _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)


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
