"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

from notechondria_cli.hints import choose

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", callback=choose, help="Data folder (default: $NOTECHONDRIA_DATA, else .data in the checkout)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
