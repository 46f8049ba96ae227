"""The product beside the Django monolith: the same operations, the same Postgres, behind the same gateway, in one run.

`make bench-monolith`. gunicorn runs with processes (`sync`) and with threads (`gthread`); the faster of both counts.
Exit code 1 when the product is less than `GOAL` times as fast at anything.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from tests.support.client import Api
from tests.support.gateway import another_gateway

from bench import processor
from bench.http_load import Make, load
from bench.notes import OWN, operations, wait_for
from bench.notes_fill import fill
from notechondria_cli.ports import choose_port, release_port
from notechondria_launcher.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv" / ".monolith"
GOAL = 3.0
WORKERS = {
    "sync": ("--workers", "4"),
    "gthread": ("--workers", "2", "--threads", "4"),
}
DATABASE = "monolith"


def install() -> Path:
    """The environment of the monolith, made once; its Python."""
    python = ENVIRONMENT / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)  # noqa: S603 - our own
        listed = ROOT / "bench/monolith/requirements.txt"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", listed], check=True)  # noqa: S603 - our own
    return python


def prepare(stack: Stack, python: Path) -> tuple[dict[str, str], str]:
    """A database of its own in the same Postgres: the environment of its processes, and the token of a person."""
    with psycopg.connect(stack.admin_database_url, autocommit=True) as database:
        database.execute(f"CREATE DATABASE {DATABASE}")  # a constant
    url = psycopg.conninfo.make_conninfo(stack.admin_database_url, dbname=DATABASE)
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "bench.monolith.settings"}

    def django(*command: str) -> str:
        program = [str(python), "-m", "django", *command]
        return subprocess.check_output(program, cwd=ROOT, env=environment, text=True)  # noqa: S603 - our own program

    django("migrate", "--verbosity", "0")
    django("migrate", "--run-syncdb", "--verbosity", "0")  # this project's own tables, which have no migrations
    return environment, django("fill", str(OWN)).strip()


@contextmanager
def serving(python: Path, environment: dict[str, str], kind: str) -> Iterator[tuple[str, int]]:
    """gunicorn with workers of a kind: its address and its process."""
    release_port(port := choose_port())
    server = subprocess.Popen(  # noqa: S603 - our own program
        [python, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", kind, *WORKERS[kind],
         "--log-level", "warning", "--keep-alive", "30", "django.core.wsgi:get_wsgi_application()"],
        cwd=ROOT, env=environment,
    )  # fmt: skip
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait()


@dataclass(frozen=True)
class Side:
    """One of those that are compared: where it answers, its calls, the processes that do the work."""

    name: str
    url: str
    token: str
    calls: Mapping[str, Make]
    pids: Mapping[str, int]


def product(stack: Stack, api: Api) -> Side:
    """The product, with somebody who has notes."""
    user = api.register()
    assert user.get("notes/").status_code == 200
    fill(stack, user.id, OWN)
    pids = {part: pid for part, pid in processor.pids_of(stack).items() if part != "gateway"}
    return Side("product", stack.url, user.token, _calls(stack.url, user.token), pids)


@contextmanager
def monolith(stack: Stack, python: Path, environment: dict[str, str], token: str, kind: str) -> Iterator[Side]:
    """The monolith with workers of a kind, behind a gateway as the product's."""
    with serving(python, environment, kind) as (where, pid), another_gateway(stack, {"notes": where}) as gateway:
        pids = {"monolith": pid, "postgres": stack.pid("postgres")}
        yield Side(f"monolith ({kind})", gateway.url, token, _calls(where, token), pids)


def _calls(url: str, token: str) -> dict[str, Make]:
    answer = httpx.get(f"{url}/api/v1/notes/?limit=50", headers={"Authorization": f"Token {token}"}, timeout=30)
    ids = [int(note["id"]) for note in answer.raise_for_status().json()["results"]]
    return {name: ours for name, (ours, _) in operations(ids, 0).items()}


def compare(stack: Stack, sides: Sequence[Side], seconds: float) -> bool:
    """Print all sides by turns, operation by operation; True when the goal is reached. The product is the first."""
    reached = True
    for name in sides[0].calls:
        rates, spent_each = [], []
        for side in sides:
            with processor.measured(side.pids) as spent:
                sample = load(f"{name}, {side.name}", side.url, side.calls[name], side.token, seconds)
                processor.settle(stack)
            assert not sample.failures or side is not sides[0], sample.name  # the monolith's own are printed
            print(sample.line(), spent.line(f"  {sample.name}", sample.calls), sep="\n")
            rates.append(sample.rate)
            spent_each.append(sum(spent.seconds.values()) / sample.calls)
        ratio = rates[0] / max(rates[1:])
        reached = reached and ratio >= GOAL
        print(
            f"  {name}: {ratio:.2f} times the rate of the faster monolith;"
            f" it spends {min(spent_each[1:]) / spent_each[0]:.2f} times the processor time (without the gateway)"
        )
    return reached


def main() -> int:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5.0, help="of each load")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)
        environment = {"AUTH_RATE_PER_MINUTE": "0", "ACCOUNT_RATE_PER_MINUTE": "0", "DJANGO_LOG_LEVEL": "WARNING"}
        with Stack(Path(folder), env=environment) as stack, Api(stack) as api, ExitStack() as running:
            python = install()
            django, token = prepare(stack, python)
            kinds = (running.enter_context(monolith(stack, python, django, token, kind)) for kind in WORKERS)
            reached = compare(stack, [product(stack, api), *kinds], options.seconds)
    print(f"at least {GOAL:.0f} times on everything: {'reached' if reached else 'MISSED'}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
