"""Make the gateway's routes for Kubernetes out of gateway/routes: Traefik itself reads the files and says what it read.

``python -m tools.kubernetes_routes [--check]`` writes deploy/k8s/base/gateway/routes.yaml, or reports by its
exit code whether it is current.
"""

import os
import sys
from typing import Any

import yaml

from notechondria_cli.errors import StackError
from notechondria_cli.layout import GATEWAY_ROUTES, PROJECT
from notechondria_launcher.route_commands import ask_gateway

TARGET = PROJECT / "deploy" / "k8s" / "base" / "gateway" / "routes.yaml"
HEADER = "# Made from gateway/routes by tools.kubernetes_routes (make docs); not for editing.\n"
API = "traefik.io/v1alpha1"
# Settings are the cluster's to give: only what the files say by themselves may come in here.
PLAIN = ("PATH", "HOME", "LANG")


def read() -> dict[str, Any]:
    """Return Traefik's reading of the files: routers, middlewares and services by name."""
    (configuration,) = ask_gateway({name: os.environ[name] for name in PLAIN if name in os.environ}, "/api/rawdata")
    if not isinstance(configuration, dict):
        raise StackError("The gateway did not say what it routes.", "See gateway/routes/ for what is wrong.")
    return configuration


def ours(things: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return what the files hold, by name without Traefik's suffix, in order."""
    return sorted((name.removesuffix("@file"), thing) for name, thing in things.items() if name.endswith("@file"))


def named(name: str) -> dict[str, str]:
    """Return a reference to a middleware."""
    return {"name": name.removesuffix("@file")}


def middleware(name: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """Return a Middleware; those of a chain are references."""
    spec = {key: value for key, value in configuration.items() if key not in ("status", "usedBy", "error")}
    if "chain" in spec:
        spec["chain"] = {"middlewares": [named(part) for part in spec["chain"]["middlewares"]]}
    if "plugin" in spec:  # the log is standard output there
        spec["plugin"] = {
            plugin: {key: value for key, value in said.items() if (plugin, key) != ("maskedlog", "file")}
            for plugin, said in spec["plugin"].items()
        }
    if "answers" in spec.get("plugin", {}):
        spec["plugin"]["answers"] |= {"hosts": "localhost", "proxies": ""}  # the overlays' settings go here
    return {"apiVersion": API, "kind": "Middleware", "metadata": {"name": name}, "spec": spec}


def target(router: dict[str, Any], services: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what a router leads to. Health is the cluster's to check: pods that are not ready get nothing."""
    if router["service"].endswith("@internal"):
        return {"kind": "TraefikService", "name": router["service"]}
    balancer = services[router["service"]]["loadBalancer"]
    return {
        "name": f"{router['service']}-service",
        "port": 8000,
        "passHostHeader": balancer["passHostHeader"],
        "responseForwarding": balancer["responseForwarding"],
        "serversTransport": "service",
    }


def route(name: str, router: dict[str, Any], services: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the IngressRoute of a router."""
    rule = {
        "kind": "Rule",
        "match": router["rule"],
        "priority": router["priority"],
        "middlewares": [named(part) for part in router.get("middlewares", [])],
        "services": [target(router, services)],
    }
    if not router["observability"]["accessLogs"]:
        rule["observability"] = {"accessLogs": False}
    spec = {"entryPoints": router["entryPoints"], "routes": [rule]}
    return {"apiVersion": API, "kind": "IngressRoute", "metadata": {"name": name}, "spec": spec}


def transport() -> dict[str, Any]:
    """Return the ServersTransport of the files; Traefik's API does not show it."""
    source = (GATEWAY_ROUTES / "services.yaml").read_text(encoding="utf-8")
    plain = "\n".join(line for line in source.splitlines() if "{{" not in line).split("\n  services:")[0]
    spec = yaml.safe_load(plain)["http"]["serversTransports"]["service"]
    return {"apiVersion": API, "kind": "ServersTransport", "metadata": {"name": "service"}, "spec": spec}


def documents() -> list[dict[str, Any]]:
    """Return all manifests, in a fixed order."""
    configuration = read()
    services = dict(ours(configuration["services"]))
    return [
        transport(),
        *(middleware(name, one) for name, one in ours(configuration["middlewares"])),
        *(route(name, one, services) for name, one in ours(configuration["routers"])),
    ]


def main() -> int:
    """Write the file, or with --check compare it."""
    text = HEADER + yaml.safe_dump_all(documents(), sort_keys=True, width=1000, explicit_start=True)
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
