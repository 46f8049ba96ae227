"""Running Postgres for root: every way there is, in a folder that only root can enter."""

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from notechondria_cli.ports import choose_port, release_port
from notechondria_launcher import unprivileged
from notechondria_launcher.postgres import Postgres, binaries
from notechondria_launcher.process import Child, guarded
from notechondria_launcher.unprivileged import Runner, choose_runner

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root needs somebody else to run Postgres"
)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A Postgres folder inside one that is closed to everybody but root."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "postgres"
        folder.mkdir(mode=0o700)
        yield folder


def nobody() -> str:
    """Return nobody's user and group as guard.py takes them."""
    user = pwd.getpwnam("nobody")
    return f"{user.pw_uid}:{user.pw_gid}"


def run_cluster(folder: Path) -> None:
    """Initialise, start and stop a server in the folder."""
    port = choose_port()
    postgres = Postgres(folder, folder.parent / "log", port, "secret", os.environ)
    child = Child.spawn(postgres.spec())
    try:
        assert child.wait_ready(), (folder.parent / "log").read_text()
    finally:
        child.stop()
        release_port(port)


@pytest.mark.parametrize("forbidden", [(), ("namespace",)])
def test_a_closed_folder_is_no_obstacle(
    closed: Path, monkeypatch: pytest.MonkeyPatch, forbidden: tuple[str, ...]
) -> None:
    works = unprivileged._works
    monkeypatch.setattr(
        unprivileged, "_works", lambda runner, folder: runner.identity not in forbidden and works(runner, folder)
    )
    chosen = choose_runner(binaries(), closed).identity
    assert chosen not in (nobody(), "-", *forbidden)
    run_cluster(closed)
    assert choose_runner(binaries(), closed).identity == chosen


def test_an_open_folder_is_run_by_a_system_user(closed: Path) -> None:
    closed.parent.chmod(0o711)
    assert choose_runner(binaries(), closed).identity.count(":") == 1


def test_binaries_out_of_reach_are_copied(closed: Path) -> None:
    closed.parent.chmod(0o711)
    assert unprivileged._copy(binaries(), closed / "binaries")
    assert unprivileged._works(Runner(nobody(), closed / "binaries"), closed)


def test_a_user_with_passage_keeps_nothing_else() -> None:
    seen = subprocess.run(
        guarded(["/bin/cat", "/proc/self/status"], f"passage:{nobody()}"), capture_output=True, text=True, check=True
    ).stdout
    status = dict(line.split(":\t", 1) for line in seen.splitlines() if ":\t" in line)
    assert status["Uid"].split()[0] == nobody().split(":")[0]
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0b10
