"""Whether there is a backup to come back from."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from notechondria_cli.backup_schedule import BackupStatus, Schedule
from notechondria_cli.layout import Layout
from notechondria_shared.observability.diagnosis import Finding

_LATE = timedelta(hours=26)
_OLD_ENOUGH = timedelta(days=3)
"""A stack that is younger is being tried out."""
_FORGOTTEN = timedelta(days=30)


def problems(layout: Layout) -> Iterator[Finding]:
    """A schedule that is not kept, or whose last try failed."""
    schedule, status = Schedule.read(layout), BackupStatus.read(layout)
    if schedule is None:
        return
    if status.problem:
        said = f"The last backup ({status.tried_at}) failed: {status.problem}"
        yield _finding(said, "Mend it and try at once: notechondria backup now.")
        return
    begun = [one for one in (status.last_good, _since(schedule)) if one is not None]
    if begun and datetime.now(UTC) - max(begun) > _LATE:
        yield _finding(
            f"Backups are made daily at {schedule.at}; the last good one: {status.sentence()}.",
            "They are made while the stack runs; see notechondria logs --part backup.",
        )


def hints(layout: Layout) -> Iterator[Finding]:
    """Nothing to come back from, though there is something to lose."""
    if Schedule.read(layout) is not None:
        return
    try:
        age = datetime.now(UTC) - datetime.fromtimestamp(layout.credentials.stat().st_mtime, UTC)
    except OSError:
        return
    last = BackupStatus.read(layout).last_good
    if age > _OLD_ENOUGH and (last is None or datetime.now(UTC) - last > _FORGOTTEN):
        said = "No backup was ever made." if last is None else f"The last backup is of {last:%Y-%m-%d}."
        yield _finding(said, "Have one made every day: notechondria backup --schedule 03:00 --to FOLDER.")


def _since(schedule: Schedule) -> datetime | None:
    try:
        return datetime.fromisoformat(schedule.since)
    except ValueError:
        return None


def _finding(problem: str, advice: str) -> Finding:
    return Finding(part="backup", problem=problem, advice=advice)
