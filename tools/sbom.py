"""Write the bill of materials, `build/sbom.cdx.json` (CycloneDX 1.5): `make sbom`.

The packages and their checksums are those of uv.lock, as uv exports them, with the licences that were looked at
(`licences.toml`); beside them stand the base images and the servers in them, and the gateway's plugin.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tools.licences import ROOT, reviewed

TARGET = ROOT / "build/sbom.cdx.json"
DOCKERFILE, COMPOSE = ROOT / "deploy/Dockerfile", ROOT / "deploy/compose.yaml"
_FROM = re.compile(r"^FROM (?P<image>[\w./-]+:[\w.-]+)(?:@(?P<digest>sha256:[0-9a-f]{64}))?", re.MULTILINE)
_IMAGE = re.compile(r"^ +image: (?P<image>[a-z][\w./-]+:[\w.-]+)(?:@(?P<digest>sha256:[0-9a-f]{64}))?$", re.MULTILINE)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")


def exported() -> dict[str, Any]:
    """uv's bill of materials of what runs; development's packages are not in it."""
    uv = subprocess.run(
        [sys.executable, str(ROOT / "tools/get_uv.py"), ".uv"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    command = [uv, "export", "--quiet", "--frozen", "--no-dev", "--all-packages", "--format", "cyclonedx1.5"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def images() -> Iterator[dict[str, Any]]:
    """The images that ours are made of, and those that compose takes as they are."""
    seen = set()
    for pattern, file in ((_FROM, DOCKERFILE), (_IMAGE, COMPOSE)):
        for match in pattern.finditer(file.read_text(encoding="utf-8")):
            if match["image"] in seen:
                continue
            seen.add(match["image"])
            name, _, tag = match["image"].rpartition(":")
            digest = match["digest"] or ""
            yield {
                "type": "container",
                "bom-ref": f"image:{match['image']}",
                "name": name,
                "version": tag,
                "purl": f"pkg:oci/{name.rpartition('/')[2]}" + (f"@{digest.replace(':', '%3A')}" if digest else "")
                + f"?tag={tag}",
                **({"hashes": [{"alg": "SHA-256", "content": digest.partition(":")[2]}]} if digest else {}),
            }  # fmt: skip


def document() -> dict[str, Any]:
    """The whole bill."""
    version = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
    bill, licences = exported(), reviewed()
    for component in bill["components"]:
        if "version" not in component:
            component["version"] = version  # a package of this repository
        if text := licences.get(component["name"]):
            entry: dict[str, Any] = {"expression": text} if _SPDX.fullmatch(text) else {"license": {"name": text}}
            component["licenses"] = [entry]
    plugin = {
        "type": "library",
        "bom-ref": "gateway-plugins",
        "name": "notechondria-gateway-plugins",
        "version": version,
        "description": "Plugins of the gateway in Go, without dependencies.",
    }
    bill["components"] += [*images(), plugin]
    bill["metadata"]["component"]["version"] = version
    return bill


def main() -> int:
    """Write the file and say how much is in it."""
    bill = document()
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}: {len(bill['components'])} components\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
