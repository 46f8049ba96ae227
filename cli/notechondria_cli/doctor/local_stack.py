"""What runs: the parts, the services' own status, the gateway."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from pydantic import ValidationError

from notechondria_cli.control import Report
from notechondria_cli.names import SERVICES, title
from notechondria_cli.probe import answers, get, get_json
from notechondria_cli.state import StackState
from notechondria_contracts.internal.headers import INTERNAL_TOKEN_HEADER
from notechondria_contracts.internal.status import STATUS_PATH, ServiceStatus
from notechondria_shared.core.keys import CallTokens
from notechondria_shared.core.version import product_version
from notechondria_shared.observability.diagnosis import Finding, findings

_STATUS_SECONDS = 3.0
_RESTARTS = 3


def ask(state: StackState, calls: CallTokens) -> list[ServiceStatus]:
    """Ask every service how it is, at the same time; one that does not answer is not `reachable`."""
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        return list(pool.map(lambda name: _ask(name, state, calls), SERVICES))


def _ask(name: str, state: StackState, calls: CallTokens) -> ServiceStatus:
    header = {INTERNAL_TOKEN_HEADER: calls.token(name)}
    answer = get(f"http://127.0.0.1:{state.ports[name]}{STATUS_PATH}", header, _STATUS_SECONDS)
    try:
        if answer is not None and answer[0] == 200:
            return ServiceStatus.model_validate_json(answer[1])
    except ValidationError:
        pass
    return ServiceStatus(name=name, reachable=False)


def problems(state: StackState, report: Report, services: list[ServiceStatus]) -> Iterator[Finding]:
    """What is wrong with what runs."""
    if report.state == "starting":
        yield Finding(part="launcher", problem="It is still starting.", advice="Wait a moment and ask again.")
    dead = {part.name for part in report.parts if not part.running}
    for part in report.parts:
        log = f"notechondria logs --part {part.name}"
        if not part.running:
            yield Finding(part=part.name, problem=f"{title(part.name)} is down.", advice=f"See: {log}.")
        elif part.restarts >= _RESTARTS:
            yield Finding(
                part=part.name, problem=f"{title(part.name)} was started {part.restarts} times again.",
                advice=f"See why it ends: {log}.",
            )  # fmt: skip
    # What is down has been said; that it does not answer says no more.
    yield from (finding for finding in findings(services) if finding.part not in dead)
    installed = product_version()
    for service in services:
        if service.version not in (None, installed):
            yield Finding(
                part=service.name,
                problem=f"{service.name} runs version {service.version}, the files here are {installed}.",
                advice="Go over to it: notechondria upgrade.",
            )
    if "gateway" not in dead:
        yield from _door(state, {service.name for service in services if service.reachable})


def _door(state: StackState, alive: set[str]) -> Iterator[Finding]:
    admin = f"http://127.0.0.1:{state.ports['gateway_ping']}"
    if not answers(f"{admin}/ping"):
        yield Finding(
            part="gateway", problem="The gateway does not answer.", advice="See: notechondria logs --part gateway."
        )
        return
    for name in sorted(alive):
        answer = get_json(f"{admin}/api/http/services/{name}@file")
        states = answer.get("serverStatus", {}).values() if isinstance(answer, dict) else ()
        if "UP" not in states:
            yield Finding(
                part="gateway", problem=f"{name} runs, and the gateway does not see it.",
                advice="Wait a second; if it stays so, see: notechondria logs --part gateway.",
            )  # fmt: skip
