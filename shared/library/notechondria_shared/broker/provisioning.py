"""Makes and mends what the services need on the bus, with the bus's administrator (ADR 0030).

`python -m notechondria_shared.broker.provisioning [--json] [--wait SECONDS]` does it once, for a job, with
`ADMIN_NATS_URL` and `NATS_REPLICAS`.
"""

from __future__ import annotations

if __name__ == "__main__":
    import notechondria_shared.core.optional_libraries  # noqa: F401 - half of this program's start would be one of them

# isort: split
import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Literal

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import APIError
from pydantic import BaseModel, computed_field

from notechondria_contracts.services import SERVICES_WITH_SCHEMA
from notechondria_shared.broker.connection import Connection
from notechondria_shared.broker.topology import (
    NO_STREAM,
    Part,
    Settings,
    ask,
    differing,
    parts,
    present,
    stream_name,
)

logger = logging.getLogger("notechondria.provisioning")
CONNECT_SECONDS = 2
WAIT_SECONDS = 60.0
"""For a broker that is starting, or choosing its leaders."""
AGAIN_SECONDS = 0.5
_UPDATE = "update"
_INBOX = "_INBOX."


class Change(BaseModel):
    """What was done to a part of the bus, or could not be."""

    part: str
    action: Literal["made", "put back", "removed", "differs", "missing", "failed"]
    settings: list[str] = []
    """Names of the settings that differed."""
    error: str = ""

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents it
    @property
    def sentence(self) -> str:
        """As people read it."""
        names = f" ({', '.join(self.settings)})" if self.settings else ""
        return f"{self.part}: {self.action}{names}{f': {self.error}' if self.error else ''}"

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents it
    @property
    def is_wrong(self) -> bool:
        """It is still not as it should be."""
        return self.action in ("differs", "missing", "failed")


async def provision(client: Client, replicas: int, *, change: bool = True) -> list[Change]:
    """Make what is missing and put back what differs; with `change` False only say so. Nothing to say: all is well.

    Idempotent. Raises a NATS error or a time-out when the broker does not answer; what it refuses is a `Change`.
    """
    done = []
    for part in parts(replicas):
        there = await present(client, part)
        names = [] if there is None else differing(there, part.settings)
        if there is not None and not names:
            continue
        if not change:
            done.append(Change(part=part.title, action="missing" if there is None else "differs", settings=names))
            continue
        done.append(await _mend(client, part, there, names))
    return [*done, *await _remove_foreign_pushes(client, change=change)]


async def _mend(client: Client, part: Part, there: Settings | None, names: list[str]) -> Change:
    try:
        if there is None:
            await _make(client, part)
            return Change(part=part.title, action="made")
        await _put_back(client, part, there)
    except APIError as error:
        return Change(part=part.title, action="failed", settings=names, error=error.description or str(error))
    return Change(part=part.title, action="put back", settings=names)


async def _make(client: Client, part: Part) -> None:
    if part.consumer is None:
        await ask(client, f"STREAM.CREATE.{part.stream}", part.settings)
    else:
        await ask(client, f"CONSUMER.CREATE.{part.path}", {"stream_name": part.stream, "config": part.settings})


async def _put_back(client: Client, part: Part, there: Settings) -> None:
    if part.consumer is None:
        # Copies apart: a cluster with servers missing refuses them, and nothing else may stay wrong for that.
        copies = there.get("num_replicas", 1)
        if differing(there, {**part.settings, "num_replicas": copies}):
            await ask(client, f"STREAM.UPDATE.{part.stream}", {**part.settings, "num_replicas": copies})
        if copies != part.settings["num_replicas"]:
            await ask(client, f"STREAM.UPDATE.{part.stream}", part.settings)
        return
    body: Settings = {"stream_name": part.stream, "config": part.settings, "action": _UPDATE}
    try:
        await ask(client, f"CONSUMER.CREATE.{part.path}", body)
    except APIError:
        # A push consumer becomes no pull consumer. Made anew it gives every event again; inboxes know what they had.
        await ask(client, f"CONSUMER.DELETE.{part.path}")
        await _make(client, part)


async def _remove_foreign_pushes(client: Client, *, change: bool) -> list[Change]:
    """Consumers that push events to a subject of somebody else: no service has one, and it would publish for them.

    Those that push to an inbox are of people who look at a stream.
    """
    done = []
    for service in SERVICES_WITH_SCHEMA:
        stream = stream_name(service)
        for name, subject in await _pushes(client, stream):
            if subject.startswith(_INBOX):
                continue
            title = f"consumer {name} of {stream}"
            if not change:
                done.append(Change(part=title, action="differs", settings=["deliver_subject"]))
                continue
            try:
                await ask(client, f"CONSUMER.DELETE.{stream}.{name}")
            except APIError as error:
                done.append(Change(part=title, action="failed", error=error.description or str(error)))
            else:
                done.append(Change(part=title, action="removed", settings=["deliver_subject"]))
    return done


async def _pushes(client: Client, stream: str) -> list[tuple[str, str]]:
    """Name and subject of the consumers of a stream that push."""
    try:
        answer = await ask(client, f"CONSUMER.LIST.{stream}", {"offset": 0})
    except APIError as error:
        if error.err_code == NO_STREAM:
            return []
        raise
    listed = answer.get("consumers")
    pushes = []
    for one in listed if isinstance(listed, list) else ():
        config = one.get("config") if isinstance(one, dict) else None
        subject = config.get("deliver_subject") if isinstance(config, dict) else None
        if isinstance(one, dict) and subject:
            pushes.append((str(one["name"]), str(subject)))
    return pushes


@asynccontextmanager
async def administrator(url: str) -> AsyncIterator[Client]:
    """A connection of the administrator, closed at the end; raises a NATS error, OSError or a time-out."""
    client = Connection()

    async def quiet(_: Exception) -> None:
        """What goes wrong is raised where it is asked for."""

    try:
        await client.connect(
            [one.strip() for one in url.split(",")],
            name="provisioning",
            allow_reconnect=False,
            connect_timeout=CONNECT_SECONDS,
            error_cb=quiet,
        )
        yield client
    finally:
        await client.close()


async def provision_once(url: str, replicas: int, *, change: bool = True, wait: float = WAIT_SECONDS) -> list[Change]:
    """Connect and provision; tried again for `wait` seconds while the broker is not there, or refuses.

    What a broker refuses that is choosing its leaders, or waits for servers of its cluster, it takes later.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + wait
    done: list[Change] = []
    while True:
        try:
            async with administrator(url) as client:
                changes = await provision(client, replicas, change=change)
        except (NatsError, OSError, TimeoutError):
            if clock() >= deadline:
                raise
        else:
            done += (one for one in changes if not one.is_wrong)
            wrong = [one for one in changes if one.is_wrong]
            if not wrong or not change or clock() >= deadline:
                return [*done, *wrong]
        await asyncio.sleep(AGAIN_SECONDS)


def report(changes: Sequence[Change]) -> int:
    """Log what was done; the exit code: 1 when something is still not as it should be."""
    for one in changes:
        level = logging.ERROR if one.is_wrong else logging.INFO if one.action == "made" else logging.WARNING
        logger.log(level, "%s", one.sentence)
    if not changes:
        logger.info("streams, consumers and bucket are as they should be")
    return int(any(one.is_wrong for one in changes))


def main() -> int:
    """Provision once with the settings of the environment; the exit code, 2 when they are not complete."""
    url, replicas = os.environ.get("ADMIN_NATS_URL", ""), os.environ.get("NATS_REPLICAS") or "1"
    options = argparse.ArgumentParser(description="Provision the bus once.")
    options.add_argument("--json", action="store_true", help="print what was done")
    options.add_argument("--wait", type=float, default=WAIT_SECONDS, help="seconds for a bus that is not there yet")
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    if not url or not replicas.isdecimal():
        sys.stderr.write("Set ADMIN_NATS_URL (user admin of deploy/nats/nats.conf), and NATS_REPLICAS if not 1.\n")
        return 2
    try:
        changes = asyncio.run(provision_once(url, int(replicas), wait=chosen.wait))
    except (NatsError, OSError, TimeoutError) as error:
        logger.critical("the bus does not answer: %s", error or type(error).__name__)
        return 1
    if chosen.json:
        sys.stdout.write(json.dumps({"changes": [one.model_dump() for one in changes]}))
    return report(changes)


if __name__ == "__main__":
    raise SystemExit(main())
