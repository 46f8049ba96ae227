"""The stack as a library: its order, its faults, and that nothing is left behind."""

import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from notechondria_cli.errors import StackError
from notechondria_cli.names import PARTS, SERVICES, SERVICES_WITH_SCHEMA
from notechondria_cli.probe import answers, get_json, until
from notechondria_cli.state import AlreadyRunningError, StackState
from notechondria_launcher.stack import Stack


def environment(stack: Stack, service: str) -> dict[str, str]:
    """Return the environment that a stand-in was given."""
    seen = get_json(f"{stack.service_url(service)}/environment")
    assert isinstance(seen, dict)
    found: dict[str, str] = seen["environment"]
    return found


def processes(stack: Stack) -> list[psutil.Process]:
    """Return every process of the stack, grandchildren too."""
    tops = [psutil.Process(stack.pid(name)) for name in PARTS]
    return [*tops, *(child for top in tops for child in top.children(recursive=True))]


def with_variable(name: str, value: str) -> list[psutil.Process]:
    """Return every process of the machine whose environment has this; other tests' processes come and go."""

    def has_it(process: psutil.Process) -> bool:
        try:
            return process.environ().get(name) == value
        except psutil.Error:
            return False

    return [process for process in psutil.process_iter() if has_it(process)]


def test_a_stack_runs_stops_and_starts_again_with_its_data(data: Path, standins: dict[str, str]) -> None:
    first = Stack(data, env=standins)
    first.start()
    try:
        assert answers(f"{first.url}/api/v1/notes/")
        password = first.plan.credentials.admin_password
        with psycopg.connect(first.admin_database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (id int)")
            settings: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
        running = processes(first)
    finally:
        first.stop()
    assert (settings["fsync"], settings["synchronous_commit"], settings["jit"]) == ("on", "on", "off")
    assert not [process for process in running if process.is_running()]
    assert stat.S_IMODE((data / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "logs").stat().st_mode) == 0o700
    with Stack(data, env=standins) as second:
        assert second.plan.credentials.admin_password == password
        with psycopg.connect(second.admin_database_url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_services_get_the_settings_they_need(stack: Stack) -> None:
    notes, identity = environment(stack, "notes"), environment(stack, "identity")
    assert notes["DATABASE_URL"] == stack.database_url("notes")
    assert notes["NATS_URL"] == stack.nats_url("notes")
    assert notes["SERVICE_PUBLIC_KEYS"] == identity["SERVICE_PUBLIC_KEYS"]
    assert {notes[f"{name.upper()}_URL"] for name in SERVICES} == {stack.service_url(name) for name in SERVICES}
    assert notes["PUBLIC_BASE_URL"] == f"http://localhost:{stack.ports['gateway']}"
    assert notes["MEDIA_STORE_URL"] == (stack.data / "media").as_uri()
    assert (notes["HOST"], notes["WEB_CONCURRENCY"]) == ("127.0.0.1", "1")
    assert identity["DJANGO_SUPERUSER_PASSWORD"] == stack.plan.credentials.admin_password
    assert "DJANGO_SUPERUSER_PASSWORD" not in notes
    web = environment(stack, "web")
    assert len({env["SERVICE_KEY"] for env in (notes, identity, web)}) == 3
    assert not {"DATABASE_URL", "NATS_URL", "DJANGO_SUPERUSER_PASSWORD"} & web.keys()


def test_each_role_opens_the_database_and_only_loopback_listens(stack: Stack) -> None:
    for name in SERVICES_WITH_SCHEMA:
        with psycopg.connect(stack.database_url(name)) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (name,)
    for name in PARTS:
        for listening in psutil.Process(stack.pid(name)).net_connections("inet"):
            if listening.status == psutil.CONN_LISTEN:
                assert listening.laddr.ip == "127.0.0.1", name


def test_postgres_shares_little_memory_beside_its_pages(stack: Stack) -> None:
    query = "SELECT sum(allocated_size) / 1024 / 1024 FROM pg_shmem_allocations WHERE name <> 'Buffer Blocks'"
    with psycopg.connect(stack.admin_database_url) as connection:
        (mebibytes,) = connection.execute(query).fetchone() or (None,)
    assert mebibytes is not None
    assert mebibytes < 16  # 19 with the server's own settings, all of it written to at the start


def test_a_part_that_dies_is_started_again(stack: Stack) -> None:
    before = stack.pid("mcp")
    os.kill(before, 9)
    assert until(lambda: stack.pid("mcp") != before and answers(f"{stack.service_url('mcp')}/"), 20)
    state = StackState.read(stack.layout.state)
    assert state is not None
    assert state.parts["mcp"].restarts == 1
    assert until(lambda: stack.plan.traefik.sees("mcp"), 20)


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_stays_down_until_it_is_started(stack: Stack, name: str) -> None:
    before = stack.pid(name)
    stack.kill(name)
    assert not until(lambda: stack.pid(name) != before, 0.8)
    stack.start_part(name)
    assert stack.pid(name) != before
    if name == "postgres":
        with psycopg.connect(stack.database_url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert until(lambda: answers(f"{stack.url}/api/v1/notes/"), 20)


def test_postgres_starts_again_though_a_query_never_ends(stack: Stack) -> None:
    loop = "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"
    with ThreadPoolExecutor(2) as pool:
        busy = pool.submit(psycopg.connect(stack.admin_database_url, autocommit=True).execute, loop)
        idle = pool.submit(psycopg.connect(stack.admin_database_url).execute, "SELECT pg_sleep(60)")
        assert not until(lambda: busy.done() or idle.done(), 0.3)
        stack.kill("postgres")
        stack.start_part("postgres")
        assert isinstance(busy.exception(), psycopg.OperationalError)
        assert isinstance(idle.exception(), psycopg.OperationalError)
    with psycopg.connect(stack.database_url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_second_stack_on_the_same_folder_is_refused_and_harms_nothing(stack: Stack, standins: dict[str, str]) -> None:
    with pytest.raises(AlreadyRunningError):
        Stack(stack.data, env=standins).start()
    assert answers(f"{stack.url}/api/v1/notes/")
    assert stack.layout.state.exists()


def test_a_taken_port_is_reported_and_nothing_is_started(empty: Path, standins: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=rf"Port {port} is in use") as caught:
            Stack(empty, port, env=standins).start()
    assert "--port" in caught.value.remedy
    assert not (empty / "postgres" / "cluster").exists()


def test_a_rate_limit_that_is_no_number_is_reported(data: Path, standins: dict[str, str]) -> None:
    with pytest.raises(StackError, match="AUTH_RATE_PER_MINUTE=sixty"):
        Stack(data, env={**standins, "AUTH_RATE_PER_MINUTE": "sixty"}).start()


def test_a_service_that_cannot_start_is_named_and_all_is_stopped(data: Path, tmp_path: Path) -> None:
    package = tmp_path / "notes_service"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("raise SystemExit('no such setting')")
    stack = Stack(data, env={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(StackError, match=r"notes ended while it started .*no such setting"):
        stack.start()
    assert {"postgres.log", "nats.log", "identity.log"} <= {log.name for log in stack.layout.logs.iterdir()}
    assert not with_variable("PYTHONPATH", str(tmp_path))
    assert not stack.layout.state.exists()


def test_processes_of_a_stack_are_known_by_a_variable_of_it(stack: Stack, standins: dict[str, str]) -> None:
    assert {stack.pid(name) for name in PARTS} <= {
        process.pid for process in with_variable("PYTHONPATH", standins["PYTHONPATH"])
    }


def test_other_passwords_than_the_database_knows_are_reported(data: Path, standins: dict[str, str]) -> None:
    with Stack(data, env=standins):
        pass
    (data / "secrets.json").unlink()
    with pytest.raises(StackError, match=r"does not know the password.*secrets\.json"):
        Stack(data, env=standins).start()


def test_servers_of_ones_own_replace_the_embedded_ones(stack: Stack, empty: Path, standins: dict[str, str]) -> None:
    own = {
        "DATABASE_URL": stack.admin_database_url,
        "NATS_URL": "nats://bus.example:4222",
        "MCP_NATS_URL": "nats://m:1",
    }
    # The roles are shared with the running stack: so must be their passwords.
    (empty / "secrets.json").write_text((stack.data / "secrets.json").read_text())
    with Stack(empty, env={**standins, **own}) as external:
        assert not (empty / "postgres" / "cluster").exists()
        assert environment(external, "notes")["NATS_URL"] == "nats://bus.example:4222"
        assert environment(external, "mcp")["NATS_URL"] == "nats://m:1"
        with psycopg.connect(environment(external, "notes")["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("notes",)


def test_a_database_that_does_not_answer_is_reported(data: Path, standins: dict[str, str]) -> None:
    with pytest.raises(StackError, match="database cannot be prepared"):
        Stack(data, env={**standins, "DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"}).start()
