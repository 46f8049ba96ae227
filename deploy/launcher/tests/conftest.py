"""A stack of real parts with stand-in services, on free ports and a data folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.ready_data import own_stack, ready_data, temporary_data

from notechondria_cli.names import SERVICES
from notechondria_launcher.stack import Stack
from tests.support import forking

STANDIN = Path(__file__).parent / "standins" / "standin.py"
MAIN = "import os, runpy\nos.environ['STANDIN'] = {name!r}\nrunpy.run_path({path!r}, run_name='__main__')\n"


@pytest.fixture
def empty() -> Iterator[Path]:
    """A data folder of this test, for a first start."""
    with temporary_data() as folder:
        yield folder


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder of this test, which may have a database already."""
    with ready_data() as folder:
        yield folder


@pytest.fixture(scope="session")
def standins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which ``python -m notes_service`` and the others start a stand-in."""
    forking.server.begin()
    folder = tmp_path_factory.mktemp("standins")
    for name in SERVICES:
        (folder / f"{name}_service").mkdir()
        (folder / f"{name}_service" / "__init__.py").touch()
        (folder / f"{name}_service" / "__main__.py").write_text(MAIN.format(name=name, path=str(STANDIN)))
    return {"PYTHONPATH": str(folder), "AUTH_RATE_PER_MINUTE": "5"}


@pytest.fixture(scope="session")
def stack(standins: dict[str, str]) -> Iterator[Stack]:
    """One stack for all tests that leave it as they found it."""
    with own_stack(standins) as running:
        yield running
