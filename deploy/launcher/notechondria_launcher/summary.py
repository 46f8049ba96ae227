"""What ``up`` prints at the end: where everything is, how to sign in, how to stop."""

import io
from collections.abc import Mapping

from rich.markup import escape

from notechondria_cli.build import Build, build_here
from notechondria_cli.credentials import Credentials
from notechondria_cli.doctor.settings import is_public
from notechondria_cli.gateway_settings import NO_TLS, NO_TLS_ADVICE, is_open_without_tls
from notechondria_cli.layout import Layout, default_data_folder, shown
from notechondria_cli.names import SINGLE_PROCESS
from notechondria_cli.own_hosts import own_hosts, web_addresses
from notechondria_cli.state import StackState
from notechondria_launcher.services import admin_account
from notechondria_shared.core.web_addresses import urlsplit


def command(verb: str, layout: Layout, env: Mapping[str, str]) -> str:
    """Return the command a person types for this data folder."""
    if layout.data == default_data_folder(env):
        return f"make {verb}"
    return f"notechondria {verb} --data {shown(layout.data)}"


def summary(layout: Layout, state: StackState, env: Mapping[str, str], *, detached: bool, qr_code: bool = False) -> str:
    """Return the closing text of a start, with rich markup; with a QR code of the first address for other machines."""
    admin = admin_account(env, Credentials.load_or_create(layout.credentials))
    password = (
        "the password in DJANGO_SUPERUSER_PASSWORD"
        if env.get("DJANGO_SUPERUSER_PASSWORD")
        else f"[bold]{escape(admin['DJANGO_SUPERUSER_PASSWORD'])}[/bold]"
    )
    writer = SINGLE_PROCESS if SINGLE_PROCESS in state.parts else "identity"
    mail = (
        f"sent through {escape(env['SMTP_HOST'])}"
        if env.get("SMTP_HOST")
        else "no SMTP_HOST is set: notechondria code USER"
        if is_public({"PUBLIC_BASE_URL": state.public_url})
        else f"no SMTP_HOST is set: they appear in {escape(shown(layout.log(writer)))}"
    )
    down = command("down", layout, env)
    rows = [
        ("Gateway", f"[bold cyan]{state.public_url}[/bold cyan]"),
        ("Account", f"{state.public_url}/account/"),
        ("Administration", f"{state.public_url}/admin/"),
        ("Documentation", f"{state.public_url}/api/v1/docs/"),
        ("Agents (MCP)", f"{state.public_url}/mcp"),
        ("Handshake", f"{state.public_url}/api/v1/handshake/"),
        ("Admin sign-in", f"[bold]{escape(admin['DJANGO_SUPERUSER_USERNAME'])}[/bold] / {password}"),
        ("Mail codes", mail),
        ("Data", escape(shown(layout.data))),
        ("Logs", f"{escape(shown(layout.logs))} (to watch the requests: {command('logs', layout, env)})"),
        ("To stop", down if detached else f"Ctrl-C, or {down} from elsewhere"),
    ]
    addresses = web_addresses(own_hosts(state.host), urlsplit(state.url).port or 80)
    rows[1:1] = [("Elsewhere" if not number else "", address) for number, address in enumerate(addresses)]
    lines = ["", "[bold green]Notechondria is ready.[/bold green]", "", *(_row(*row) for row in rows), ""]
    if addresses and qr_code:
        lines += [f"For a telephone, {addresses[0]}:", "", drawn(addresses[0]), ""]
    if is_open_without_tls(state.host, env):
        lines += [f"[bold yellow]Open to the network without TLS.[/bold yellow] {NO_TLS}", NO_TLS_ADVICE, ""]
    return "\n".join(lines)


def drawn(address: str) -> str:
    """Return a QR code for a terminal, whatever its colours."""
    import segno  # noqa: PLC0415 - the launcher stays for as long as the stack, and draws one at most

    out = io.StringIO()
    segno.make(address, micro=False, error="l").terminal(out, border=2, compact=True)
    return escape(out.getvalue().rstrip("\n"))


def already_running(layout: Layout, state: StackState | None, env: Mapping[str, str]) -> str:
    """Return what a second ``up`` on the same data folder says."""
    where = escape(shown(layout.data))
    if state is None or not state.ready:
        return f"Notechondria is starting or stopping on {where} at this moment. See: {command('status', layout, env)}"
    running, here = Build(state.version or "an earlier version", state.commit), build_here(env)
    old = f"It is {running}, the files here are {here}. To go over to them: {command('upgrade', layout, env)}"
    return "\n".join([
        f"Notechondria is already running on {where}: [bold cyan]{state.public_url}[/bold cyan]",
        *([f"[bold yellow]{old}[/bold yellow]"] if running != here else []),
        f"To stop it: {command('down', layout, env)}",
    ])  # fmt: skip


def _row(name: str, value: str) -> str:
    return f"  {name:<14} {value}"
