"""Write `tools/uv.pins`: one version of uv, and the SHA-256 of its wheels as the package index has them now.

`python -m tools.renew_uv VERSION`; read the release notes first. The image in deploy/Dockerfile has that version too.
"""

from __future__ import annotations

import os
import re
import sys

from tools.get_uv import INDEX_VARIABLES, LINK, PINS, fetch


def pinned(page: str, version: str) -> str:
    """The file for the wheels of a version on an index's page; ValueError when there are none."""
    wheel = re.compile(rf"uv-{re.escape(version)}-py3-none-[\w.]+\.whl")
    lines = sorted(
        f"{checksum}  {name}"
        for address, _, name in LINK.findall(page)
        if wheel.fullmatch(name) and re.fullmatch(r"[0-9a-f]{64}", checksum := address.partition("#sha256=")[2])
    )
    if not lines:
        message = f"the index has no wheels of uv {version} with checksums"
        raise ValueError(message)
    return "\n".join([version, *lines, ""])


def main() -> int:
    """Renew the file; 2 for a wrong call, 1 when the index does not have the version."""
    if len(sys.argv) != 2 or not re.fullmatch(r"\d+\.\d+\.\d+", sys.argv[1]):
        sys.stderr.write("Usage: python -m tools.renew_uv VERSION, such as 0.13.9\n")
        return 2
    index = next((os.environ[name] for name in INDEX_VARIABLES if os.environ.get(name)), "https://pypi.org/simple")
    try:
        text = pinned(fetch(f"{index.rstrip('/')}/uv/").decode(), sys.argv[1])
    except (OSError, ValueError) as error:
        sys.stderr.write(f"Not renewed: {error}\n")
        return 1
    PINS.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{text.count('.whl')} wheels of uv {sys.argv[1]} are known now.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
