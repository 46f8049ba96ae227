"""Go, as tools/get_go.sh brings it; it fetches nothing by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from notechondria_cli.layout import PROJECT

MISSING = "no Go here: the gateway's plugins were not tested by themselves (sh tools/get_go.sh)"


def programs() -> tuple[str, str] | None:
    """`go` and `gofmt`; None where they are not installed."""
    folders = [str(path) for path in (PROJECT / ".go").glob("lib/python*/site-packages/go/bin")]
    places = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])
    go, gofmt = (shutil.which(name, path=places) for name in ("go", "gofmt"))
    return (go, gofmt) if go and gofmt else None


def run(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `go` or `gofmt` on a module, and return what it says."""
    found = programs()
    assert found is not None, MISSING
    env = {
        **os.environ,
        "GOCACHE": str(PROJECT / ".go" / "cache"),
        "GOPATH": str(PROJECT / ".go" / "path"),
        "GOFLAGS": "-mod=readonly",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    command = [found[0] if program == "go" else found[1], *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False)
