"""``notechondria backup FILE`` and ``notechondria restore FILE``."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from notechondria_cli import backup
from notechondria_cli.control import running_state
from notechondria_cli.credentials import Credentials
from notechondria_cli.database import idle_database, with_user
from notechondria_cli.display import say
from notechondria_cli.layout import Layout
from notechondria_cli.names import DATABASE, SUPERUSER
from notechondria_cli.operator_env import operator_environment
from notechondria_cli.options import Data, Json
from notechondria_shared.core.provision import provision


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


def _teller(console: Console) -> backup.Progress:
    def report(what: str, files: int) -> None:
        if console.is_terminal and (files % 50 == 0 or what == "database"):
            console.print(f"  {what}, {files} files    ", end="\r", highlight=False)

    return report


def write(
    file: Annotated[Path, typer.Argument(help="Where to write the archive.", dir_okay=False)],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write database, files and version of the running system into one archive; it goes on working meanwhile."""
    env = operator_environment()
    layout = Layout.of(data, env)
    database_url = env.get("DATABASE_URL")
    if not database_url:
        ports = running_state(layout).ports
        password = Credentials.load_or_create(layout.credentials).superuser
        database_url = with_user(f"postgresql://x@127.0.0.1:{ports['postgres']}/{DATABASE}", SUPERUSER, password)
    media = backup.media_store(media_environment(layout, env, database_url))
    manifest = backup.write(file.absolute(), database_url, media, _teller(Console(stderr=True)))
    _show(manifest, f"{file} holds everything of {manifest.made_at}", as_json=as_json)


def read(
    file: Annotated[Path, typer.Argument(help="An archive that `backup` wrote.", exists=True, dir_okay=False)],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Fill an empty system that is not running from an archive; start it afterwards."""
    env = operator_environment()
    layout = Layout.of(data, env)
    backup.manifest_of(file)  # before anything is made
    console = Console(stderr=True)
    database = idle_database(layout, env)
    try:
        url = database.admin_database_url
        media = backup.media_store(media_environment(layout, env, url))
        manifest = backup.read(file, url, media, _teller(console))
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
