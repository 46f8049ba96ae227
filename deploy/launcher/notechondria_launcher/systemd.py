"""Units of systemd that run a stack: asked by systemctl, of the whole machine or of one user."""

import shutil
import subprocess
from dataclasses import dataclass

from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.probe import until
from notechondria_cli.state import Lock, StackState

_CALL_SECONDS = 200
_READY_SECONDS = 600
SCOPES = ("system", "user")


@dataclass(frozen=True)
class Unit:
    """A unit by name, and whose it is: ``system`` or ``user``."""

    scope: str
    name: str

    @classmethod
    def of(cls, text: str) -> "Unit | None":
        """Read what a stack says of its unit; None when it says nothing that could be one."""
        scope, _, name = text.partition(" ")
        return cls(scope, name) if scope in SCOPES and name.endswith(".service") else None

    def call(self, *arguments: str, check: bool = True) -> str:
        """Have systemctl do something with the unit, and return what it says. Raises StackError when it refuses."""
        return systemctl(self.scope, *arguments, self.name, check=check)

    def wait_ready(self, layout: Layout) -> None:
        """Wait until the stack that the unit starts is ready. Raises StackError when it does not become so."""

        def ended() -> bool:
            state = StackState.read(layout.state)
            ready = state is not None and state.ready and Lock(layout.lock).is_taken()
            return ready or self.call("is-active", check=False) == "failed"

        until(ended, _READY_SECONDS, every=0.5)
        state = StackState.read(layout.state)
        if state is None or not state.ready:
            log = f"journalctl{' --user' if self.scope == 'user' else ''} -u {self.name}"
            raise StackError(f"{self.name} has not become ready.", f"See: {log}.")


def systemctl(scope: str, *arguments: str, check: bool = True) -> str:
    """Call systemctl and return what it says; raises StackError when it is not there or refuses."""
    program = shutil.which("systemctl")
    if program is None:
        raise StackError("There is no systemctl here.", "Where systemd does not run, keep it up by other means.")
    command = [program, *(["--user"] if scope == "user" else []), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are ours
            command, capture_output=True, text=True, check=False, timeout=_CALL_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"systemctl did not answer ({error}).", "See: journalctl -xe.") from error
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise StackError(f"systemctl {' '.join(arguments)}: {said[-1]}", "See: journalctl -xe.")
    return done.stdout.strip()
