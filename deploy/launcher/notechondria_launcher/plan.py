"""What one start consists of: ports, passwords, the parts and their addresses."""

from collections.abc import Mapping
from functools import partial

from notechondria_cli import preflight
from notechondria_cli.credentials import Credentials
from notechondria_cli.layout import Layout
from notechondria_cli.names import PARTS, SERVICES, SERVICES_WITH_SCHEMA, SINGLE_PROCESS
from notechondria_cli.operator_env import is_on
from notechondria_cli.operator_env import nats_replicas as replicas_of
from notechondria_cli.own_hosts import own_hosts
from notechondria_cli.ports import choose_port, release_port
from notechondria_launcher.nats import Nats
from notechondria_launcher.part import ManagedProcess
from notechondria_launcher.postgres import Postgres
from notechondria_launcher.services import ServiceSettings
from notechondria_launcher.traefik import Traefik
from notechondria_launcher.worker_counts import worker_counts
from notechondria_shared.core.hosts import in_address


def single_process(env: Mapping[str, str]) -> bool:
    """Return whether all services run in one process (NOTECHONDRIA_TOGETHER)."""
    return is_on(env, "NOTECHONDRIA_TOGETHER")


class Plan:
    """Everything that is decided before the first process is started. ``port`` 0 is a free one for the gateway."""

    def __init__(self, layout: Layout, host: str, port: int, env: Mapping[str, str]) -> None:
        if port:
            preflight.check_port(host, port)
        self.env = env
        self.host = host
        names = (*PARTS, "nats_monitor", "gateway_ping")
        self.ports = {name: port if port and name == "gateway" else choose_port() for name in names}
        self.credentials = Credentials.load_or_create(layout.credentials)
        self.postgres = Postgres(
            layout.postgres, layout.log("postgres"), self.ports["postgres"], self.credentials.superuser, env
        )
        self.nats = Nats(
            layout.nats, layout.log("nats"), self.ports["nats"], self.ports["nats_monitor"], self.credentials.nats, env
        )
        urls = {name: self.service_url(name) for name in SERVICES}
        # All services in one process are for machines with little memory: the gateway, too, takes work for it.
        gateway_env = {"GOGC": "50", **env} if single_process(env) else env
        self.traefik = Traefik(
            layout.run, layout.logs, host, self.ports["gateway"], self.ports["gateway_ping"], urls, gateway_env
        )
        self.settings = ServiceSettings(
            env=env,
            credentials=self.credentials,
            database_url=self.admin_database_url,
            nats_urls={name: self.nats_url(name) for name in SERVICES_WITH_SCHEMA},
            urls=urls,
            ports=self.ports,
            public_url=self.public_url,
            media=layout.media,
            logs=layout.logs,
            workers=worker_counts(env),
            backup_status=layout.backup_status,
            hosts=tuple(own_hosts(host)),
        )

    def parts(self) -> dict[str, ManagedProcess]:
        """Return the parts that are ours to run, in the order of their start."""
        parts = {}
        if not self.env.get("DATABASE_URL"):
            parts["postgres"] = ManagedProcess("postgres", self.postgres.spec)
        if not self.env.get("NATS_URL"):
            parts["nats"] = ManagedProcess("nats", self.nats.spec)
        if single_process(self.env):
            parts[SINGLE_PROCESS] = ManagedProcess(SINGLE_PROCESS, self.settings.single_process)
        else:
            parts |= {name: ManagedProcess(name, partial(self.settings.spec, name)) for name in SERVICES}
        parts["gateway"] = ManagedProcess("gateway", self.traefik.spec)
        return parts

    def release(self) -> None:
        """Let the ports be used by others."""
        for port in self.ports.values():
            release_port(port)

    @property
    def url(self) -> str:
        """Base URL of the gateway, as a program on this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{in_address(host)}:{self.ports['gateway']}"

    @property
    def public_url(self) -> str:
        """The URL shown to people."""
        return self.env.get("PUBLIC_BASE_URL") or preflight.pick_public_url(self.host, self.ports["gateway"])

    @property
    def admin_database_url(self) -> str:
        """The database as its administrator."""
        return self.env.get("DATABASE_URL") or self.postgres.admin_url

    @property
    def nats_replicas(self) -> int:
        """How many servers of the bus keep each event."""
        return replicas_of(self.env)

    def nats_url(self, user: str) -> str:
        """Return the bus URL of a user."""
        external = self.env.get(f"{user.upper()}_NATS_URL") or self.env.get("NATS_URL")
        return external or self.nats.url(user)

    def service_url(self, name: str) -> str:
        """Return a service's own address."""
        return f"http://127.0.0.1:{self.ports[name]}"
