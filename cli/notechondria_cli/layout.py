"""Where things lie: the project's own files, and everything under the data folder."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
GATEWAY_STATIC = PROJECT / "gateway" / "traefik.yaml"
GATEWAY_ROUTES = PROJECT / "gateway" / "routes"
NATS_CONFIGURATION = PROJECT / "deploy" / "nats" / "nats.conf"


def default_data_folder(env: Mapping[str, str] | None = None) -> Path:
    """Return ``$NOTECHONDRIA_DATA``, else ``.data`` of the checkout, else a folder in the user's home."""
    folder = (os.environ if env is None else env).get("NOTECHONDRIA_DATA", "").strip()
    if folder:
        return Path(folder).expanduser().absolute()
    if (PROJECT / "uv.lock").is_file():
        return PROJECT / ".data"
    return Path.home() / ".local" / "share" / "notechondria"


def shown(path: Path) -> str:
    """Return a path as short as it can be written from the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@dataclass(frozen=True)
class Layout:
    """The folders and files of one data folder."""

    data: Path

    @classmethod
    def of(cls, data: Path | None, env: Mapping[str, str]) -> "Layout":
        """The data folder that a command means: the one given with --data, else the usual one."""
        return cls(data.expanduser().absolute() if data else default_data_folder(env))

    @property
    def credentials(self) -> Path:
        """The generated passwords, readable by their owner only."""
        return self.data / "secrets.json"

    @property
    def postgres(self) -> Path:
        """The folder given to the Postgres user; the cluster lies in ``cluster`` below it."""
        return self.data / "postgres"

    @property
    def nats(self) -> Path:
        """JetStream's store."""
        return self.data / "nats"

    @property
    def media(self) -> Path:
        """Uploaded files."""
        return self.data / "media"

    @property
    def logs(self) -> Path:
        """One log file per part."""
        return self.data / "logs"

    @property
    def backups(self) -> Path:
        """Archives that upgrades and the schedule make."""
        return self.data / "backups"

    @property
    def backup_schedule(self) -> Path:
        """When backups are made by themselves, and where they go."""
        return self.data / "backup-schedule.json"

    @property
    def backup_status(self) -> Path:
        """How the last backups went."""
        return self.data / "backup-status.json"

    @property
    def certificates(self) -> Path:
        """Certificate and key by ACME, and the account with the CA."""
        return self.data / "acme.json"

    @property
    def run(self) -> Path:
        """What only matters while the stack runs: lock, state, rendered configuration."""
        return self.data / "run"

    @property
    def lock(self) -> Path:
        """Held by whoever runs the stack."""
        return self.run / "lock"

    @property
    def state(self) -> Path:
        """Where everything is, while it runs."""
        return self.run / "state.json"

    @property
    def metrics_targets(self) -> Path:
        """Where Prometheus finds the parts (METRICS=on); outside of `run`, which is closed to others."""
        return self.data / "metrics-targets.json"

    @property
    def requests(self) -> Path:
        """What other commands ask of the launcher, see control_requests.py."""
        return self.run / "requests"

    @property
    def access_log(self) -> Path:
        """The gateway's JSON access log."""
        return self.logs / "access.log"

    def log(self, name: str) -> Path:
        """Return the log file of a part."""
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Create the folders that every part expects; raises OSError when the place does not allow it."""
        self.data.mkdir(parents=True, exist_ok=True)
        # The logs hold verification codes when no SMTP is set: nobody else's business. As root, Postgres runs as
        # another user and must be able to pass through the data folder to its own.
        for folder in (self.postgres, self.nats, self.media, self.logs, self.run, self.requests):
            folder.mkdir(mode=0o700, exist_ok=True)
