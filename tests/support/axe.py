"""What axe-core (npm) finds on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.visit import Visit

AXE = Path(__file__).parents[2] / ".venv" / ".node" / "node_modules" / "axe-core" / "axe.min.js"
NOT_RUN = "NOT RUN: axe-core needs npm; `make conformance` installs it"
_RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(
  (found) => done(found.violations), (error) => done(String(error)));
"""


def faults(visit: Visit) -> list[str]:
    """What axe finds on the page that is shown, in light and dark: rule, weight and place."""
    found: set[str] = set()
    for scheme in ("light", "dark"):
        visit.in_colours(scheme)
        visit.driver.execute_script(AXE.read_text(encoding="utf-8"))
        violations: list[dict[str, Any]] = visit.browser.run(_RUN)
        assert isinstance(violations, list), violations
        found |= {
            f"{visit.path} {scheme} {one['impact']} {one['id']}: {node['target']}"
            for one in violations
            for node in one["nodes"]
        }
    visit.in_colours("light")
    return sorted(found)
