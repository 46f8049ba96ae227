"""The overlays as kubectl renders them."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ("dev", "small", "production")


@lru_cache
def rendered(overlay: str) -> str:
    """What `kubectl apply -k` would send, as text; the test is skipped where there is no kubectl."""
    if shutil.which("kubectl") is None:
        pytest.skip("NOT CHECKED: kubectl is not installed, so the Kubernetes manifests were not built")
    call = ["kubectl", "kustomize", str(ROOT / "deploy" / "k8s" / "overlays" / overlay)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr  # deprecations are said there
    return done.stdout


@lru_cache
def _parsed(overlay: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(rendered(overlay)))


def objects(overlay: str, *kinds: str) -> list[dict[str, Any]]:
    """The manifests of an overlay; of some kinds only when they are named."""
    return [thing for thing in _parsed(overlay) if not kinds or thing["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> dict[str, Any]:
    """The one manifest of this kind and name."""
    (found,) = [thing for thing in objects(overlay, kind) if thing["metadata"]["name"] == name]
    return found


def pod_specs(overlay: str) -> dict[str, dict[str, Any]]:
    """Every pod's spec, by `Kind/name`."""
    return {
        f"{thing['kind']}/{thing['metadata']['name']}": thing["spec"]["template"]["spec"]
        for thing in objects(overlay, "Deployment", "StatefulSet", "Job", "DaemonSet")
    }
