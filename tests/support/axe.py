"""What axe-core (npm) finds on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.visit import Visit

AXE = Path(__file__).parents[2] / ".venv" / ".node" / "node_modules" / "axe-core" / "axe.min.js"
NOT_RUN = "NOT RUN: axe-core needs npm; `make conformance` installs it"
_RUN = """
const [options] = arguments;
axe.run(document, {resultTypes: ["violations"], ...options}).then(
  (found) => done(found.violations), (error) => done(String(error)));
"""
_EVERY_RULE: dict[str, Any] = {}
_RULES_OF_COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""All that the dark can change: its styles are colours and nothing else (`test_the_dark_is_colours_alone`)."""


def faults(visit: Visit) -> list[str]:
    """What axe finds on the page that is shown, in light and dark: rule, weight and place."""
    found: set[str] = set()
    visit.driver.execute_script(AXE.read_text(encoding="utf-8"))
    for scheme, options in (("light", _EVERY_RULE), ("dark", _RULES_OF_COLOURS)):
        visit.in_colours(scheme)
        violations: list[dict[str, Any]] = visit.browser.run(_RUN, options)
        assert isinstance(violations, list), violations
        found |= {
            f"{visit.path} {scheme} {one['impact']} {one['id']}: {node['target']}"
            for one in violations
            for node in one["nodes"]
        }
    visit.in_colours("light")
    return sorted(found)
