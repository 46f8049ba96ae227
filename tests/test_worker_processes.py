"""Several processes of a service: forks that share what was loaded, replaced when they die, changed while it runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from notechondria_cli.errors import StackError
from notechondria_launcher.stack import Stack
from notechondria_launcher.worker_counts import automatic, worker_counts
from tests.support.client import Api, eventually


def children(stack: Stack, name: str) -> list[psutil.Process]:
    """The worker processes of a service."""
    return psutil.Process(stack.pid(name)).children()


@contextmanager
def reading(api: Api, path: str) -> Iterator[list[int]]:
    """Somebody who reads all the time; the statuses of the answers."""
    user, statuses, done = api.register(), [0], threading.Event()
    statuses.clear()

    def read() -> None:
        with httpx.Client(base_url=api.base, headers=user.headers, trust_env=False, timeout=30) as http:
            while not done.is_set():
                statuses.append(http.get(path).status_code)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield statuses
    finally:
        done.set()
        reader.join()


def scale(stack: Stack, *changes: str) -> list[dict[str, object]]:
    command = [sys.executable, "-m", "notechondria_launcher", "scale", *changes, "--json", "--data", str(stack.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    answer: list[dict[str, object]] = json.loads(done.stdout)
    return answer


@pytest.fixture
def two_workers(stack: Stack) -> Iterator[None]:
    """planner with two processes; with one again afterwards."""
    stack.restart_part("planner", 2)
    try:
        yield
    finally:
        stack.restart_part("planner", 1)


def test_a_running_service_gets_more_processes_and_fewer_and_no_read_is_lost(stack: Stack, api: Api) -> None:
    with reading(api, "/api/v1/calendar-feeds/") as statuses:
        (answer,) = scale(stack, "planner=2")
        assert (answer["name"], answer["workers"]) == ("planner", 2)
        assert len(children(stack, "planner")) == 2
        status = [sys.executable, "-m", "notechondria_launcher", "status", "--json", "--data", str(stack.data)]
        report = json.loads(subprocess.run(status, capture_output=True, text=True, check=True, timeout=60).stdout)
        assert {part["name"]: part["workers"] for part in report["parts"] if part["name"] in ("planner", "notes")} == {
            "planner": 2,
            "notes": 1,
        }
        scale(stack, "planner=1")
    assert len(statuses) > 4
    assert set(statuses) == {200}


@pytest.mark.usefixtures("two_workers")
def test_a_worker_that_dies_is_replaced_and_the_other_goes_on(stack: Stack, api: Api) -> None:
    user = api.register()
    first, second = children(stack, "planner")
    first.send_signal(signal.SIGKILL)
    eventually(lambda: len([one for one in children(stack, "planner") if one.pid != first.pid]) == 2, seconds=20)
    assert second.is_running()
    assert all(user.get("calendar-feeds/").status_code == 200 for _ in range(20))
    parent = stack.pid("planner")
    assert "worker" in stack.log("planner").read_text()
    assert stack.pid("planner") == parent  # the service itself was not started again


@pytest.mark.usefixtures("two_workers")
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere uvicorn starts new interpreters")
def test_workers_share_what_the_service_has_loaded_and_end_with_it(stack: Stack) -> None:
    workers = children(stack, "planner")
    own = [one.memory_full_info().uss / 2**20 for one in workers]
    whole = [one.memory_info().rss / 2**20 for one in workers]
    assert all(mine < 0.8 * all_of_it for mine, all_of_it in zip(own, whole, strict=True)), (own, whole)
    os.kill(stack.pid("planner"), signal.SIGKILL)
    eventually(lambda: not any(one.is_running() and one.status() != "zombie" for one in workers), seconds=20)


@pytest.mark.parametrize("change", ["planner", "planner=0", "planner=many", "planner=65", "nobody=2"])
def test_what_is_no_number_of_processes_is_refused(stack: Stack, change: str) -> None:
    before = stack.pid("planner")
    command = [sys.executable, "-m", "notechondria_launcher", "scale", change, "--data", str(stack.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert stack.pid("planner") == before


def test_settings_say_how_many() -> None:
    said = worker_counts({"NOTES_WORKERS": "3", "WEB_CONCURRENCY": "2", "WEB_WORKERS": ""})
    assert said == {"identity": 2, "notes": 3, "planner": 2, "mcp": 2, "web": 2}
    assert worker_counts({"NOTES_WORKERS": "Auto"})["notes"] == automatic()
    assert 1 <= automatic() <= min(4, os.cpu_count() or 1)
    with pytest.raises(StackError, match="NOTES_WORKERS=some"):
        worker_counts({"NOTES_WORKERS": "some"})
