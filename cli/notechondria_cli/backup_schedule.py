"""When backups are made by themselves, where they go, which are kept, and how the last one went."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout

_NAME = re.compile(r"notechondria-(\d{8}T\d{6}Z)\.tar(\.age)?")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
DEFAULT_KEEP = (7, 4, 6)


@dataclass(frozen=True)
class Schedule:
    """Daily at ``at`` (this machine's clock) to the folder or bucket ``to``; ``keep`` of each day, week and month."""

    at: str
    to: str
    keep: tuple[int, int, int] = DEFAULT_KEEP
    recipient: str = ""
    """The public key of age that archives are encrypted for; "" is none."""
    since: str = ""
    """When it was set, ISO 8601 in UTC."""

    @classmethod
    def read(cls, layout: Layout) -> "Schedule | None":
        """Return what was set, None when nothing was or the file cannot be read."""
        try:
            content = json.loads(layout.backup_schedule.read_text(encoding="utf-8"))
            daily, weekly, monthly = content.pop("keep")
            return cls(keep=(int(daily), int(weekly), int(monthly)), **content)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, layout: Layout) -> None:
        """Keep it; a running stack follows it within seconds."""
        _replace(layout.backup_schedule, asdict(self))

    def is_due(self, now: datetime, last_try: datetime | None) -> bool:
        """Return whether a day's time has come since the last try; one that was slept through is made up for."""
        hour, minute = map(int, self.at.split(":"))
        local = now.astimezone()
        slot = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if slot > local:
            slot -= timedelta(days=1)
        begun = [one for one in (last_try, _timestamp(self.since)) if one is not None]
        return all(one < slot for one in begun)


@dataclass(frozen=True)
class BackupStatus:
    """How backups went: the last good one, and the last try."""

    good_at: str = ""
    file: str = ""
    size: int = 0
    tried_at: str = ""
    problem: str = ""
    verified_at: str = ""
    verified_file: str = ""

    @classmethod
    def read(cls, layout: Layout) -> "BackupStatus":
        """Return what was written down; nothing of a file that cannot be read."""
        try:
            content = json.loads(layout.backup_status.read_text(encoding="utf-8"))
            return cls(**{name: value for name, value in content.items() if name in cls.__dataclass_fields__})
        except (OSError, ValueError, TypeError, AttributeError):
            return cls()

    def write(self, layout: Layout) -> None:
        """Keep it; where the data folder cannot be written the backup itself is good all the same."""
        try:
            _replace(layout.backup_status, asdict(self))
        except OSError:
            return

    def good(self, file: str, size: int) -> "BackupStatus":
        """Return this with a good backup of now."""
        now = _iso(datetime.now(UTC))
        return replace(self, good_at=now, tried_at=now, file=file, size=size, problem="")

    def failed(self, problem: str) -> "BackupStatus":
        """Return this with a try of now that failed."""
        return replace(self, tried_at=_iso(datetime.now(UTC)), problem=problem)

    def verified(self, file: str) -> "BackupStatus":
        """Return this with an archive that was restored on trial."""
        return replace(self, verified_at=_iso(datetime.now(UTC)), verified_file=file)

    @property
    def last_try(self) -> datetime | None:
        """When it was tried, well or not."""
        return _timestamp(self.tried_at)

    @property
    def last_good(self) -> datetime | None:
        """When a backup was good."""
        return _timestamp(self.good_at)

    def sentence(self) -> str:
        """Return it for people."""
        if not self.good_at:
            return "no backup was made yet"
        verified = " and tried by a restore" if self.verified_file == self.file else ""
        return f"{self.good_at}, {self.file} ({self.size / 2**20:.1f} MiB){verified}"


def checked_time(text: str) -> str:
    """Return a time of day as HH:MM. Raises StackError."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise StackError(f"{text} is no time of day.", "Give such as 03:00, or off.")
    return f"{int(match[1]):02}:{match[2]}"


def checked_keep(text: str) -> tuple[int, int, int]:
    """Return how many of each day, week and month are kept. Raises StackError."""
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() for part in parts) or not int(parts[0]):
        raise StackError(f"{text} does not say what is kept.", "Give days, weeks, months: 7,4,6; at least one day.")
    daily, weekly, monthly = (int(part) for part in parts)
    return daily, weekly, monthly


def new_name(now: datetime, *, encrypted: bool) -> str:
    """Return what an archive of now is called."""
    return f"notechondria-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar{'.age' if encrypted else ''}"


def archives(names: Iterable[str]) -> list[str]:
    """Return the names that are archives of a schedule, newest first; others in the folder are not ours."""
    return sorted((name for name in names if _NAME.fullmatch(name)), reverse=True)


def outdated(names: Iterable[str], keep: tuple[int, int, int]) -> list[str]:
    """Return the archives that are kept neither for their day nor for their week or month.

    The newest of a day, of a week (from Monday) and of a month stands for it.
    """
    ordered = archives(names)
    kept: set[str] = set()
    for count, form in zip(keep, ("%Y%m%d", "%G%V", "%Y%m"), strict=True):
        newest: dict[str, str] = {}
        for name in ordered:
            match = _NAME.fullmatch(name)
            at = datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if match else datetime.now(UTC)
            newest.setdefault(at.strftime(form), name)
        kept.update(list(newest.values())[:count])
    return [name for name in ordered if name not in kept]


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _timestamp(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _replace(path: Path, content: object) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(content, indent=2), encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(path)
