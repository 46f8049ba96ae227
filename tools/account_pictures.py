"""Pictures of the account pages, which the tests in a browser make, for docs/account.md: `make account-pictures`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
TEST = "tests/test_browser_account_site.py::test_every_page_is_looked_at"
SHOWN = (
    "overview-desktop-light",
    "overview-telephone-dark",
    "agents-desktop-light",
    "agents-log-desktop-light",
    "undo-desktop-light",
    "calendars-desktop-light",
    "link-made-telephone-light",
    "imported-desktop-light",
    "difference-desktop-light",
)
COLOURS = 64
"""Enough for pages of one hue, and a fifth of the size."""


def main() -> int:
    """Run the test that looks at every page, and keep some of what it saw."""
    with tempfile.TemporaryDirectory(prefix="notechondria-pictures-") as folder:
        seen = Path(folder) / "seen"
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-n", "0", "-q", TEST, f"--basetemp={seen}"], cwd=ROOT, check=False
        )
        if ran.returncode:
            return ran.returncode
        FOLDER.mkdir(exist_ok=True)
        for name in SHOWN:
            (source,) = seen.glob(f"pictures0/{name}.png")
            picture = Image.open(source).convert("RGB").quantize(COLOURS)
            picture.save(FOLDER / f"account-{name}.png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
