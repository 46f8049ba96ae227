"""The operators' side of the events: asking each service to replay, to list its dead letters, to try one again."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from nats.errors import Error as NatsError

from notechondria_cli.control import running_state
from notechondria_cli.credentials import Credentials
from notechondria_cli.errors import StackError
from notechondria_cli.internal_call import InternalCall
from notechondria_cli.layout import Layout
from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_cli.operator_env import nats_replicas, operator_environment
from notechondria_contracts.internal.dead_letters import DeadLetter, DeadLetters, MarkedUnsent, Replayed
from notechondria_shared.broker.provisioning import Change, provision_once

_BUS_SECONDS = 10.0


@dataclass(frozen=True)
class EventAdmin:
    """Commands over the events of all services."""

    call: InternalCall

    def replay(self, service: str | None = None) -> dict[str, int]:
        """Mark every kept event as unsent, so that the relay publishes it again; events by service."""
        marked = {}
        for name in _chosen(service):
            answer = self.call.ask(name, MarkedUnsent, "POST", "/internal/events/replay")
            if answer is not None:
                marked[name] = answer.marked
        return marked

    def dead_letters(self, service: str | None = None) -> list[DeadLetter]:
        """List the events that consumers gave up on, a service after the other."""
        pages = (
            self.call.ask(name, DeadLetters, "GET", "/internal/events/dead-letters?limit=200")
            for name in _chosen(service)
        )
        return [letter for page in pages if page for letter in page.results]

    def replay_dead_letter(self, service: str, identifier: str) -> Replayed:
        """Hand a dead letter to its consumer again; whether it went through, and else the error."""
        path = f"/internal/events/dead-letters/{quote(identifier, safe='')}/replay"
        answer = self.call.ask(service, Replayed, "POST", path)
        if answer is None:
            raise StackError(
                f"{service} has no dead letter {identifier}.", "See: notechondria events dead-letters list."
            )
        return answer


def provision_bus(data: Path | None, *, change: bool) -> list[Change]:
    """Make and put back what the services need on the bus; with `change` False only compare. Raises StackError."""
    env = operator_environment()
    url = env.get("ADMIN_NATS_URL") or env.get("NATS_URL") or _own_bus(Layout.of(data, env))
    try:
        return asyncio.run(provision_once(url, nats_replicas(env), change=change, wait=_BUS_SECONDS))
    except (NatsError, OSError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise StackError(
            f"The bus does not answer its administrator ({reason}).", "See that NATS runs; ADMIN_NATS_URL says where."
        ) from error


def _own_bus(layout: Layout) -> str:
    """Return the administrator's address of the bus that runs on a data folder. Raises StackError when none does."""
    state = running_state(layout)
    password = Credentials.load_or_create(layout.credentials).nats["admin"]
    return f"nats://admin:{password}@127.0.0.1:{state.ports['nats']}"


def _chosen(service: str | None) -> tuple[str, ...]:
    if service is None:
        return SERVICES_WITH_SCHEMA
    if service not in SERVICES_WITH_SCHEMA:
        raise StackError(f"There is no service {service!r}.", f"Services: {', '.join(SERVICES_WITH_SCHEMA)}.")
    return (service,)
