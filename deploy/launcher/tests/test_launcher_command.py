"""The ``notechondria`` command in processes of its own, as a person uses it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.support.covered import COVERED
from tests.support.person import COMMAND, Person, new_person
from tests.support.ready_data import temporary_data

from notechondria_cli.probe import answers, until

IDLE_MIB = 700
"""The limit of what everything takes when nothing is asked of it (operations.md, "Measured")."""


@pytest.fixture
def person(data: Path, standins: dict[str, str]) -> Iterator[Person]:
    """Somebody with an empty data folder; what they leave running is stopped."""
    with new_person(data, standins) as someone:
        yield someone


@pytest.fixture(scope="module")
def running(standins: dict[str, str]) -> Iterator[Person]:
    """Somebody whose stack runs, for tests that leave it running."""
    with temporary_data() as folder, new_person(folder, standins) as someone:
        someone.up()
        yield someone


def test_up_status_logs_down(person: Person) -> None:
    said = person.up()
    url = f"http://localhost:{person.port}"
    for part in (url, f"{url}/api/v1/handshake/", "admin / ", "identity.log", "logs", "down"):
        assert part in said, said
    secrets = json.loads((person.data / "secrets.json").read_text())
    assert secrets["admin_password"] in said
    assert url in person.up()  # a second time: it runs already, and that is fine
    state = person.state()

    report: dict[str, Any] = json.loads(person.types("status", "--json", "--memory"))
    assert (report["state"], report["url"]) == ("running", url)
    assert [part["name"] for part in report["parts"]][:2] == ["postgres", "nats"]
    assert all(part["running"] and part["memory_mib"] > 1 for part in report["parts"])
    # A machine of 1 GiB has room for it, and a tenth for a noisy one; another stack beside it only makes it less.
    memory = {part["name"]: part["memory_mib"] for part in report["parts"]}
    assert COVERED or sum(memory.values()) < 1.1 * IDLE_MIB, memory
    assert COVERED or memory["launcher"] < 26, memory
    assert "running" in person.types("status")

    assert answers(f"http://127.0.0.1:{person.port}/api/v1/notes/?secret=1")
    assert until(lambda: "GET    /api/v1/notes/" in person.types("logs"), 20)
    assert "secret" not in person.types("logs", "--json")
    assert "database system is ready" in person.types("logs", "--part", "postgres")
    assert "There is no part" in person.types("logs", "--part", "nobody", code=1)
    assert "There is no service" in person.types("logs", "--service", "nobody", code=1)
    assert "Stop it first" in person.types("reset", "--yes", code=1)

    assert "Stopped" in person.types("down")
    assert person.gone(state)
    assert "stopped" in person.types("status", code=3)
    assert "Nothing was running" in person.types("down")
    assert "deleted" in person.types("reset", "--yes")
    assert list(person.data.iterdir()) == []
    assert "There is nothing in" in person.types("reset")


def test_ctrl_c_stops_everything(person: Person) -> None:
    log = person.data / "said"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, "up", "--port", str(person.port)], env=person.env, stdout=output, stderr=output
        )
    assert until(lambda: "ready" in log.read_text(), 30)
    state = person.state()
    if sys.platform == "linux":
        # What shows the start is gone, and with it the command line's libraries.
        supervisor = psutil.Process(state.supervisor.pid)
        assert supervisor.pid == process.pid
        assert "notechondria_launcher.background" in supervisor.cmdline()
        parts = {part.pid for part in state.parts.values()}
        assert until(lambda: {child.pid for child in supervisor.children()} <= parts, 10)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert "nothing is left running" in log.read_text()
    assert person.gone(state)


def test_a_start_can_be_interrupted(person: Person) -> None:
    log = person.data / "said"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, "up", "--port", str(person.port)], env=person.env, stdout=output, stderr=output
        )
    assert until(lambda: "Postgres" in log.read_text(), 30)
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    assert not psutil.pid_exists(process.pid)
    assert not (person.data / "run" / "state.json").exists()


def test_a_start_that_fails_in_the_foreground_says_why_once(person: Person) -> None:
    person.env["DATABASE_URL"] = "postgresql://nobody:secret@127.0.0.1:9/nothing"
    said = person.types("up", "--port", str(person.port), code=1)
    assert said.count("The database cannot be prepared") == 1, said
    assert "Traceback" not in said
    assert not (person.data / "run" / "state.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_killed_launcher_leaves_nothing_behind_and_the_next_start_works(person: Person) -> None:
    person.up()
    state = person.state()
    os.kill(state.supervisor.pid, signal.SIGKILL)
    assert until(lambda: person.gone(state), 20)
    person.up()
    assert answers(f"http://127.0.0.1:{person.port}/api/v1/notes/")


def test_a_taken_port_is_one_clear_sentence(person: Person, running: Person) -> None:
    person.port = running.port
    said = person.up(code=1)
    assert f"Port {running.port} is in use by another program." in said
    assert "Traceback" not in said


def test_a_folder_that_cannot_be_written_is_one_clear_sentence(person: Person) -> None:
    blocked = person.data / "file"
    blocked.touch()
    said = person.types("up", "--detach", "--data", str(blocked / "data"), "--port", str(person.port), code=1)
    assert "cannot be written" in said
    assert "--data" in said
    assert "Traceback" not in said


def test_a_service_that_fails_is_reported_by_a_detached_start(person: Person, tmp_path: Path) -> None:
    (tmp_path / "planner_service").mkdir()
    (tmp_path / "planner_service" / "__init__.py").touch()
    (tmp_path / "planner_service" / "__main__.py").write_text("raise SystemExit('no such setting')")
    person.env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{person.env['PYTHONPATH']}"
    said = person.up(code=1)
    assert "planner ended while it started (exit code 1): no such setting" in said
    assert "stopped" in person.types("status", code=3)


def test_it_says_which_version_it_is(tmp_path: Path) -> None:
    version = (Path(__file__).parents[3] / "VERSION").read_text(encoding="utf-8").strip()
    assert Person(tmp_path, {"BACKEND_VERSION": ""}).types("--version") == f"notechondria {version}\n"
    assert Person(tmp_path, {"BACKEND_VERSION": "7.8.9"}).types("--version") == "notechondria 7.8.9\n"


def test_restart_replaces_one_part_and_waits_until_it_is_ready(running: Person) -> None:
    before = running.state()
    done = json.loads(running.types("restart", "notes", "--json"))
    after = running.state()
    assert (done["name"], done["pid"], done["port"]) == ("notes", after.parts["notes"].pid, after.ports["notes"])
    assert after.parts["notes"].pid != before.parts["notes"].pid
    assert after.parts["notes"].restarts == 0  # asked for, so not counted as a failure
    assert {name: part.pid for name, part in after.parts.items() if name != "notes"} == {
        name: part.pid for name, part in before.parts.items() if name != "notes"
    }
    assert answers(f"http://127.0.0.1:{running.port}/api/v1/notes/")
    assert "gateway is ready again" in running.types("restart", "gateway")
    assert list((running.data / "run" / "requests").iterdir()) == []


def test_restart_names_the_parts_where_the_name_is_unknown(person: Person, running: Person) -> None:
    said = person.types("restart", "nobody", code=1)
    assert "There is no part 'nobody'. Parts: postgres, nats, identity, notes, planner, mcp, web, gateway." in said
    assert "Nothing is running" in person.types("restart", "notes", code=1)
    assert "There is no part 'services' here." in running.types("restart", "services", code=1)


def test_restart_reports_a_part_that_does_not_start_and_a_second_one_mends_it(person: Person, tmp_path: Path) -> None:
    package = tmp_path / "planner_service"
    person.env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{person.env['PYTHONPATH']}"
    person.up()
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("raise SystemExit('no such setting')")
    said = person.types("restart", "planner", code=1)
    assert "planner ended while it started (exit code 1): no such setting" in said
    assert "planner" not in person.state().parts
    shutil.rmtree(package)
    assert "planner is ready again" in person.types("restart", "planner")


def test_reload_restarts_the_service_when_its_code_changes(person: Person, tmp_path: Path) -> None:
    standin = Path(person.env["PYTHONPATH"]) / "notes_service" / "__main__.py"
    package = tmp_path / "notes_service"
    package.mkdir()
    (package / "__init__.py").touch()
    code = package / "__main__.py"
    code.write_text(standin.read_text())
    person.env["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{person.env['PYTHONPATH']}"
    log = person.data / "said"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, "up", "--reload", "notes", "--port", str(person.port)],
            env=person.env, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        assert until(lambda: f"Watching {package}" in log.read_text(), 30), log.read_text()
        first = person.state()
        code.write_text("raise SystemExit('a slip of the pen')")
        assert until(lambda: "notes is down until the next change" in log.read_text(), 30), log.read_text()
        assert f"Changed: {code}" in log.read_text()
        assert "a slip of the pen" in log.read_text()
        code.write_text(standin.read_text())
        assert until(lambda: "notes is ready again" in log.read_text(), 30), log.read_text()
        second = person.state()
        assert second.parts["notes"].pid != first.parts["notes"].pid
        assert second.parts["mcp"].pid == first.parts["mcp"].pid
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert person.gone(second)


def test_reload_refuses_what_it_cannot_do(person: Person, running: Person) -> None:
    said = person.types("up", "--reload", "nobody", code=1)
    assert "There is no service 'nobody'. Services: identity, notes, planner, mcp, web." in said
    assert "foreground" in person.types("up", "--detach", "--reload", "notes", code=1)
    person.env["NOTECHONDRIA_TOGETHER"] = "on"
    assert "one process" in person.types("up", "--reload", "notes", code=1)
    assert "is running on" in running.types("up", "--reload", "notes", code=1)
