"""Print what a run of the tests covered, by package; fails below the floor (`fail_under` in pyproject.toml).

Reads the data file that `coverage combine` left. Used by `make coverage`.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import coverage
from coverage.exceptions import CoverageException

ROOT = Path(__file__).resolve().parent.parent


def ours(paths: Iterable[str]) -> list[str]:
    """The measured files of this checkout: tests make packages of the same names elsewhere, which are gone by now."""
    return sorted(path for path in paths if Path(path).is_relative_to(ROOT))


def by_package(files: Iterable[tuple[str, int, int]]) -> dict[str, tuple[int, int]]:
    """Add up (path, statements, missed) by the package's folder: the part of a path that ends with a package's name."""
    totals: dict[str, tuple[int, int]] = {}
    for path, statements, missed in files:
        package = next(
            (part for part in path.split("/") if part.endswith("_service") or part.startswith("notechondria_")), path
        )
        before = totals.get(package, (0, 0))
        totals[package] = (before[0] + statements, before[1] + missed)
    return totals


def percentage(statements: int, missed: int) -> float:
    """Return how much was covered; of nothing, all."""
    return 100.0 * (statements - missed) / statements if statements else 100.0


def main() -> int:
    """Print the totals; the exit code is 2 when they are below the floor, as that of `coverage report`."""
    measured = coverage.Coverage()
    measured.load()
    data = measured.get_data()
    files = []
    try:
        for path in ours(data.measured_files()):
            _, lines, _, missing, _ = measured.analysis2(path)
            files.append((path, len(lines), len(missing)))
    except CoverageException as error:
        print(error, file=sys.stderr)
        return 1
    totals = by_package(files)
    for package, (statements, missed) in sorted(totals.items()):
        print(f"{package:<24} {statements:>6} statements {missed:>6} missed {percentage(statements, missed):>6.1f} %")
    all_statements, all_missed = (sum(one[column] for one in totals.values()) for column in (0, 1))
    floor = float(measured.get_option("report:fail_under") or 0)  # type: ignore[arg-type]
    total = percentage(all_statements, all_missed)
    print(f"{'total':<24} {all_statements:>6} statements {all_missed:>6} missed {total:>6.1f} %, floor {floor:g} %")
    if total < floor:
        print("Coverage has fallen below its floor.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
