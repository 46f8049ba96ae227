"""The pages of agents, and who an agent is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notechondria_contracts.internal.agents import OwnAgents
from web_service.site.pages import Pages
from web_service.site.paths import AGENTS
from web_service.site.texts import text

PAGES = Pages("web_service.agents")
LOG = f"{AGENTS}log/"
UNDO = f"{AGENTS}undo/"
MOST_ENDED = 50
"""Keys, and connections of programs, that ended and are offered in the filter: the newest ones."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A key or a program, as the filter of the log names it: `key-5`, `program-7`, `ended-9`."""

    value: str
    name: str
    key_id: int | None = None
    connection_ids: Sequence[int] = ()


def _newest(names: Mapping[int, str]) -> list[tuple[int, str]]:
    return sorted(names.items(), reverse=True)[:MOST_ENDED]


def _ended(name: str) -> str:
    return text("agents", "ended").format(name=name or text("consent", "unnamed"))


def _ended_programs(names: Mapping[int, str]) -> list[Agent]:
    """Those that ended, one for each name: which connections were of the same program is not known any more."""
    connections: dict[str, list[int]] = {}
    for connection, name in _newest(names):
        connections.setdefault(name, []).append(connection)
    return [Agent(f"ended-{ids[0]}", _ended(name), connection_ids=ids) for name, ids in connections.items()]


class KnownAgents:
    """The keys and programs of a person, and those that ended: who stops an agent wants to take back what it did."""

    def __init__(self, agents: OwnAgents) -> None:
        self._keys = agents.ended_keys | {key.id: key.name for key in agents.keys}
        self._connections = dict(agents.ended_connections)
        self.all: list[Agent] = []
        for program in agents.programs:
            name = program.name or text("consent", "unnamed")
            self._connections |= dict.fromkeys(program.connection_ids, name)
            self.all.append(Agent(f"program-{program.id}", name, connection_ids=program.connection_ids))
        self.all += [Agent(f"key-{key.id}", key.name, key_id=key.id) for key in agents.keys]
        self.all += _ended_programs(agents.ended_connections)
        self.all += [Agent(f"key-{one}", _ended(name), key_id=one) for one, name in _newest(agents.ended_keys)]

    def named(self, value: str) -> Agent | None:
        """The agent that the filter names."""
        return next((agent for agent in self.all if agent.value == value), None)

    def name(self, key_id: int | None, connection_id: int | None, client: str) -> str:
        """Whose call it was; the program's own name where nobody knows it any more."""
        known = self._keys.get(key_id) if key_id is not None else self._connections.get(connection_id or 0)
        return known or client or text("agents", "unknown")
