"""The files for hosts that give one container: well formed, and naming only settings that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).resolve().parents[2]
ROOT = DEPLOY.parent
SETTINGS = set(re.findall(r"(?m)^#?([A-Z][A-Z0-9_]+)=", (ROOT / "sample.env").read_text()))


def found(part: Any, kind: str) -> list[dict[str, Any]]:
    """Every node of a kind in a template."""
    if isinstance(part, dict):
        own = [part["spec"]] if part.get("kind") == kind and isinstance(part.get("spec"), dict) else []
        return own + [node for value in part.values() for node in found(value, kind)]
    return [node for value in part for node in found(value, kind)] if isinstance(part, list) else []


def test_render() -> None:
    blueprint = yaml.safe_load((DEPLOY / "hosts/render.yaml").read_text())
    (service,) = blueprint["services"]
    (database,) = blueprint["databases"]
    variables = {entry["key"]: entry for entry in service["envVars"]}
    assert variables.keys() <= SETTINGS
    assert variables["DATABASE_URL"]["fromDatabase"]["name"] == database["name"]
    assert variables["DJANGO_SUPERUSER_PASSWORD"]["generateValue"]
    assert (ROOT / service["dockerfilePath"]).is_file()
    assert service["healthCheckPath"] == "/api/v1/health/"
    assert service["numInstances"] == 1


def test_northflank() -> None:
    template = json.loads((DEPLOY / "hosts/northflank.json").read_text())
    (group,) = found(template["spec"], "SecretGroup")
    assert group["secrets"]["variables"].keys() <= SETTINGS
    (service,) = found(template["spec"], "CombinedService")
    assert (ROOT / service["buildSettings"]["dockerfile"]["dockerFilePath"].lstrip("/")).is_file()
    assert service["deployment"]["instances"] == 1
    text = json.dumps(template)
    assert set(re.findall(r"\$\{args\.(\w+)\}", text)) == template["arguments"].keys()


@pytest.mark.parametrize("word", ["stage('Prepare')", "stage('Test')", "stage('Deploy')", "make test", "compose.yaml"])
def test_jenkins(word: str) -> None:
    text = (DEPLOY / "hosts/Jenkinsfile").read_text()
    assert word in text
    assert text.count("{") == text.count("}")


def test_no_file_holds_a_secret() -> None:
    for name in ("hosts/render.yaml", "hosts/northflank.json", "hosts/Jenkinsfile"):
        text = (DEPLOY / name).read_text()
        assert not re.search(r"(?i)(password|secret|token)[\"']?\s*[:=]\s*[\"'][A-Za-z0-9+/]{12,}", text), name
