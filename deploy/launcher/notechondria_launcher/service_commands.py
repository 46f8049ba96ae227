"""``notechondria service``: the stack as a unit of systemd, of the machine or of one user, written and said."""

import getpass
import grp
import json
import os
import pwd
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from notechondria_cli.display import say
from notechondria_cli.errors import StackError
from notechondria_cli.layout import PROJECT, Layout
from notechondria_cli.operator_env import gateway_port, operator_environment
from notechondria_cli.options import Data, Json
from notechondria_cli.state import UNIT, Lock
from notechondria_launcher.systemd import Unit, systemctl

app = typer.Typer(help="Keep it running by systemd: install, remove, status.", no_args_is_help=True)
_SYSTEM_FOLDER = Path("/etc/systemd/system")
_NOT_INSTALLED = 3
_OwnUnit = Annotated[bool, typer.Option("--user", help="Your own user's unit; without it one of the machine (root).")]
_UnitName = Annotated[str, typer.Option("--name", help="What the unit is called.")]
_LOW_PORT = 1024


def unit_file(scope: str, name: str) -> Path:
    """Return where a unit's file lies."""
    if scope == "system":
        return Path(os.environ.get("NOTECHONDRIA_SYSTEMD_FOLDER") or _SYSTEM_FOLDER) / f"{name}.service"
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "systemd" / "user" / f"{name}.service"


def unit_text(scope: str, name: str, layout: Layout, user: str, host: str, port: int) -> str:
    """Return the unit. The launcher alone is asked to stop: it stops its parts in order."""
    program = Path(sys.executable).with_name("notechondria")
    call = f"{_quoted(str(program))} up --host {host} --port {port}"
    system = scope == "system"
    lines = [
        "# Written by: notechondria service install",
        "[Unit]",
        "Description=Notechondria",
        *(["After=network-online.target", "Wants=network-online.target"] if system else []),
        "",
        "[Service]",
        "Type=exec",
        *([f"User={user}", f"Group={grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name}"] if system else []),
        f"Environment={_quoted(f'NOTECHONDRIA_DATA={layout.data}')}",
        f"Environment={_quoted(f'{UNIT}={scope} {name}.service')}",
        f"WorkingDirectory={PROJECT}",
        f"ExecStart={call}",
        "KillMode=mixed",
        "TimeoutStopSec=90",
        "Restart=on-failure",
        "RestartSec=5",
        "UMask=0077",
        *(["AmbientCapabilities=CAP_NET_BIND_SERVICE"] if system else []),
        *(["ProtectSystem=full", "PrivateTmp=yes", "NoNewPrivileges=yes"] if system else []),
        "",
        "[Install]",
        f"WantedBy={'multi-user' if system else 'default'}.target",
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return a word for a unit's line: systemd reads quotes, and % as the start of a specifier."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if any(sign in text for sign in " \t\"'\\") else escaped


@app.command()
def install(
    data: Data = None,
    own: _OwnUnit = False,
    account: Annotated[str, typer.Option("--as", metavar="USER", help="Whom it runs as (unit of the machine).")] = "",
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port of the gateway.", min=1, max=65535)] = None,
    name: _UnitName = "notechondria",
    show: Annotated[bool, typer.Option("--print", help="Print the unit and change nothing.")] = False,
) -> None:
    """Write a unit, have systemd start it now and after each boot, and say what was done. Repeatable."""
    env, console = operator_environment(), Console()
    layout, scope = Layout.of(data, env), "user" if own else "system"
    port = port or gateway_port(env)
    user = getpass.getuser() if own else _runs_as(account, layout)
    text = unit_text(scope, name, layout, user, host, port)
    if show:
        print(text, end="")  # noqa: T201 - the command's output
        return
    if own and port < _LOW_PORT:
        raise StackError(f"Port {port} may only be opened by root.", "Give one above 1023, or leave --user out.")
    if not own and os.geteuid() != 0:
        raise StackError("A unit of the machine is installed by root.", "Use sudo, or add --user for your own.")
    unit = Unit(scope, f"{name}.service")
    if unit.call("is-active", check=False) != "active" and Lock(layout.lock).is_taken():
        raise StackError(f"Notechondria is running on {layout.data}.", "Stop it first: notechondria down.")
    if not own:
        _check_access(user, layout)
    file = unit_file(scope, name)
    _write(file, text)
    say(console, f"  written: {escape(str(file))}")
    systemctl(scope, "daemon-reload")
    if own:
        _linger(user, console)
    unit.call("enable", check=True)
    unit.call("restart")
    unit.wait_ready(layout)
    say(
        console,
        f"  enabled and started: it runs as {user}, on {escape(str(layout.data))}, port {port}, after a boot too",
    )
    say(console, f"  its own lines: {_journal(scope, name)}; settings: {escape(str(PROJECT / '.env'))}")
    say(console, "  to take it away: notechondria service remove" + (" --user" if own else "") + "; the data stays")


@app.command()
def remove(own: _OwnUnit = False, name: _UnitName = "notechondria") -> None:
    """Stop the unit, take it away and say so; the data stays."""
    console, scope = Console(), "user" if own else "system"
    file = unit_file(scope, name)
    if not file.is_file():
        raise StackError(f"There is no {file}.", "See: notechondria service status, also with --user.")
    systemctl(scope, "disable", "--now", f"{name}.service")
    try:
        file.unlink()
    except OSError as error:
        raise StackError(f"{file} cannot be removed ({error.strerror}).", "Use sudo.") from error
    systemctl(scope, "daemon-reload")
    say(console, f"Stopped and removed: {escape(str(file))}. The data stays.")


@app.command()
def status(own: _OwnUnit = False, name: _UnitName = "notechondria", as_json: Json = False) -> None:
    """Say whether the unit is there, starts at boot and runs. Exit code 3 when there is none."""
    scope = "user" if own else "system"
    file = unit_file(scope, name)
    unit = Unit(scope, f"{name}.service")
    report = {"unit": f"{name}.service", "scope": scope, "file": str(file), "installed": file.is_file()}
    if file.is_file():
        report |= {"boot": unit.call("is-enabled", check=False), "state": unit.call("is-active", check=False)}
    if as_json:
        print(json.dumps(report, indent=2))  # noqa: T201 - the command's output
    elif file.is_file():
        say(Console(), f"{escape(str(file))}: {report['boot']}, {report['state']}. Its lines: {_journal(scope, name)}")
    else:
        say(Console(), f"There is no {escape(str(file))}. To make it: notechondria service install.")
    if not file.is_file():
        raise typer.Exit(_NOT_INSTALLED)


def _runs_as(account: str, layout: Layout) -> str:
    """Return whom a unit of the machine runs as: who is named, else the owner of the data, never root by chance."""
    if not account:
        owner = layout.data.stat().st_uid if layout.data.exists() else 0
        account = pwd.getpwuid(owner).pw_name if owner else "notechondria"
    try:
        pwd.getpwnam(account)
    except KeyError:
        raise StackError(
            f"There is no user {account!r} on this machine.",
            f"Make one: useradd --system --create-home --home-dir /var/lib/{account} {account}; or name one with --as.",
        ) from None
    return account


def _check_access(user: str, layout: Layout) -> None:
    """See, as the user, that the program and the settings can be read and the data be written."""
    entry = pwd.getpwnam(user)
    if not layout.data.exists():
        layout.data.mkdir(parents=True)
        os.chown(layout.data, entry.pw_uid, entry.pw_gid)
    tests = [
        ("-x", Path(sys.executable).with_name("notechondria"), f"Let {user} read {PROJECT}"),
        ("-w", layout.data, f"chown -R {user}: {layout.data}"),
    ]
    if (PROJECT / ".env").exists():
        tests.append(
            ("-r", PROJECT / ".env", f"chown :{_group(entry)} {PROJECT / '.env'} && chmod 640 {PROJECT / '.env'}")
        )
    for flag, path, remedy in tests:
        done = subprocess.run(  # noqa: S603 - our own command line
            ["/bin/sh", "-c", f"test {flag} {shlex.quote(str(path))}"],
            user=entry.pw_uid, group=entry.pw_gid, extra_groups=os.getgrouplist(user, entry.pw_gid), check=False,
        )  # fmt: skip
        if done.returncode:
            right = {"-x": "run", "-w": "write", "-r": "read"}[flag]
            raise StackError(f"{user} cannot {right} {path}.", f"{remedy}.")


def _group(entry: pwd.struct_passwd) -> str:
    return grp.getgrgid(entry.pw_gid).gr_name


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o644)
        draft.replace(file)
    except OSError as error:
        raise StackError(f"{file} cannot be written ({error.strerror}).", "Use sudo, or add --user.") from error


def _linger(user: str, console: Console) -> None:
    """Have systemd keep the user's units running while nobody is signed in."""
    program = shutil.which("loginctl")
    done = program and subprocess.run(  # noqa: S603 - our own command line
        [program, "enable-linger", user], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    if done and done.returncode == 0:
        say(console, f"  lingering: it goes on when {user} signs out")
    else:
        say(console, f"  [yellow]it ends when {user} signs out[/yellow]: sudo loginctl enable-linger {user}")


def _journal(scope: str, name: str) -> str:
    return f"journalctl{' --user' if scope == 'user' else ''} -u {name}"
