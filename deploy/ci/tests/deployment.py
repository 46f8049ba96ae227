"""The stack that docker compose runs: addresses, logs and commands, in the form that other tests know of a stack."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from notechondria_cli.operator_env import read_env_file
from notechondria_cli.ports import choose_port

DEPLOY = Path(__file__).resolve().parents[2]
FILES = (DEPLOY / "compose.yaml", DEPLOY / "ci" / "compose.test.yaml")
SERVICES = ("identity", "notes", "planner", "mcp", "web")


def docker(*arguments: str, check: bool = True, **options: Any) -> str:
    """Run docker; its standard output."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    done = subprocess.run(["docker", *arguments], text=True, check=False, **streams)
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout or ""


class ComposeDeployment:
    """One compose project with a .env and ports of its own."""

    def __init__(self, project: str, folder: Path, env: dict[str, str]) -> None:
        self.project = project
        self._folder = folder
        self._env_file = folder / ".env"
        subprocess.run(["sh", DEPLOY / "make-env.sh", self._env_file], check=True, capture_output=True)
        self.secrets = read_env_file(self._env_file)
        self.port, self.postgres_port, self.nats_port = choose_port(), choose_port(), choose_port()
        self._env = {
            **os.environ,
            **env,
            "TAG": "test",
            "NOTECHONDRIA_PORT": str(self.port),
            "TEST_POSTGRES_PORT": str(self.postgres_port),
            "TEST_NATS_PORT": str(self.nats_port),
        }

    def compose(self, *arguments: str, check: bool = True, **options: Any) -> str:
        """Run docker compose for this project; its standard output."""
        files = [part for file in FILES for part in ("-f", str(file))]
        call = ("compose", "-p", self.project, "--env-file", str(self._env_file), *files, *arguments)
        return docker(*call, check=check, env=self._env, **options)

    def up(self, *arguments: str) -> float:
        """Start what does not run and wait until all is healthy; seconds."""
        began = time.monotonic()
        self.compose("up", "--detach", "--no-build", "--wait", *arguments)
        return time.monotonic() - began

    def down(self) -> None:
        """Stop everything; its data goes too."""
        self.compose("--profile", "tools", "down", "--volumes", "--timeout", "30")

    def containers(self, service: str) -> list[str]:
        """The ids of a service's containers, oldest first."""
        return self.compose("ps", "--quiet", service).split()

    @property
    def ports(self) -> dict[str, int]:
        return {"gateway": self.port}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def database_url(self, role: str) -> str:
        """The database as a service's role, through the port that only tests open."""
        password = self.secrets["POSTGRES_PASSWORD" if role == "postgres" else f"{role.upper()}_DATABASE_PASSWORD"]
        return f"postgresql://{role}:{password}@127.0.0.1:{self.postgres_port}/notechondria"

    def nats_url(self, user: str) -> str:
        """The bus as one of its users."""
        return f"nats://{user}:{self.secrets[f'{user.upper()}_NATS_PASSWORD']}@127.0.0.1:{self.nats_port}"

    @property
    def admin_database_url(self) -> str:
        return self.database_url("postgres")

    def in_network(self, url: str) -> str:
        """A URL of the database as containers see it."""
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@postgres:5432"))

    def log(self, name: str) -> Path:
        """What all containers of a service have written, as a file."""
        text = self.compose("logs", "--no-color", "--no-log-prefix", name)
        file = Path(tempfile.mkstemp(dir=self._folder, suffix=f"-{name}.log")[1])
        file.write_text(text)
        return file

    def lines(self, container: str) -> list[str]:
        """What one container has written, on both streams."""
        done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True)
        return (done.stdout + done.stderr).splitlines()

    def inspect(self, container: str) -> dict[str, Any]:
        """Everything the engine knows of a container."""
        (found,) = json.loads(docker("inspect", container))
        return dict(found)
