"""The images and what they run as."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from deploy.ci.tests.deployment import SERVICES, ComposeDeployment, docker
from tests.support.client import Api
from tests.support.keys import KEY_SETTINGS

OURS = (*SERVICES, "gateway", "nats", "postgres")
LIMIT_BYTES = 260_000_000
STEPS = ("starting {0}", "Postgres at postgres:5432 answers", "schema {0} ", "serving {0} on 0.0.0.0:8000")
STATELESS_STEPS = (STEPS[0], STEPS[-1])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_image_is_small_and_holds_no_compiler(service: str) -> None:
    (image,) = json.loads(docker("image", "inspect", f"notechondria/{service}:test"))
    assert image["Size"] <= LIMIT_BYTES
    assert image["Config"]["User"] == "10001:10001"
    search = "command -v gcc cc g++ clang ld as make uv pip; find / -xdev -name tests -path '*/app/services/*'; true"
    assert docker("run", "--rm", f"notechondria/{service}:test", "sh", "-c", search).strip() == ""


@pytest.mark.parametrize("service", SERVICES)
def test_a_command_is_run_in_place_of_the_service(service: str) -> None:
    call = (
        "run",
        "--rm",
        "--read-only",
        f"notechondria/{service}:test",
        "python",
        "-c",
        "import os; print(os.getpid())",
    )
    assert docker(*call).strip() == "1"  # exec: nothing stands between


@pytest.mark.parametrize("service", OURS)
def test_containers_are_hardened(stack: ComposeDeployment, service: str) -> None:
    for container in stack.containers(service):
        found = stack.inspect(container)
        host = found["HostConfig"]
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["Memory"] > 0
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert found["State"]["Health"]["Status"] == "healthy"
        who = docker("exec", container, "id", "-u").strip()
        assert who not in {"", "0"}
        written = docker("exec", container, "sh", "-c", "touch /etc/x /app/x 2>/dev/null && echo written", check=False)
        assert written == ""


@pytest.mark.contract("identity §17")
@pytest.mark.parametrize("service", SERVICES)
def test_a_start_says_its_steps_in_order(stack: ComposeDeployment, service: str) -> None:
    lines = stack.lines(stack.containers(service)[0])
    steps = STATELESS_STEPS if service == "web" else STEPS
    places = [next(at for at, line in enumerate(lines) if step.format(service) in line) for step in steps]
    assert places == sorted(places)


@pytest.mark.contract("identity §17")
def test_a_wrong_password_ends_the_start_with_a_sentence(stack: ComposeDeployment) -> None:
    url = "postgresql://notes:wrong@postgres:5432/notechondria"
    network = f"{stack.project}_data"
    env = ["-e", f"DATABASE_URL={url}", *(f"--env={name}={value}" for name, value in KEY_SETTINGS.items())]
    call = ["docker", "run", "--rm", "--network", network, *env, "notechondria/notes:test"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "refused us" in done.stderr
    assert "Check DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_handshake_shows_what_was_built(api: Api) -> None:
    build = api.get("handshake/").json()["build"]
    assert re.fullmatch(r"[0-9a-f]{40}(-changed)?", build["commit"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", build["build_time"])
    assert build["deploy_target"] == "compose"


def test_no_secret_is_in_an_image(stack: ComposeDeployment) -> None:
    secrets = {value for name, value in stack.secrets.items() if re.search("PASSWORD|TOKEN|SECRET", name)}
    assert len(secrets) >= 14
    for service in (*SERVICES, "gateway", "nats", "all-in-one"):
        shown = docker("image", "inspect", f"notechondria/{service}:test")
        shown += docker("history", "--no-trunc", f"notechondria/{service}:test")
        assert not [secret for secret in secrets if secret in shown]
        find = (
            "--entrypoint",
            "",
            f"notechondria/{service}:test",
            "find",
            "/app",
            "/gateway",
            "/etc/nats",
            "-name",
            ".env",
        )
        files = docker("run", "--rm", *find, check=False)  # not every image has every folder
        assert files == ""


def test_the_bus_writes_each_event_to_the_disk(stack: ComposeDeployment) -> None:
    ask = ("exec", "-T", "nats", "wget", "-q", "-O", "-", "http://127.0.0.1:8222/varz")
    varz = json.loads(stack.compose(*ask))
    assert varz["jetstream"]["config"]["sync_always"] is True
    assert varz["jetstream"]["config"]["store_dir"].startswith("/data")


def test_only_the_gateway_is_published(stack: ComposeDeployment) -> None:
    for service in SERVICES:
        for container in stack.containers(service):
            assert not any(stack.inspect(container)["NetworkSettings"]["Ports"].values())
    published = stack.inspect(stack.containers("gateway")[0])["NetworkSettings"]["Ports"]
    assert published["8080/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]
