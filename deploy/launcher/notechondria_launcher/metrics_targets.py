"""Where Prometheus finds the parts of a stack, whose ports differ at each start: a file that it reads by itself."""

import json
from collections.abc import Mapping
from pathlib import Path

from notechondria_cli.names import SERVICES


def metrics_targets(ports: Mapping[str, int]) -> list[dict[str, object]]:
    """Return the targets in the form of Prometheus' `file_sd_configs`; jobs are named as in prometheus.yml."""
    services: list[dict[str, object]] = [
        {
            "targets": [f"127.0.0.1:{ports[name]}"],
            "labels": {"job": "notechondria", "service": name, "__metrics_path__": "/internal/metrics"},
        }
        for name in SERVICES
    ]
    gateway: dict[str, object] = {
        "targets": [f"127.0.0.1:{ports['gateway_ping']}"],
        "labels": {"job": "notechondria-gateway", "__metrics_path__": "/metrics"},
    }
    return [*services, gateway]


def write_metrics_targets(path: Path, ports: Mapping[str, int]) -> None:
    """Replace the file in one step: Prometheus reads it whenever it changes."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(metrics_targets(ports), indent=2), encoding="utf-8")
    draft.replace(path)
