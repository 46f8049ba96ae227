"""Two commits measured by turns on one machine: the other one in a checkout of its own, with what it needs installed.

`make bench-compare BASE=v0.1.0 BENCH=notes ARGS="--seconds 5"`. Machines are noisy: only figures of one run are
compared, by the median of the rounds, and a ratio is of this commit to the other one. Exit code 1 when a measurement
failed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
_LINE = re.compile(
    r"^\s*(?P<name>\S.*?)\s+(?P<rate>[\d.]+)/s\s+p50\s+(?P<p50>[\d.]+) ms\s+p95\s+(?P<p95>[\d.]+) ms"
    r"\s+p99\s+(?P<p99>[\d.]+) ms"
)
FIGURES = ("rate", "p50", "p95", "p99")
Figures = dict[str, dict[str, list[float]]]
"""What was measured -> figure -> its value in each round."""


def figures_of(report: str) -> dict[str, dict[str, float]]:
    """The lines of a report that `Sample.line` wrote; the last one of a name counts."""
    matches = (_LINE.match(line) for line in report.splitlines())
    return {match["name"]: {name: float(match[name]) for name in FIGURES} for match in matches if match}


def run(folder: Path, bench: str, arguments: Sequence[str]) -> dict[str, dict[str, float]]:
    """One measurement of the checkout in `folder`."""
    command = [str(folder / ".venv/bin/python"), "-m", f"bench.{bench}", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    measured = figures_of(done.stdout)
    if not measured:
        raise SystemExit(f"{folder}: nothing was measured (exit code {done.returncode}).\n{done.stderr[-2000:]}")
    return measured


def prepare(folder: Path, commit: str) -> None:
    """A checkout of another commit, installed."""
    git = shutil.which("git") or "git"
    subprocess.run([git, "worktree", "add", "--detach", "-q", folder, commit], cwd=ROOT, check=True)  # noqa: S603
    subprocess.run(["/bin/sh", "tools/bootstrap.sh"], cwd=folder, check=True, capture_output=True)


def table(before: Figures, after: Figures) -> list[str]:
    """A line for each figure that both have: the other commit, this one, the ratio."""
    lines = [f"{'':<52} {'base':>10} {'here':>10} {'ratio':>7}"]
    for name in before:
        if name not in after:
            continue
        for figure in FIGURES:
            base, here = median(before[name][figure]), median(after[name][figure])
            ratio = f"{here / base:7.2f}" if base else "      -"
            lines.append(f"{name if figure == 'rate' else '':<45} {figure:>6} {base:10.1f} {here:10.1f} {ratio}")
    return lines


def main() -> int:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--base", required=True, help="the other commit")
    arguments.add_argument("--bench", default="notes", help="module of bench/ that prints samples")
    arguments.add_argument("--rounds", type=int, default=3, help="of each, by turns")
    options, passed = arguments.parse_known_args()
    before: Figures = defaultdict(lambda: defaultdict(list))
    after: Figures = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory(prefix="notechondria-base-") as temporary:
        folder = Path(temporary) / "base"
        try:
            prepare(folder, options.base)
            for number in range(options.rounds):
                for where, kept in ((folder, before), (ROOT, after)):
                    for name, values in run(where, options.bench, passed).items():
                        for figure, value in values.items():
                            kept[name][figure].append(value)
                print(f"round {number + 1} of {options.rounds} is done", file=sys.stderr)
        finally:
            git = shutil.which("git") or "git"
            subprocess.run([git, "worktree", "remove", "--force", folder], cwd=ROOT, check=False)  # noqa: S603
    print("\n".join(table(before, after)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
