"""`notechondria service`: a unit of systemd, which is played by a program that starts and stops what a unit says."""

import json
import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.person import Person, new_person

from notechondria_cli.layout import Layout
from notechondria_cli.probe import answers, until
from notechondria_launcher.service_commands import unit_text

# Enough of systemctl to see that a unit's lines start the stack: it knows the units of one folder.
SYSTEMCTL = r"""
import os, pathlib, shlex, signal, subprocess, sys, time
words = [word for word in sys.argv[1:] if not word.startswith("--")]
folder = pathlib.Path(os.environ["PLAYED_SYSTEMD"])
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\n")
verb, name = words[0], words[-1]
pid_file, enabled = folder / f"{name}.pid", folder / f"{name}.enabled"

def unit():
    for there in (folder / "system", folder / "config" / "systemd" / "user"):
        if (there / name).exists():
            return (there / name).read_text()
    sys.exit(f"Unit {name} not found.")

def stop():
    if pid_file.exists():
        pid = int(pid_file.read_text())
        os.kill(pid, signal.SIGTERM)
        pid_file.unlink()
        for _ in range(600):
            try:
                if pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    break
            except OSError:
                break
            time.sleep(0.05)

if verb == "is-active":
    print("active" if pid_file.exists() else "inactive")
elif verb == "is-enabled":
    print("enabled" if enabled.exists() else "disabled")
elif verb in ("enable", "disable"):
    enabled.touch() if verb == "enable" else enabled.unlink(missing_ok=True)
    if verb == "disable" and "--now" in sys.argv:
        stop()
elif verb in ("start", "restart", "stop"):
    stop()
    if verb != "stop":
        lines = [line.partition("=") for line in unit().splitlines()]
        env = dict(shlex.split(value)[0].split("=", 1) for key, _, value in lines if key == "Environment")
        (command,) = (shlex.split(value) for key, _, value in lines if key == "ExecStart")
        log = (folder / "journal").open("ab")
        process = subprocess.Popen(
            command, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        pid_file.write_text(str(process.pid))
"""


@pytest.fixture
def person(data: Path, standins: dict[str, str], tmp_path: Path) -> Iterator[Person]:
    """Somebody on a machine with a systemd."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "systemctl"
    program.write_text(f"#!{sys.executable}\n{SYSTEMCTL}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    played = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PLAYED_SYSTEMD": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "NOTECHONDRIA_SYSTEMD_FOLDER": str(tmp_path / "system"),
    }
    with new_person(data, {**standins, **played}) as someone:
        yield someone


def test_a_users_unit_is_installed_reported_and_removed(person: Person, tmp_path: Path) -> None:
    assert "There is no" in person.types("service", "status", "--user", code=3)
    said = person.types("service", "install", "--user", "--port", str(person.port))
    file = tmp_path / "config" / "systemd" / "user" / "notechondria.service"
    for part in (f"written: {file}", "enabled and started", "journalctl --user -u notechondria", "enable-linger"):
        assert part in said, said
    assert answers(f"http://127.0.0.1:{person.port}/api/v1/notes/")
    state = person.state()
    assert state.unit == "user notechondria.service"
    report = json.loads(person.types("service", "status", "--user", "--json"))
    assert (report["installed"], report["boot"], report["state"]) == (True, "enabled", "active")

    # An upgrade goes by the unit: what it starts again is in systemd's hands.
    changed = json.loads((person.data / "run" / "state.json").read_text()) | {"version": "0.0.9"}
    (person.data / "run" / "state.json").write_text(json.dumps(changed))
    person.types("upgrade", "--no-backup", code=1)  # stand-ins have no status that the doctor could read
    assert person.state().unit == "user notechondria.service"
    assert person.state().supervisor.pid != state.supervisor.pid
    calls = (tmp_path / "calls").read_text()
    assert re.search(r"--user stop notechondria.service\n(.*\n)*--user start notechondria.service", calls)

    said = person.types("service", "remove", "--user")
    assert "The data stays." in said
    assert not file.exists()
    assert until(lambda: person.gone(state), 20)
    assert (person.data / "secrets.json").exists()
    assert "There is no" in person.types("service", "remove", "--user", code=1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs a unit of the machine")
def test_a_unit_of_the_machine_needs_a_user_that_can_read_and_write(person: Person, tmp_path: Path) -> None:
    assert "useradd --system" in person.types("service", "install", "--as", "no-such-user", code=1)
    person.data.mkdir(exist_ok=True)
    said = person.types("service", "install", "--as", "nobody", "--port", str(person.port), code=1)
    assert "nobody cannot" in said
    assert not (tmp_path / "system").exists()
    text = person.types("service", "install", "--as", "nobody", "--port", "443", "--host", "192.0.2.1", "--print")
    (tmp_path / "notechondria.service").write_text(text)
    verified = subprocess.run(
        ["/bin/sh", "-c", f"! command -v systemd-analyze || systemd-analyze verify {tmp_path}/notechondria.service"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout + verified.stderr
    for line in ("User=nobody", "KillMode=mixed", "AmbientCapabilities=CAP_NET_BIND_SERVICE", "NoNewPrivileges=yes"):
        assert line in text.splitlines()
    assert text.splitlines()[-1] == "WantedBy=multi-user.target"
    assert f"Environment=NOTECHONDRIA_DATA={person.data}" in text
    assert "up --host 192.0.2.1 --port 443\n" in text


def test_a_stack_that_runs_already_is_not_run_twice(person: Person) -> None:
    person.up()
    assert "Stop it first" in person.types("service", "install", "--user", "--port", str(person.port), code=1)
    assert "one above 1023" in person.types("service", "install", "--user", "--port", "80", code=1)


def test_without_systemd_it_says_so(person: Person, tmp_path: Path) -> None:
    (tmp_path / "bin" / "systemctl").unlink()
    person.env["PATH"] = str(tmp_path / "bin")
    assert "There is no systemctl here" in person.types("service", "install", "--user", code=1)


@pytest.mark.parametrize("folder", ["/srv/notes", "/srv/my notes", "/srv/50%", '/srv/"x"'])
def test_paths_are_written_as_systemd_reads_them(folder: str) -> None:
    text = unit_text("user", "notechondria", Layout(Path(folder)), "somebody", "127.0.0.1", 8080)
    (line,) = (line for line in text.splitlines() if "NOTECHONDRIA_DATA" in line)
    (word,) = shlex.split(line.partition("=")[2].replace("%%", "%"))
    assert word == f"NOTECHONDRIA_DATA={folder}"
