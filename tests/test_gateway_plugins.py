"""The gateway's plugins in Go: their own tests, vet and form. test_gateway.py sees them inside Traefik."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import go

PLUGINS = Path(__file__).resolve().parents[1] / "gateway/plugins-local/src/notechondria"
MODULES = sorted(path.parent.name for path in PLUGINS.glob("*/go.mod"))
pytestmark = [pytest.mark.go, pytest.mark.timeout(300)]


def test_there_are_plugins() -> None:
    assert MODULES == ["answers", "maskedlog"]


@pytest.mark.parametrize("module", MODULES)
def test_a_plugins_own_tests_pass_and_cover_it(module: str) -> None:
    # Vet is a test of its own.
    said = go.run("go", "test", "-vet=off", "-count=1", "-cover", "./...", folder=PLUGINS / module)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "[no test files]" not in said.stdout
    covered = float(said.stdout.partition("coverage: ")[2].partition("%")[0])
    assert covered >= 90, said.stdout


@pytest.mark.parametrize("module", MODULES)
def test_vet_finds_nothing(module: str) -> None:
    said = go.run("go", "vet", "./...", folder=PLUGINS / module)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@pytest.mark.parametrize("module", MODULES)
def test_the_code_is_in_form(module: str) -> None:
    said = go.run("gofmt", "-l", ".", folder=PLUGINS / module)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
