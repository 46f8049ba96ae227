"""Whoever reads the memory or the environment of one part does not learn the secrets of the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tools.service_variables import TARGET, document

from notechondria_cli.names import SERVICES
from notechondria_launcher.child_environment import gateway_environment, service_environment, system_environment
from notechondria_launcher.stack import Stack

SECRETS = {
    "DJANGO_SUPERUSER_PASSWORD": "secret-superuser",
    "GOOGLE_OAUTH_CLIENT_SECRET": "secret-google",
    "GITHUB_APP_CLIENT_SECRET": "secret-github",
    "SMTP_PASSWORD": "secret-smtp",
    "SOME_CI_TOKEN": "secret-of-the-shell",
    "PGPASSWORD": "secret-postgres",
    "AWS_SECRET_ACCESS_KEY": "secret-aws",
}
IDENTITYS = {"DJANGO_SUPERUSER_PASSWORD", "GOOGLE_OAUTH_CLIENT_SECRET", "GITHUB_APP_CLIENT_SECRET", "SMTP_PASSWORD"}


def _environment(stack: Stack, part: str) -> str:
    return "\n".join(f"{name}={value}" for name, value in psutil.Process(stack.pid(part)).environ().items())


def _secrets(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every secret of a stack, by the name under which it is kept."""

    def leaves(name: str, value: object) -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from leaves(f"{name}.{key}", inner)
        elif isinstance(value, str):
            yield name, value

    kept = json.loads((stack.data / "secrets.json").read_text())
    yield from leaves("", kept)


@pytest.mark.parametrize("part", ["gateway", "nats", "postgres"])
def test_parts_that_are_not_ours_get_no_secret_of_the_services(stack: Stack, part: str) -> None:
    received = _environment(stack, part)
    for name, secret in _secrets(stack):
        if not (part == "nats" and ".nats." in name):
            assert secret not in received, name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_its_own_passwords_only(stack: Stack, service: str) -> None:
    # What it is started with: in tests its process is a fork, which shows the environment of its parent.
    received = "\n".join(f"{name}={value}" for name, value in stack.plan.settings.spec(service).env.items())
    for name, secret in _secrets(stack):
        owner = name.rsplit(".", 1)[-1]
        if ".database." in name or ".nats." in name:
            assert (secret in received) == (owner == service and service != "web"), name
        elif name in {".superuser", ".admin_password"}:
            assert (secret in received) == (name == ".admin_password" and service == "identity"), name


def test_no_command_line_holds_a_secret(stack: Stack) -> None:
    root = psutil.Process()
    lines = [" ".join(one.cmdline()) for one in [root, *root.children(recursive=True)] if one.is_running()]
    lines += [
        Path(f"/proc/{stack.pid(part)}/cmdline").read_text() for part in ("gateway", "nats", "postgres", *SERVICES)
    ]
    for name, secret in _secrets(stack):
        assert not [line for line in lines if secret in line], name


@pytest.mark.parametrize("part", ["system", "gateway", *SERVICES])
def test_secrets_of_the_operators_shell_reach_only_who_reads_them(part: str) -> None:
    env = {"PATH": "/bin", "LANG": "C.UTF-8", **SECRETS}
    if part == "system":
        received = system_environment(env)
    else:
        received = gateway_environment(env) if part == "gateway" else service_environment(part, env)
    assert received["PATH"] == "/bin"
    assert "SOME_CI_TOKEN" not in received
    assert "PGPASSWORD" not in received
    assert (set(received) & IDENTITYS) == (IDENTITYS if part == "identity" else set())


def test_the_list_of_variables_is_that_of_the_settings() -> None:
    assert TARGET.read_text() == document()


def test_there_are_secrets_to_look_for(stack: Stack) -> None:
    names = {name for name, _ in _secrets(stack)}
    assert {".superuser", ".admin_password", ".keys.planner", ".secret_key"} <= names, names
    assert {f".database.{service}" for service in SERVICES if service != "web"} <= names, names
    assert any(name.startswith(".nats.") for name in names), names
