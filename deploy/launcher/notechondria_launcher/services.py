"""The services as child processes: the environment of each, and when it is ready."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from notechondria_cli.credentials import Credentials
from notechondria_cli.database import with_user
from notechondria_cli.names import SERVICES, SERVICES_WITH_SCHEMA, SINGLE_PROCESS
from notechondria_cli.probe import answers
from notechondria_launcher.child_environment import service_environment, service_variables, system_environment
from notechondria_launcher.forking import Template, can_be_forked
from notechondria_launcher.process import ChildSpec, guarded
from notechondria_shared.core.unix_path import unix_path

OWN_ENVIRONMENTS = "NOTECHONDRIA_SERVICES"
"""A variable of the one process that is all services: JSON, by service, the variables that only that one gets."""
# One process with a handful of threads: a second memory arena per thread buys nothing and costs megabytes.
_OF_INTERPRETERS = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


def admin_account(env: Mapping[str, str], credentials: Credentials) -> dict[str, str]:
    """Return the administrator's sign-in, as the operator gave it or as it was made."""
    username = env.get("DJANGO_SUPERUSER_USERNAME") or "admin"
    return {
        "DJANGO_SUPERUSER_USERNAME": username,
        "DJANGO_SUPERUSER_EMAIL": env.get("DJANGO_SUPERUSER_EMAIL") or f"{username}@localhost",
        "DJANGO_SUPERUSER_PASSWORD": env.get("DJANGO_SUPERUSER_PASSWORD") or credentials.admin_password,
    }


@dataclass
class ServiceSettings:
    """What all services share; ``urls`` are the services' own addresses, ``nats_urls`` is keyed by service."""

    env: Mapping[str, str]
    credentials: Credentials
    database_url: str
    nats_urls: Mapping[str, str]
    urls: Mapping[str, str]
    ports: Mapping[str, int]
    public_url: str
    media: Path
    logs: Path
    workers: dict[str, int] = field(default_factory=dict)
    """Processes by service, as the next start of it has them; 1 where nothing is said."""
    backup_status: Path | None = None
    """Where it is written down how the last backup went."""
    hosts: tuple[str, ...] = ()
    """Names and addresses of this machine by which requests may ask for it, beside those that the operator names."""
    template: Template | None = None
    """Forks services while the whole stack starts."""

    def environment(self, name: str) -> dict[str, str]:
        """Return the whole environment of a service; what the operator set wins where it is the operator's to say."""
        ours = {
            "HOST": "127.0.0.1",
            "PORT": str(self.ports[name]),
            **{f"{service.upper()}_URL": self.urls[service] for service in SERVICES},
            "SERVICE_KEY": self.credentials.keys[name],
            "SERVICE_PUBLIC_KEYS": self.credentials.public_keys,
            "WEB_CONCURRENCY": str(self.workers.get(name, 1)),
        }
        if name == "web" and self.backup_status is not None:
            ours["BACKUP_STATUS_FILE"] = str(self.backup_status)
        if name in SERVICES_WITH_SCHEMA:
            ours["DATABASE_URL"] = with_user(self.database_url, name, self.credentials.database[name])
            ours["NATS_URL"] = self.nats_urls[name]
        defaults = {
            "PUBLIC_BASE_URL": self.public_url,
            "MEDIA_STORE_URL": self.media.as_uri(),
            "DJANGO_SECRET_KEY": self.credentials.secret_key,
        }
        if unix_path(self.env.get("DJANGO_PRODUCTION_MEDIA_ROOT", "")):
            del defaults["MEDIA_STORE_URL"]
        if name == "identity":
            defaults |= admin_account(self.env, self.credentials)
        allowed = service_environment(name, self.env)
        values = {key: value for key, value in allowed.items() if value or key not in defaults}
        if self.hosts:
            named = values.get("DJANGO_ALLOWED_HOSTS") or "localhost 127.0.0.1"
            values["DJANGO_ALLOWED_HOSTS"] = " ".join([named, *self.hosts])
        read = service_variables()[name]
        needed = {key: value for key, value in defaults.items() if key in read}
        return {**_OF_INTERPRETERS, **needed, **values, **ours}

    def single_process(self) -> ChildSpec:
        """Say how to run all services in one process: what they share as its environment, the rest as JSON in it."""
        each = {name: self.environment(name) for name in SERVICES}
        own = {
            name: {key: value for key, value in env.items() if any(other.get(key) != value for other in each.values())}
            for name, env in each.items()
        }
        shared = {key: value for key, value in each[SERVICES[0]].items() if key not in own[SERVICES[0]]}
        return ChildSpec(
            name=SINGLE_PROCESS,
            argv=[sys.executable, "-m", "notechondria_launcher.single_process"],
            env={**shared, OWN_ENVIRONMENTS: json.dumps(own)},
            log=self.logs / f"{SINGLE_PROCESS}.log",
            ready=lambda: all(answers(f"{self.urls[name]}/internal/health/ready") for name in SERVICES),
            ready_seconds=300,  # where memory is short, processors are slow
        )

    def begin_template(self, log: Path) -> None:
        """Have what all services share loaded by a process that forks itself into each of them."""
        env = {**_OF_INTERPRETERS, **system_environment(self.env)}
        if can_be_forked(self.env):
            command = guarded([sys.executable, "-m", "notechondria_launcher.template"])
            self.template = Template(command, env, log)
            self.template.begin()

    def end_template(self) -> None:
        """Let it go: what is started from now on is an interpreter of its own."""
        template, self.template = self.template, None
        if template is not None:
            template.end()

    def spec(self, name: str) -> ChildSpec:
        """Say how to run a service."""
        env = self.environment(name)
        return ChildSpec(
            name=name,
            argv=[sys.executable, "-m", f"{name}_service"],
            env=env,
            template=self.template if can_be_forked(env) else None,
            log=self.logs / f"{name}.log",
            ready=lambda: answers(f"{self.urls[name]}/internal/health/ready"),
        )
