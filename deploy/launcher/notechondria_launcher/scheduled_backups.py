"""Backups that a running stack makes by itself: `notechondria backup now`, as a process of its own, once a day."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from notechondria_cli.backup_schedule import BackupStatus, Schedule
from notechondria_cli.layout import Layout
from notechondria_launcher.process import guarded


class ScheduledBackups:
    """Looks whether a backup is due, and has it made; one at a time."""

    def __init__(self, layout: Layout, env: Mapping[str, str], note: Callable[[str], None]) -> None:
        self._layout = layout
        self._env = env
        self._note = note
        self._process: subprocess.Popen[bytes] | None = None
        self._tried: datetime | None = None

    def look(self) -> None:
        """Start what is due, and say how it ended; called again and again."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._process = None
            status = BackupStatus.read(self._layout)
            self._note("A backup was made." if code == 0 else f"The backup failed: {status.problem or f'code {code}'}")
        schedule = Schedule.read(self._layout)
        if schedule is None:
            return
        now = datetime.now(UTC)
        tries = [one for one in (self._tried, BackupStatus.read(self._layout).last_try) if one is not None]
        if schedule.is_due(now, max(tries, default=None)):
            self._tried = now
            self._start()

    def stop(self) -> None:
        """End a backup under way: what it has written so far is removed by it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        self._process = None

    def _start(self) -> None:
        command = [sys.executable, "-m", "notechondria_launcher", "backup", "now", "--data", str(self._layout.data)]
        try:
            with self._layout.log("backup").open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 - our own command line
                    guarded(command), env=dict(self._env), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
        except OSError as error:
            self._note(f"The backup cannot be started: {error.strerror}.")
