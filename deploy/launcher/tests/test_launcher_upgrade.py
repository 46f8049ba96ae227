"""A stack of another version than the files: `up` says so, `upgrade` goes over, and nothing is installed under it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.person import Person, new_person

from notechondria_cli.hints import choose, typed
from notechondria_cli.layout import PROJECT
from notechondria_cli.probe import answers
from notechondria_cli.state import StackState
from tests.support import forking


@pytest.fixture
def person(data: Path, standins: dict[str, str]) -> Iterator[Person]:
    """Somebody with an empty data folder; what they leave running is stopped."""
    with new_person(data, standins) as someone:
        yield someone


def pretend(person: Person, **changes: object) -> None:
    """Let the running stack be of another build, as one is after `git pull`."""
    file = person.data / "run" / "state.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_up_on_another_version_says_so_and_upgrade_goes_over(person: Person) -> None:
    person.up()
    first = person.state()
    assert first.version
    assert "upgrade" not in person.up()
    assert "nothing to do" in person.types("upgrade")
    pretend(person, version="0.0.9", commit="0123456789abcdef", from_a_later_version=1)

    said = person.up()
    assert f"It is 0.0.9 (0123456789ab), the files here are {first.version}" in said
    assert "upgrade" in said
    # The stand-ins know no status: that is all the doctor has to say against them.
    said = person.types("upgrade", code=1)
    archives = list((person.data / "backups").glob("before-upgrade-*.tar"))
    assert len(archives) == 1
    assert archives[0].stat().st_mode & 0o777 == 0o600
    assert "git checkout 0123456789ab" in said
    assert str(archives[0]) in said
    second = person.state()
    assert (second.version, second.commit) == (first.version, first.commit)
    assert second.supervisor.pid != first.supervisor.pid
    assert second.ports["gateway"] == person.port
    assert answers(f"http://127.0.0.1:{person.port}/api/v1/notes/")

    person.types("down")
    said = person.types("reset", "--yes")
    assert "Left where they are: backups." in said
    assert archives[0].exists()


def test_an_upgrade_of_nothing_says_how_to_start(person: Person) -> None:
    assert "Nothing is running" in person.types("upgrade", code=1)


def test_a_backup_that_fails_stops_nothing(person: Person) -> None:
    person.up()
    pretend(person, version="0.0.9")
    (person.data / "backups").write_text("not a folder")
    before = person.state().supervisor.pid
    said = person.types("upgrade", code=1)
    assert "Traceback" not in said
    assert person.state().supervisor.pid == before
    assert answers(f"http://127.0.0.1:{person.port}/api/v1/notes/")


def test_nothing_is_installed_under_a_running_stack(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    shutil.copy(PROJECT / "tools" / "bootstrap.sh", tmp_path / "tools")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("")
    hold = (
        "import fcntl, sys; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_SH); print(1, flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / ".venv" / "pyvenv.cfg")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout
        holder.stdout.readline()
        done = subprocess.run(
            ["/bin/sh", str(tmp_path / "tools" / "bootstrap.sh")],
            env={"PATH": os.environ["PATH"], "PYTHON": sys.executable, "HOME": str(tmp_path)},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 75, done.stderr
        assert "make upgrade" in done.stderr
        assert [path.name for path in (tmp_path / ".venv").iterdir()] == ["pyvenv.cfg"]
    finally:
        holder.communicate(b"\n", timeout=20)
    state = {"supervisor": {"pid": 1, "create_time": 1.0}, "url": "", "public_url": "", "ready": True, "ports": {}}
    (tmp_path / "state.json").write_text(json.dumps({**state, "parts": {}, "of_a_later_version": True}))
    assert StackState.read(tmp_path / "state.json")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Start it with: make up (or notechondria up).", "notechondria up --data {data}."),
        ("See: notechondria logs --part notes.", "notechondria logs --part notes --data {data}."),
        ("See: notechondria events dead-letters list.", "notechondria events dead-letters list --data {data}."),
        ("Stop it: notechondria down --data x", "notechondria down --data x"),
        ("Choose another: make up PORT=9000", "notechondria up --port 9000 --data {data}"),
        ("Such as: make up PORT=9 (or notechondria up --port 9).", "notechondria up --port 9 --data {data}."),
        ("Run notechondria from a complete checkout", "Run notechondria from a complete checkout"),
    ],
)
def test_commands_in_messages_have_the_data_folder_of_this_one(tmp_path: Path, text: str, shown: str) -> None:
    choose(tmp_path)
    try:
        assert typed(text).endswith(shown.format(data=tmp_path))
    finally:
        choose(None)
    assert "--data /" not in typed(text)


def test_messages_about_a_folder_that_was_named_name_it_too(person: Person) -> None:
    other = person.data / "other"
    said = person.types("users", "list", "--data", str(other), code=1)
    assert f"notechondria up --data {other}" in said
    assert "make up" not in said


def test_prometheus_is_shown_the_ports_when_there_are_metrics(person: Person) -> None:
    targets = person.data / "metrics-targets.json"
    person.up()
    assert not targets.exists()
    person.types("down")
    person.env["METRICS"] = "on"
    person.up()
    ports = person.state().ports
    listed = {entry["labels"].get("service", "gateway"): entry for entry in json.loads(targets.read_text())}
    assert listed["notes"]["targets"] == [f"127.0.0.1:{ports['notes']}"]
    assert listed["notes"]["labels"]["__metrics_path__"] == "/internal/metrics"
    assert answers(f"http://{listed['gateway']['targets'][0]}{listed['gateway']['labels']['__metrics_path__']}")


def test_files_that_need_what_is_not_installed_are_one_sentence(person: Person, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['segno'] = sys.modules['rich'] = None\n")
    person.up()
    before = person.env["PYTHONPATH"]
    person.env |= {"PYTHONPATH": f"{tmp_path}{os.pathsep}{before}", forking.OFF: "1"}
    said = person.types("status", code=1)
    person.env["PYTHONPATH"] = before
    assert "The files here are newer than what is installed" in said
    assert f"kill {person.state().supervisor.pid}" in said
    assert "Traceback" not in said
