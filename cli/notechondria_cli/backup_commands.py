"""``notechondria backup`` (once, daily, tried by a restore) and ``notechondria restore``."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from notechondria_cli import backup, backup_trial
from notechondria_cli.backup_encryption import recipient_of
from notechondria_cli.backup_schedule import (
    DEFAULT_KEEP,
    BackupStatus,
    Schedule,
    archives,
    checked_keep,
    checked_time,
    new_name,
    outdated,
)
from notechondria_cli.backup_target import target_of
from notechondria_cli.control import running_state
from notechondria_cli.credentials import Credentials
from notechondria_cli.database import idle_database, with_user
from notechondria_cli.display import say
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.names import DATABASE, SUPERUSER
from notechondria_cli.operator_env import operator_environment
from notechondria_cli.options import Data, Json
from notechondria_cli.state import AlreadyRunningError, Lock
from notechondria_shared.core.provision import provision

_KEY_FILE = typer.Option("--age-key-file", help="Private key of age or ssh, for an encrypted archive.")
KeyFile = Annotated[Path | None, _KEY_FILE]
_OFF = "off"


def register(app: typer.Typer) -> None:
    """Add the commands to the ``notechondria`` command."""
    app.command("backup")(write)
    app.command("restore")(read)


def media_environment(layout: Layout, env: Mapping[str, str], database_url: str) -> dict[str, str]:
    """Return the environment that names the store of uploads."""
    own = {"MEDIA_STORE_URL": layout.media.as_uri()}
    if env.get("DJANGO_PRODUCTION_MEDIA_ROOT"):
        del own["MEDIA_STORE_URL"]
    return {**own, **env, "DATABASE_URL": database_url}


def _progress(console: Console) -> backup.Progress:
    def report(what: str, files: int) -> None:
        if console.is_terminal and (files % 50 == 0 or what == "database"):
            console.print(f"  {what}, {files} files    ", end="\r", highlight=False)

    return report


def write(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE|now|list|verify [FILE]", help="Where it goes, or what to do.", show_default=False),
    ] = None,
    data: Data = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", metavar="HH:MM|off", help="Make one every day at this time, or none.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="Folder or s3://bucket/prefix of the schedule.")] = None,
    keep: Annotated[str | None, typer.Option("--keep", metavar="D,W,M", help="Days, weeks, months: 7,4,6.")] = None,
    age: Annotated[
        str | None, typer.Option("--age", metavar="PUBLIC_KEY", help="Encrypt for this key of age (age1...) or ssh.")
    ] = None,
    key_file: KeyFile = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write database, files and version of the running system into one archive; it goes on working meanwhile.

    FILE is written now. --schedule makes one every day, kept by --keep; `now` makes one for the schedule at once,
    `list` shows what is there, `verify` restores the newest (or FILE) into a scratch folder and counts what came back.
    """
    env = operator_environment()
    layout = Layout.of(data, env)
    words = what or []
    if schedule is not None:
        _require(not words, "--schedule takes no FILE.")
        _set_schedule(layout, schedule, to, keep, age)
    elif words[:1] == ["now"]:
        _make_scheduled(layout, env, as_json=as_json)
    elif words[:1] == ["list"]:
        _list(layout, as_json=as_json)
    elif words[:1] == ["verify"]:
        _verify(layout, env, words[1] if len(words) > 1 else None, key_file, as_json=as_json)
    else:
        _require(len(words) == 1, "Say where the archive goes: notechondria backup FILE.")
        target = Path(words[0]).absolute()
        manifest = _back_up(layout, env, target, age or "", overwrite=force)
        BackupStatus.read(layout).good(str(target), target.stat().st_size).write(layout)
        _show(manifest, f"{words[0]} holds everything of {manifest.made_at}", as_json=as_json)


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise StackError(sentence, "See: notechondria backup --help.")


def _back_up(
    layout: Layout, env: Mapping[str, str], target: Path, recipient: str, *, overwrite: bool
) -> backup.Manifest:
    if recipient:
        recipient_of(recipient)  # before anything is read
    database_url = env.get("DATABASE_URL")
    if not database_url:
        ports = running_state(layout).ports
        password = Credentials.load_or_create(layout.credentials).superuser
        database_url = with_user(f"postgresql://x@127.0.0.1:{ports['postgres']}/{DATABASE}", SUPERUSER, password)
    media = backup.media_store(media_environment(layout, env, database_url))
    progress = _progress(Console(stderr=True))
    return backup.write(target, database_url, media, progress, recipient=recipient, overwrite=overwrite)


def _set_schedule(layout: Layout, at: str, to: str | None, keep: str | None, age: str | None) -> None:
    console = Console()
    if at.strip().lower() == _OFF:
        layout.backup_schedule.unlink(missing_ok=True)
        say(console, "No backup is made by itself any more; what was made stays.")
        return
    before = Schedule.read(layout)
    recipient = age if age is not None else before.recipient if before else ""
    if recipient:
        recipient_of(recipient)
    chosen = Schedule(
        at=checked_time(at),
        to=to or (before.to if before else str(layout.backups)),
        keep=checked_keep(keep) if keep else before.keep if before else DEFAULT_KEEP,
        recipient=recipient,
        since=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    layout.create()
    there = len(archives(target_of(chosen.to).names()))  # it can be reached
    chosen.write(layout)
    daily, weekly, monthly = chosen.keep
    encrypted = "encrypted" if chosen.recipient else "not encrypted"
    say(
        console,
        escape(f"Every day at {chosen.at}, this machine's clock, to {chosen.to}: {encrypted}, {there} there."),
    )
    say(console, f"Kept: {daily} days, {weekly} weeks, {monthly} months. A running stack makes them; one at once: "
        "notechondria backup now")  # fmt: skip


def _make_scheduled(layout: Layout, env: Mapping[str, str], *, as_json: bool) -> None:
    """Make an archive as the schedule says, and remove what is kept no longer. How it went is written down."""
    schedule = _schedule(layout)
    status = BackupStatus.read(layout)
    try:
        with Lock(layout.run / "backup.lock"):
            manifest, address, size = _to_target(layout, env, schedule)
    except AlreadyRunningError:
        raise StackError("A backup is being made already.", "Wait until it is done.") from None
    except StackError as error:
        status.failed(error.sentence).write(layout)
        raise
    status.good(address, size).write(layout)
    _show(manifest, f"{address} holds everything of {manifest.made_at}", as_json=as_json)


def _to_target(layout: Layout, env: Mapping[str, str], schedule: Schedule) -> tuple[backup.Manifest, str, int]:
    target = target_of(schedule.to)
    name = new_name(datetime.now(UTC), encrypted=bool(schedule.recipient))
    layout.backups.mkdir(mode=0o700, exist_ok=True)
    local = (target.folder or layout.backups) / f".{name}"
    try:
        manifest = _back_up(layout, env, local, schedule.recipient, overwrite=True)
        size = local.stat().st_size
        target.put(local, name)
    finally:
        local.unlink(missing_ok=True)
    for old in outdated(target.names(), schedule.keep):
        target.remove(old)
    return manifest, target.address(name), size


def _schedule(layout: Layout) -> Schedule:
    schedule = Schedule.read(layout)
    if schedule is None:
        raise StackError("No schedule is set.", "Set one: notechondria backup --schedule 03:00 --to FOLDER.")
    return schedule


def _list(layout: Layout, *, as_json: bool) -> None:
    schedule, status = _schedule(layout), BackupStatus.read(layout)
    target = target_of(schedule.to)
    there = [target.address(name) for name in archives(target.names())]
    if as_json:
        report = {"schedule": asdict(schedule), "status": asdict(status), "archives": there}
        print(json.dumps(report, indent=2))  # noqa: T201 - the command's output
        return
    for address in there:
        say(Console(), escape(address))
    say(Console(), escape(f"Daily at {schedule.at}. The last good one: {status.sentence()}."))
    if status.problem:
        say(Console(), escape(f"The last try, {status.tried_at}, failed: {status.problem}"))


def _verify(layout: Layout, env: Mapping[str, str], file: str | None, key_file: Path | None, *, as_json: bool) -> None:
    """Restore an archive into a scratch folder, count, and write down that it was good."""
    with backup_trial.scratch() as folder:
        if file is not None:
            source, address = Path(file).absolute(), file
        else:
            target = target_of(_schedule(layout).to)
            names = archives(target.names())
            if not names:
                raise StackError("There is no backup to try.", "Make one: notechondria backup now.")
            source, address = folder / names[0], target.address(names[0])
            target.fetch(names[0], source)
        with backup.readable(source, key_file) as archive:
            result = backup_trial.restore_on_trial(archive, folder, env, _progress(Console(stderr=True)))
    BackupStatus.read(layout).verified(address).write(layout)
    if as_json:
        print(json.dumps(asdict(result), indent=2))  # noqa: T201 - the command's output
        return
    say(Console(), escape(f"{address} is good: restored on trial, of {result.made_at} (version {result.version}):"))
    say(Console(), f"{result.accounts} accounts, {result.notes} notes, {result.files} of {result.files} files.")


def read(
    file: Annotated[Path, typer.Argument(help="An archive that `backup` wrote.", exists=True, dir_okay=False)],
    data: Data = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Fill an empty system that is not running from an archive; start it afterwards."""
    env = operator_environment()
    layout = Layout.of(data, env)
    with backup.readable(file, key_file) as archive:
        backup.manifest_of(archive)  # before anything is made
        console = Console(stderr=True)
        database = idle_database(layout, env)
        try:
            url = database.admin_database_url
            media = backup.media_store(media_environment(layout, env, url))
            manifest = backup.read(archive, url, media, _progress(console))
            # What the archive brought along belongs to the roles, and nobody else may look.
            provision(url, database.role_passwords)
        finally:
            database.stop()
    _show(manifest, f"Restored what was there at {manifest.made_at}. Start it: notechondria up", as_json=as_json)


def _show(manifest: backup.Manifest, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(manifest), indent=2))  # noqa: T201 - the command's output
        return
    size = manifest.database_bytes / 2**20
    say(Console(), escape(f"{sentence} (version {manifest.version}, database {size:.1f} MiB, {manifest.files} files)."))
