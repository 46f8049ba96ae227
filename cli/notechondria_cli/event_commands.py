"""``notechondria events``: healing what the bus has lost, and looking after what a consumer gave up on."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from notechondria_cli.display import for_tables, say
from notechondria_cli.errors import StackError
from notechondria_cli.internal_call import InternalCall
from notechondria_cli.options import Data, Json

# The bus's client is a third of the time in which a command is loaded: those load it that are about events.
if TYPE_CHECKING:
    from notechondria_cli.event_admin import EventAdmin

app = typer.Typer(help="The events between the services.", no_args_is_help=True)
letters = typer.Typer(help="Events that a consumer gave up on.", no_args_is_help=True)
app.add_typer(letters, name="dead-letters")

_BRIEF = 120
Service = Annotated[str | None, typer.Option("--service", "-s", help="Only this service.")]


def _admin(data: Path | None) -> "EventAdmin":
    from notechondria_cli.event_admin import EventAdmin  # noqa: PLC0415 - see above

    return EventAdmin(InternalCall.to_running(data))


@app.command()
def replay(data: Data = None, service: Service = None, as_json: Json = False) -> None:
    """Publish all kept events (30 days) again. Consumers that have seen them do nothing; those that have not, heal."""
    marked = _admin(data).replay(service)
    if as_json:
        print(json.dumps({"marked": marked}))  # noqa: T201 - the command's output
        return
    for name, count in marked.items():
        say(Console(), f"{name}: {count} events are published again.")


@app.command()
def provision(
    data: Data = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing, only say what is not as it should be.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make streams, consumers and the bucket of the bus, and put back what is configured otherwise. Repeatable.

    As the bus's administrator: that of the running stack, or of ADMIN_NATS_URL. Exit code 1 when something is still
    not as it should be, or the bus does not answer.
    """
    from notechondria_cli.event_admin import provision_bus  # noqa: PLC0415 - see above

    changes = provision_bus(data, change=not check)
    if as_json:
        print(json.dumps({"changes": [one.model_dump() for one in changes]}, indent=2))  # noqa: T201 - the command's output
    for one in () if as_json else changes:
        say(Console(), escape(f"{one.sentence}."))
    if not changes and not as_json:
        say(Console(), "Streams, consumers and bucket are as they should be.")
    if any(one.is_wrong for one in changes):
        raise typer.Exit(1)


@letters.command("list")
def list_letters(data: Data = None, service: Service = None, as_json: Json = False) -> None:
    """List the dead letters of all services."""
    kept = _admin(data).dead_letters(service)
    if as_json:
        shown = [{"service": letter.consumer, **letter.model_dump(mode="json")} for letter in kept]
        print(json.dumps({"dead_letters": shown}, indent=2))  # noqa: T201 - the command's output
        return
    if not kept:
        say(Console(), "There are no dead letters.")
        return
    table = Table("service", "id", "subject", "attempts", "failed at", "replayed at", "error", box=None)
    for letter in kept:
        times = (letter.failed_at, letter.replayed_at or "")
        cells = (letter.consumer, str(letter.id), letter.subject, str(letter.attempts), *times, _brief(letter.error))
        table.add_row(*map(escape, cells))
    for_tables().print(table)
    say(Console(), "Whole errors: notechondria events dead-letters list --json.")


def _brief(error: str) -> str:
    """Return what fits a row: pydantic's errors have a line for each field, and quote what was sent."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    parts = [line.partition(" [type=")[0] for line in lines if not line.startswith("For further information")]
    text = " ".join(parts[:3])
    return f"{text[:_BRIEF]}…" if len(text) > _BRIEF or len(parts) > 3 else text


@letters.command("replay")
def replay_letters(
    identifier: Annotated[
        str | None, typer.Argument(metavar="ID", help="Id of one dead letter (with --service).")
    ] = None,
    data: Data = None,
    service: Service = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="All that have not been replayed.")] = False,
    as_json: Json = False,
) -> None:
    """Hand one dead letter, or all, to their consumers again. Exit code 1 when one fails again."""
    admin = _admin(data)
    outcomes = [
        (name, number, admin.replay_dead_letter(name, str(number)))
        for name, number in _chosen(admin, identifier, service, everything=all_of_them)
    ]
    if as_json:
        shown = [{"service": name, "id": number, **outcome.model_dump()} for name, number, outcome in outcomes]
        print(json.dumps({"replayed": shown}, indent=2))  # noqa: T201 - the command's output
    else:
        for name, number, outcome in outcomes:
            result = "replayed" if outcome.replayed else f"failed again: {outcome.error}"
            say(Console(), escape(f"{name} {number}: {result}"))
        if not outcomes:
            say(Console(), "There is nothing to replay.")
    if not all(outcome.replayed for _, _, outcome in outcomes):
        raise typer.Exit(1)


def _chosen(
    admin: "EventAdmin", identifier: str | None, service: str | None, *, everything: bool
) -> list[tuple[str, int | str]]:
    """Service and id of each dead letter that is meant."""
    if everything == (identifier is not None):
        raise StackError("Say which: one ID, or --all.", "See: notechondria events dead-letters list.")
    if everything:
        return [(one.consumer, one.id) for one in admin.dead_letters(service) if one.replayed_at is None]
    if service is None:
        raise StackError("Ids are counted per service.", f"Add --service, for example: --service notes {identifier}.")
    return [(service, str(identifier))]
