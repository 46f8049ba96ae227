"""``notechondria top``: the traffic of each route, live, from the gateway's access log."""

import json
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from notechondria_cli import access_log
from notechondria_cli.display import for_tables
from notechondria_cli.layout import Layout
from notechondria_cli.log_view import follow, tail
from notechondria_cli.operator_env import operator_environment
from notechondria_cli.options import Data
from notechondria_cli.traffic import RouteTraffic, Traffic
from notechondria_shared.core.access_line import CRITICAL_MS, WARN_MS

_HISTORY_LINES = 50_000
_REFRESH_SECONDS = 1.0


def top(
    data: Data = None,
    seconds: Annotated[float, typer.Option(help="How far back a figure looks.", min=1, max=86_400)] = 60,
    rows: Annotated[int, typer.Option("--rows", "-n", help="How many routes.", min=1)] = 30,
    once: Annotated[bool, typer.Option("--once", help="Print one table and end.")] = False,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the gateway's JSON log from standard input.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and end.")] = False,
) -> None:
    """Show rate, errors and times per route; Ctrl-C ends it. Without a terminal: one table.

    Also for what runs elsewhere: docker compose logs --no-log-prefix gateway | notechondria top --stdin
    """
    traffic = Traffic(seconds)
    path = Layout.of(data, operator_environment()).access_log
    if as_json or once or not sys.stdout.isatty():
        lines = sys.stdin if stdin else tail(path, _HISTORY_LINES)[0]
        traffic.add(request for line in lines if (request := access_log.parse(line)))
        rows_shown = traffic.rows(datetime.now(UTC))[:rows]
        if as_json:
            print(json.dumps([asdict(row) for row in rows_shown], indent=2))  # noqa: T201 - the command's output
        else:
            for_tables().print(_table(rows_shown, seconds))
        return
    _live(traffic, sys.stdin if stdin else _all_lines(path), seconds, rows)


def _all_lines(path: Path) -> Iterator[str]:
    lines, offset = tail(path, _HISTORY_LINES)
    yield from lines
    yield from follow(path, offset)


def _live(traffic: Traffic, lines: Iterable[str], seconds: float, rows: int) -> None:
    waiting: SimpleQueue[access_log.Request] = SimpleQueue()

    def read() -> None:
        for line in lines:
            if request := access_log.parse(line):
                waiting.put(request)

    # The log may be silent for long; the figures must age all the same.
    threading.Thread(target=read, name="access log", daemon=True).start()
    with Live(_table([], seconds), console=Console(), screen=True, auto_refresh=False) as live:
        try:
            while True:
                traffic.add(_drained(waiting))
                live.update(_table(traffic.rows(datetime.now(UTC))[:rows], seconds), refresh=True)
                time.sleep(_REFRESH_SECONDS)
        except KeyboardInterrupt:
            return


def _drained(waiting: "SimpleQueue[access_log.Request]") -> Iterator[access_log.Request]:
    while True:
        try:
            yield waiting.get_nowait()
        except Empty:
            return


def _table(rows_shown: list[RouteTraffic], seconds: float) -> Table:
    table = Table(box=None, caption=f"the last {seconds:g} s; times in ms", caption_justify="left")
    for name in ("service", "method", "route"):
        table.add_column(name, overflow="fold")
    for name in ("requests/s", "5xx", "4xx", "p50", "p95", "p99"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows_shown:
        slow = "red" if row.p95 >= CRITICAL_MS else "yellow" if row.p95 >= WARN_MS else "cyan"
        errors = f"[red]{row.errors:.1%}[/red]" if row.errors else "0%"
        table.add_row(
            escape(row.service),
            escape(row.method),
            escape("".join(sign if sign.isprintable() else "?" for sign in row.route)),
            f"{row.rate:.1f}",
            errors,
            f"{row.refused:.1%}" if row.refused else "0%",
            f"{row.p50:.1f}",
            f"[{slow}]{row.p95:.1f}[/{slow}]",
            f"{row.p99:.1f}",
        )
    return table
