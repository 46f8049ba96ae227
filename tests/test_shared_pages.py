"""What `notechondria up` starts: services that are forks of one process and share what it has loaded."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from notechondria_cli.names import SERVICES
from notechondria_cli.probe import answers, get_json
from notechondria_launcher.forking import OFF
from notechondria_launcher.template import load, prepare
from notechondria_shared.core.keys import SigningKey
from notechondria_shared.web.clients import tls_context
from tests.support.client import eventually
from tests.support.covered import COVERED
from tests.support.person import Person, new_person
from tests.support.ready_data import ready_data

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only"),
    pytest.mark.skipif(COVERED, reason="under coverage.py nothing is forked"),
]
TEMPLATE = "notechondria_launcher.template"
IDLE_MIB = 560
"""The limit of what everything takes when nothing is asked of it (operations.md, "Measured")."""
LEAST_SHARED_MIB = 70
"""Of what a service shares with the others, when it has just begun to serve; 100 MiB here."""


@pytest.fixture
def person() -> Iterator[Person]:
    with ready_data() as folder, new_person(folder, {}) as someone:
        yield someone


def command_of(person: Person, service: str) -> str:
    return " ".join(psutil.Process(person.state().parts[service].pid).cmdline())


def dirty_mib(pid: int, kind: str) -> float:
    """MiB of a process's own memory that others map as well (`Shared`), or nobody (`Private`)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{kind}_Dirty:"))


def test_services_share_what_they_load_and_live_as_others_do(person: Person) -> None:
    said = person.up()
    assert f"http://localhost:{person.port}" in said
    state = person.state()
    supervisor = psutil.Process(state.supervisor.pid)
    for service in SERVICES:
        process = psutil.Process(state.parts[service].pid)
        assert TEMPLATE in " ".join(process.cmdline())
        assert (process.ppid(), process.name()) == (supervisor.pid, f"{service}_service"[:15])
        assert dirty_mib(process.pid, "Shared") > LEAST_SHARED_MIB > dirty_mib(process.pid, "Private")
        # Nothing of its settings is in the environment that the template was started with.
        assert not {"SERVICE_KEY", "DATABASE_URL", "NATS_URL"} & process.environ().keys()
    report = json.loads(person.types("status", "--json", "--memory"))
    memory = {part["name"]: part["memory_mib"] for part in report["parts"]}
    # Other stacks on the machine only make it less: pages of files count for a part.
    assert sum(memory.values()) < IDLE_MIB, memory
    # The template is gone: what is left of its line are the services.
    children = [child.pid for child in supervisor.children() if TEMPLATE in " ".join(child.cmdline())]
    assert sorted(children) == sorted(state.parts[service].pid for service in SERVICES)

    # One that dies is started anew by its command line, from the files as they are then.
    os.kill(state.parts["notes"].pid, signal.SIGKILL)
    eventually(lambda: "notes" in (parts := person.state().parts) and parts["notes"].pid != state.parts["notes"].pid)
    assert command_of(person, "notes").endswith("-m notes_service")
    eventually(lambda: answers(f"http://127.0.0.1:{person.port}/api/v1/notes/"))
    person.types("restart", "web")
    assert command_of(person, "web").endswith("-m web_service")
    state = person.state()
    assert "Stopped" in person.types("down")
    assert person.gone(state)


def test_several_workers_are_forks_of_a_fork_and_end_with_the_launcher(person: Person) -> None:
    person.env |= {"NOTES_WORKERS": "2"}
    person.up()
    state = person.state()
    workers = psutil.Process(state.parts["notes"].pid).children()
    assert len(workers) == 2
    assert get_json(f"http://127.0.0.1:{state.ports['notes']}/internal/health/ready")
    os.kill(state.supervisor.pid, signal.SIGKILL)
    eventually(lambda: person.gone(state) and not [one for one in workers if one.is_running()])


def test_each_service_is_an_interpreter_of_its_own_where_that_is_asked_for(person: Person) -> None:
    person.env |= {OFF: "1"}
    person.up()
    for service in SERVICES:
        assert command_of(person, service).endswith(f"-m {service}_service")


def test_the_template_loads_what_services_load_while_they_start() -> None:
    load()
    assert {f"{service}_service.app" for service in SERVICES} <= sys.modules.keys()


def test_the_template_has_read_the_certificates_that_services_trust() -> None:
    tls_context.cache_clear()
    prepare()
    assert tls_context.cache_info().currsize == 1
    assert "jwt" in sys.modules


def test_certificates_that_cannot_be_read_are_left_to_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    tls_context.cache_clear()
    prepare()
    assert tls_context.cache_info().currsize == 0


def test_forks_of_a_process_that_has_made_a_key_make_different_ones() -> None:
    prepare()
    made = []
    for _ in range(2):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, SigningKey.generate().encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            made.append(answer.read())
        os.waitpid(child, 0)
    assert len({*made, SigningKey.generate()}) == 3
    assert all(made)
