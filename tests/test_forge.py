"""The files that a forge and editors read: valid, pinned, and naming only what exists."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted(path.name for path in GITHUB.glob("workflows/*"))
FORMS = sorted(path.name for path in GITHUB.glob("ISSUE_TEMPLATE/*") if path.stem != "config")
FILES = [f"workflows/{name}" for name in WORKFLOWS] + [f"ISSUE_TEMPLATE/{name}" for name in FORMS]


def load(path: Path) -> dict[Any, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict), path
    return content


def make_targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))


def test_there_are_a_workflow_and_two_forms() -> None:
    assert (WORKFLOWS, FORMS) == (["advisories.yml", "ci.yml", "images.yml"], ["bug.yml", "feature.yml"])


@pytest.mark.parametrize("file", FILES)
def test_every_action_is_pinned_to_a_commit(file: str) -> None:
    for line in (GITHUB / file).read_text(encoding="utf-8").splitlines():
        if re.search(r"^\s*(- )?[\"']?uses\b", line):
            # The full commit, and the release beside it for people and for dependabot.
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_read_only_and_ends(name: str) -> None:
    workflow = load(GITHUB / "workflows" / name)
    # YAML takes the key `on` for a boolean.
    assert set(workflow) == {"name", True, "permissions", "concurrency", "jobs"}
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow[True]
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 60
        # Publishing images is the one thing that writes, and it is started by tags and by hand only.
        if name == "images.yml":
            assert job["permissions"] == {"contents": "read", "packages": "write"}
            assert workflow[True] == {"push": {"tags": ["v*"]}, "workflow_dispatch": None}
        else:
            assert "permissions" not in job
        assert re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"])
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            # What strangers choose (titles, branch names) never becomes part of a command.
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_workflow_runs_what_the_project_runs() -> None:
    jobs = load(GITHUB / "workflows/ci.yml")["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert ".ci/run" in commands
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    for command in commands:
        if command.startswith("make "):
            assert set(command.split()[1:]) <= make_targets()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_can_be_shown(name: str) -> None:
    form = load(GITHUB / "ISSUE_TEMPLATE" / name)
    assert {"name", "description", "body"} <= set(form)
    fields = [one for one in form["body"] if one["type"] != "markdown"]
    assert len({one["id"] for one in fields}) == len(fields)
    for one in fields:
        assert one["type"] in {"input", "textarea", "dropdown", "checkboxes"}
        assert one["attributes"]["label"]
        assert one["type"] != "dropdown" or one["attributes"]["options"]
    assert any(one.get("validations", {}).get("required") for one in fields)


def test_updates_are_looked_for_where_dependencies_are() -> None:
    updates = load(GITHUB / "dependabot.yml")["updates"]
    places = {(one["package-ecosystem"], one["directory"]) for one in updates}
    assert places == {("uv", "/"), ("github-actions", "/"), ("docker", "/deploy")}
    assert (ROOT / "uv.lock").is_file()
    assert (ROOT / "deploy/Dockerfile").is_file()


def test_hooks_run_the_projects_own_programs() -> None:
    (repository,) = load(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"  # nothing is fetched
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        program = hook["entry"].split()[0]
        assert (ROOT / program).is_file(), program


def test_the_development_container_can_be_made() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    version = re.search(r":(\d+)\.(\d+)-", container["image"])
    oldest = re.search(r">=(\d+)\.(\d+)", needed)
    assert version
    assert oldest
    assert tuple(map(int, version.groups())) >= tuple(map(int, oldest.groups()))
    assert container["postCreateCommand"] == "make .venv/.ready"


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md"])
def test_what_a_page_names_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists(), link
    assert set(re.findall(r"\bmake ([a-z-]+)", text)) <= make_targets()


def test_images_are_published_for_two_architectures_with_their_origin() -> None:
    version = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
    script = ROOT / "deploy" / "ci" / "publish.sh"

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "DRY_RUN": "1", "REGISTRY": "ghcr.io", "OWNER": "Some/Body", **environment}
        return subprocess.run(["/bin/sh", str(script)], env=env, capture_output=True, text=True, check=False)

    done = run(REF=f"v{version}")
    assert done.returncode == 0, done.stderr
    builds = [line for line in done.stdout.splitlines() if "buildx build" in line]
    targets = re.findall(r"^FROM .* AS ([\w-]+)$", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    built = [re.findall(r"--target ([\w-]+)", line)[0] for line in builds]
    assert len(built) == 8
    assert set(built) <= set(targets)
    for target, line in zip(built, builds, strict=True):
        assert f"--tag ghcr.io/some/body/{target}:{version} --push" in line
        for part in ("linux/amd64,linux/arm64", "type=provenance,mode=max", "type=sbom"):
            assert part in line
    assert run(REF="v99.0.0").returncode == 2
    assert run(REF="main; rm -rf /").returncode == 2
