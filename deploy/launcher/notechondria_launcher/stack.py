"""The whole stack, in order: Postgres and NATS, the services, the gateway last."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from notechondria_cli import control_requests, preflight
from notechondria_cli.control_requests import Restarted
from notechondria_cli.database import with_user
from notechondria_cli.errors import StackError
from notechondria_cli.installation import InstallationInUse
from notechondria_cli.layout import Layout
from notechondria_cli.names import SERVICES, SINGLE_PROCESS, title
from notechondria_cli.operator_env import is_on
from notechondria_cli.probe import get_json, until
from notechondria_cli.state import UNIT, Lock, PartState, StackState
from notechondria_contracts.internal.headers import INTERNAL_TOKEN_HEADER
from notechondria_contracts.services import OPERATOR
from notechondria_launcher.bus_provisioning import BusProvisioning
from notechondria_launcher.database_preparation import DatabaseRefused, prepare_database
from notechondria_launcher.metrics_targets import write_metrics_targets
from notechondria_launcher.part import ManagedProcess
from notechondria_launcher.plan import Plan
from notechondria_launcher.process import shorten
from notechondria_launcher.progress import Progress, Silent, step
from notechondria_launcher.scheduled_backups import ScheduledBackups
from notechondria_shared.core.version import product_version

_WATCH_SECONDS = 0.2
_LOG_CHECK_SECONDS = 10.0
_ROUTED_SECONDS = 15
_CAPABILITIES_SECONDS = 15
_HANDSHAKES = 8


def _capabilities(answer: object) -> set[str]:
    """The names of capabilities in an answer of a service."""
    capabilities = answer.get("capabilities") if isinstance(answer, dict) else None
    return set(capabilities) if isinstance(capabilities, dict) else set()


class Stack:
    """Runs everything on one data folder; several stacks can run side by side.

    ``port`` is the gateway's (0: a free one); ``env`` is added to the environment of this process for all parts.
    ``DATABASE_URL`` or ``NATS_URL`` in it replace the embedded server. With ``forking`` the services are forks of one
    process and share what they load, where the system allows it.
    """

    def __init__(
        self,
        data: Path,
        port: int = 0,
        env: Mapping[str, str] | None = None,
        *,
        host: str = "127.0.0.1",
        progress: Progress | None = None,
        forking: bool = False,
    ) -> None:
        self._forking = forking
        self.data = data.absolute()
        self.layout = Layout(self.data)
        self._port = port
        self._host = host
        self._env = {**os.environ, **(env or {})}
        self._progress = progress or Silent()
        self._lock = Lock(self.layout.lock)
        self._installation = InstallationInUse()
        self._backups = ScheduledBackups(self.layout, self._env, self._progress.note)
        self._plan: Plan | None = None
        self._parts: dict[str, ManagedProcess] = {}
        self._bus: BusProvisioning | None = None
        self._ready = False
        self._state_lock = threading.Lock()
        self._restarting = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, *, database_only: bool = False) -> None:
        """Start everything, or the database alone, and wait until all of it is ready.

        Raises StackError with nothing left running, AlreadyRunningError when the data folder is in use.
        """
        preflight.check_platform()
        preflight.check_folder(self.layout)
        self._lock.acquire()
        self._installation.begin()
        try:
            leftover = StackState.read(self.layout.state)
            if leftover is not None:
                leftover.end_leftovers()
            control_requests.clear(self.layout)
            self._stopping.clear()
            self._plan = Plan(self.layout, self._host, self._port, self._env)
            self._parts = self._plan.parts()
            self._start_database() if database_only else self._start_all()
        except BaseException:
            self.stop()
            raise
        self._ready = True
        self._write_state()
        if is_on(self._env, "METRICS") and not database_only:
            write_metrics_targets(self.layout.metrics_targets, self.ports)
        # Two threads: a part that dies is started again also while a restart waits for another one.
        for task in (self._watch, self._answer_requests):
            thread = threading.Thread(target=task, name=task.__name__.strip("_"), daemon=True)
            self._threads.append(thread)
            thread.start()

    def cancel(self) -> None:
        """Make a start in progress give up; safe in a signal handler."""
        self._stopping.set()

    def stop(self) -> None:
        """Stop everything in order: gateway, services, NATS, Postgres; harmless when nothing runs."""
        self._stopping.set()
        # A restart under way is given up and leaves its part stopped before the parts are looked at here.
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._backups.stop()
        if self._bus is not None:
            self._bus.stop()
        for group in (("gateway",), (*SERVICES, SINGLE_PROCESS), ("nats",), ("postgres",)):
            running = [part for name, part in self._parts.items() if name in group and part.running]
            if running:
                with step(self._progress, f"Stop {', '.join(title(part.name) for part in running)}"):
                    self._at_once([part.stop for part in running])
        if self._plan is not None:
            self._plan.release()
        self._ready = False
        if self._lock.held:
            self.layout.state.unlink(missing_ok=True)
            self._lock.release()
            self._installation.end()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def plan(self) -> Plan:
        """Ports, passwords and addresses; there from the start on."""
        if self._plan is None:
            raise StackError("The stack has not been started.", "Call start() first.")
        return self._plan

    @property
    def ports(self) -> dict[str, int]:
        """Port numbers by name of the part; also ``nats_monitor`` and ``gateway_ping``."""
        return self.plan.ports

    @property
    def url(self) -> str:
        """Base URL of the gateway."""
        return self.plan.url

    @property
    def admin_database_url(self) -> str:
        """The database as its administrator."""
        return self.plan.admin_database_url

    @property
    def role_passwords(self) -> Mapping[str, str]:
        """The password of each service's role in the database."""
        return self.plan.credentials.database

    def internal_header(self, service: str, caller: str = OPERATOR) -> dict[str, str]:
        """Return the header by which a caller calls internal endpoints of a service."""
        return {INTERNAL_TOKEN_HEADER: self.plan.credentials.calls(caller).token(service)}

    def database_url(self, role: str = "identity") -> str:
        """Return the database URL of a service's role."""
        return with_user(self.plan.admin_database_url, role, self.plan.credentials.database[role])

    def nats_url(self, user: str) -> str:
        """Return the bus URL of a user: a service, ``admin`` or ``system``."""
        return self.plan.nats_url(user)

    def service_url(self, name: str) -> str:
        """Return a service's own address, past the gateway."""
        return self.plan.service_url(name)

    def pid(self, name: str) -> int:
        """Return the process id of a part's current child."""
        child = self._parts[name].child
        if child is None:
            raise StackError(f"{title(name)} has not been started.", "Start it first.")
        return child.pid

    def log(self, name: str) -> Path:
        """Return the log file of a part."""
        return self.layout.log(name)

    def kill(self, name: str) -> None:
        """SIGKILL a part; it stays down until ``start_part``."""
        self._parts[name].kill()

    def stop_part(self, name: str) -> None:
        """Stop a part in good order; it stays down until ``start_part``."""
        self._parts[name].stop()

    def start_part(self, name: str) -> None:
        """Start a part and wait until it is ready and, when it is a service, until the gateway routes to it."""
        self._parts[name].start(self._stopping.is_set)
        self._write_state()
        if name in SERVICES and self._parts["gateway"].running:
            until(lambda: self.plan.traefik.sees(name), _ROUTED_SECONDS)

    def restart_part(self, name: str, workers: int | None = None) -> Restarted:
        """Stop a part in good order, so that what it has in hand is answered, and start it again.

        Waits until it is ready. Raises StackError for a part that is not ours to run, or that does not start: it then
        stays down until the next ``start_part`` or ``restart_part``. ``workers`` is the number of its processes from
        now on.
        """
        if name not in self._parts:
            raise StackError(f"There is no part {name!r} here.", f"Parts: {', '.join(self._parts)}.")
        started = time.monotonic()
        with self._restarting:
            self.stop_part(name)
            if workers is not None:
                self.plan.settings.workers[name] = workers
            if self._stopping.is_set():
                raise StackError("Everything is being stopped.", "Start it with: notechondria up.", cancelled=True)
            try:
                self.start_part(name)
            except StackError:
                self._write_state()
                raise
        return Restarted(name, self.pid(name), self.ports.get(name), round(time.monotonic() - started, 2))

    def _start_all(self) -> None:
        if self._forking and SINGLE_PROCESS not in self._parts:
            self.plan.settings.begin_template(self.log("launcher"))
        try:
            self._at_once([self._start_database, self._start_bus])
            self._at_once([partial(self._start_first, name) for name in (*SERVICES, SINGLE_PROCESS)])
        finally:
            self.plan.settings.end_template()
        self._start_first("gateway")
        self._wait_for_capabilities()

    def _wait_for_capabilities(self) -> None:
        """Wait until the handshake shows what the services say they can do: every worker of identity learns it by bus.

        Without a bus nobody learns anything and the services work all the same, so the wait is bounded.
        """
        own = [get_json(f"{self.service_url(name)}/internal/health/ready") for name in SERVICES]
        expected = {name for answer in own for name in _capabilities(answer)}
        handshake = f"{self.service_url('identity')}/handshake/"

        def shown() -> bool:
            # One answer comes from one worker; each new connection may reach another.
            return all(expected <= _capabilities(get_json(handshake)) for _ in range(_HANDSHAKES))

        with step(self._progress, "Capabilities"):
            if not until(lambda: self._stopping.is_set() or shown(), _CAPABILITIES_SECONDS):
                self._progress.note("The handshake does not show all capabilities yet: is the bus reachable?")

    def _start_database(self) -> None:
        self._start_first("postgres")
        with step(self._progress, "Roles and schemas"):
            embedded = "postgres" in self._parts
            try:
                prepare_database(
                    self.plan.admin_database_url, self.plan.credentials.database, self._env, create=embedded
                )
            except DatabaseRefused as error:
                if embedded and "password authentication failed" in str(error):
                    raise self.plan.postgres.password_refused() from error
                remedy = f"See {self.log('postgres')}."
                if not embedded:
                    remedy = "DATABASE_URL must name a running Postgres and a role that may create roles and schemas."
                raise StackError(f"The database cannot be prepared: {error}.", remedy) from error

    def _start_bus(self) -> None:
        """Start the bus and have streams and consumers made; without them events wait, and all else works."""
        self._start_first("nats")
        self._bus = BusProvisioning(
            self.plan.nats_url("admin"),
            self.plan.nats_replicas,
            self.plan.nats.monitor_url if "nats" in self._parts else None,
            self._env,
            self._progress.note,
        )
        with step(self._progress, "Streams and consumers"):
            if not self._bus.start(self._stopping.is_set):
                self._progress.note("The bus does not answer: events wait until it does.")

    def _start_first(self, name: str) -> None:
        if name in self._parts:
            with step(self._progress, title(name)):
                self._parts[name].start(self._stopping.is_set)
            self._write_state()

    def _at_once(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run tasks side by side; when one fails, the others' waits are cut short and its error is raised."""
        with ThreadPoolExecutor(max_workers=len(tasks)) as pool:
            futures = [pool.submit(task) for task in tasks]
            errors = []
            for future in futures:
                try:
                    future.result()
                except StackError as error:
                    self._stopping.set()
                    errors.append(error)
                except BaseException:
                    self._stopping.set()
                    raise
            if errors:
                raise next((error for error in errors if not error.cancelled), errors[0])

    def _watch(self) -> None:
        checked = time.monotonic()
        while not self._stopping.wait(_WATCH_SECONDS):
            if time.monotonic() - checked > _LOG_CHECK_SECONDS:
                checked = time.monotonic()
                for log in self.layout.logs.glob("*.log"):
                    shorten(log)
                self._backups.look()
            for part in self._parts.values():
                happened = part.watch()
                if happened:
                    self._progress.note(happened)
                    try:
                        self._write_state()
                    except OSError as error:  # a full disk is no reason to stop watching
                        self._progress.note(f"{self.layout.state} cannot be written: {error.strerror}.")

    def _answer_requests(self) -> None:
        while not self._stopping.wait(_WATCH_SECONDS):
            try:
                control_requests.answer_all(self.layout, self._restart_on_request)
            except OSError as error:  # a full disk: the command that asks gives up by itself
                self._progress.note(f"{self.layout.requests} cannot be used: {error.strerror}.")

    def _restart_on_request(self, name: str, workers: int | None) -> Restarted:
        restarted = self.restart_part(name, workers)
        self._progress.note(f"{title(name)} was restarted.")
        return restarted

    def _write_state(self) -> None:
        here = psutil.Process()
        parts = {}
        for name, part in self._parts.items():
            if part.child is not None and part.running:
                parts[name] = PartState(part.child.pid, part.child.create_time, part.restarts)
        state = StackState(
            supervisor=PartState(here.pid, here.create_time()),
            url=self.url,
            public_url=self.plan.public_url,
            ready=self._ready,
            ports=self.ports,
            parts=parts,
            host=self._host,
            version=product_version(),
            commit=self._env.get("BACKEND_BUILD_COMMIT", "").strip(),
            unit=self._env.get(UNIT, ""),
            workers=dict(self.plan.settings.workers),
        )
        with self._state_lock:
            state.write(self.layout.state)
