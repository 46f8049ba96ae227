"""Everything but Postgres in one container: one port, 512 MiB."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import psycopg
import pytest
from deploy.ci.tests.deployment import SERVICES, ComposeDeployment, docker
from deploy.ci.tests.load import Load
from tests.support.client import Api, eventually
from tests.test_story import test_a_revoked_session_and_a_rotated_key_are_refused_everywhere_within_a_second

from notechondria_cli.ports import choose_port
from notechondria_launcher.stack import Stack

__all__ = ["test_a_revoked_session_and_a_rotated_key_are_refused_everywhere_within_a_second"]
MIB = 2**20


class AllInOne:
    """The one container, as the tests know a stack."""

    def __init__(self, deployment: ComposeDeployment, folder: Path) -> None:
        self._folder = folder
        port = choose_port()
        self.url = f"http://127.0.0.1:{port}"
        with psycopg.connect(deployment.admin_database_url, autocommit=True) as admin:
            admin.execute("CREATE DATABASE all_in_one")
        # Roles belong to the whole server: another stack of its own would take them from the first.
        deployment.compose("stop", *SERVICES, "gateway")
        url = deployment.in_network(deployment.admin_database_url).replace("/notechondria", "/all_in_one")
        began = time.monotonic()
        self.container = docker(
            "run", "--detach", "--memory", "512m", "--memory-swap", "512m", "--read-only", "--tmpfs", "/tmp",
            "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", f"{deployment.project}_edge",
            "--publish", f"127.0.0.1:{port}:9000", "--env", "PORT=9000", "--env", f"DATABASE_URL={url}",
            "--env", "AUTH_RATE_PER_MINUTE=0", "--env", "ACCOUNT_RATE_PER_MINUTE=0", "notechondria/all-in-one:test",
        ).strip()  # fmt: skip
        self.lines, self.inspect = deployment.lines, deployment.inspect
        eventually(lambda: self._state()["Health"]["Status"] == "healthy", 120, 0.5, "the container is healthy")
        print(f"\nall in one healthy after {time.monotonic() - began:.1f} s")

    def _state(self) -> dict[str, dict[str, str]]:
        state: dict[str, dict[str, str]] = self.inspect(self.container)["State"]
        return state

    def log(self, name: str) -> Path:
        """Everything it has written: one stream for all parts."""
        file = self._folder / f"{name}.log"
        file.write_text("\n".join(self.lines(self.container)))
        return file

    def memory(self) -> int:
        """What it holds, without the kernel's cache of files, in bytes."""
        for name in ("/sys/fs/cgroup/memory/memory.stat", "/sys/fs/cgroup/memory.stat"):
            found = dict(
                line.split() for line in docker("exec", self.container, "cat", name, check=False).splitlines()
            )  # fmt: skip
            if found:
                return int(found.get("total_rss") or found["anon"])
        pytest.fail("no memory figures")


@pytest.fixture(scope="module")
def stack(stack: ComposeDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AllInOne]:
    one = AllInOne(stack, tmp_path_factory.mktemp("all-in-one"))
    try:
        yield one
    finally:
        docker("rm", "--force", "--volumes", one.container)


@pytest.fixture(scope="module")
def api(stack: AllInOne) -> Iterator[Api]:
    with Api(cast("Stack", stack)) as client:  # it has all that a client asks a stack for
        yield client


def test_it_works_within_512_mib(stack: AllInOne, api: Api) -> None:
    idle = stack.memory()
    user = api.register()
    with Load(user, writers=4, readers=4) as load:
        time.sleep(10)
    busy = stack.memory()
    print(f"\n{idle / MIB:.0f} MiB idle, {busy / MIB:.0f} MiB after {len(load.written)} writes and {load.reads} reads")
    assert load.failures == []
    state = stack.inspect(stack.container)
    assert state["State"]["OOMKilled"] is False
    assert busy < 450 * MIB


def test_it_stops_in_good_order(stack: AllInOne) -> None:
    docker("stop", "--time", "60", stack.container)
    assert stack.inspect(stack.container)["State"]["ExitCode"] == 0
    assert any("Stopped; nothing is left running." in line for line in stack.lines(stack.container))
