"""What the start of a web app costs on the wire: `make bench-start`.

Each app's start, as tests/apps replays it, in a browser: round trips and bytes of the first start and of a second one,
beside a browser that may keep neither preflights nor answers (no Access-Control-Max-Age, no ETag). They are counted,
not timed: the same on every machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.apps.kit import App, Browser, Script
from tests.apps.scripts import STARTS
from tests.support.client import Api

from notechondria_launcher.stack import Stack

COURSES, NOTES = 12, 60


@dataclass(frozen=True)
class Cost:
    """Round trips, and bytes of headers and bodies in both directions."""

    round_trips: int
    octets: int


def cost(app: App, script: Script, browser: Browser) -> Cost:
    """What a start costs in this browser from now on."""
    browser.round_trips = browser.octets = 0
    app.browser = browser
    app.replay(script)
    return Cost(browser.round_trips, browser.octets)


def measure(api: Api) -> dict[str, dict[str, Cost]]:
    """By app: the first and the second start, with and without keeping."""
    user = api.register()
    courses = [user.post("courses/", {"title": f"Course {number}"}).json()["id"] for number in range(COURSES)]
    for number in range(NOTES):
        text = f"# Note {number}\n\n" + "Some words of a lecture. " * 40
        user.post("notes/", {"title": f"Note {number}", "content": text, "course_id": courses[number % COURSES]})
    figures: dict[str, dict[str, Cost]] = {}
    for script in STARTS:
        app = App(api.http, api.base, "newest")
        app.kept |= {"token": user.token, "course": courses[0]}
        keeps, forgets = Browser(), Browser(remembers=False)
        figures[script.app] = {
            "first start": cost(app, script, keeps),
            "second start": cost(app, script, keeps),
            "before": cost(app, script, forgets),
        }
    return figures


def main() -> int:
    """Run on a stack of its own; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory(prefix="notechondria-bench-") as folder:
        Path(folder).chmod(0o711)  # Postgres may run as another user
        with Stack(Path(folder)) as stack, Api(stack) as api:
            figures = measure(api)
    if as_json:
        print(json.dumps({app: {when: asdict(one) for when, one in costs.items()} for app, costs in figures.items()}))
        return 0
    print("| App | Start | Round trips | KiB |\n| --- | --- | --- | --- |")
    for app, costs in figures.items():
        for when, one in costs.items():
            print(f"| {app} | {when} | {one.round_trips} | {one.octets / 1024:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
