"""One running stack for the whole test run: real Postgres, NATS, Traefik and the services on free ports."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.support.client import Api
from tests.support.provider import Provider
from tests.support.ready_accounts import ReadyAccounts
from tests.support.ready_data import own_stack

from notechondria_launcher.stack import Stack
from tests.support import browser, forking, go, pebble, trusted_certificates

# A run starts hundreds of programs and rewrites each file of tests: what they compile is kept, whatever the shell says.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = ["tests.support.workers"]
forking.install()
trusted_certificates.install()


_NEEDED = {"browser": browser, "acme": pebble, "go": go}
"""What tests with a mark need besides what is installed here: `programs()`, or what is `MISSING` without."""


_START_PROGRAMS = {
    "test_bus_cluster.py",
    "test_bus_connection.py",
    "test_conformance.py",
    "test_feed_hostile.py",
    "test_limits.py",
    "test_start_and_stop.py",
    "test_upgrade_of_addresses.py",
}
"""Files whose tests use no fixture of a stack, and start servers or pools of processes of their own all the same."""


def _is_fast(item: pytest.Item) -> bool:
    """Rules and pure functions: services and shared, without a stack."""
    part = item.path.relative_to(item.config.rootpath).parts[0]
    on_a_stack = "stack" in getattr(item, "fixturenames", ())
    return part in {"services", "shared"} and not on_a_stack and item.path.name not in _START_PROGRAMS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser, or an ACME server, their tests are left out. What needs no stack is marked as fast."""
    for item in items:
        if _is_fast(item):
            item.add_marker(pytest.mark.fast)
    for mark, needed in _NEEDED.items():
        if needed.programs() is None:
            for item in items:
                if item.get_closest_marker(mark):
                    item.add_marker(pytest.mark.skip(reason=needed.MISSING))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """A browser that waits takes a hundredth of a core and more: it ends with the last test in a row that needs it."""
    yield
    if nextitem is None or nextitem.get_closest_marker("browser") is None:
        browser.quit_chromium()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """It does not outlive a run that was broken off."""
    browser.quit_chromium()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud what was left out, by whichever process."""
    left_out = Counter(
        reason.removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and (reason := str(report.longrepr[2]))
    )
    if left_out:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        for reason, number in left_out.items():
            terminalreporter.write_line(f"{number} tests: {reason}")


TEST_ENVIRONMENT = {
    # A call of another service or of the media store inside of a transaction is a fault.
    "NOTECHONDRIA_FORBID_NETWORK_IN_TRANSACTION": "1",
    "AUTH_RATE_PER_MINUTE": "0",
    "ACCOUNT_RATE_PER_MINUTE": "0",
    "MCP_RATE_PER_MINUTE": "0",
    # Poison events become dead letters within a second, so that tests need not wait.
    "CONSUMER_BACKOFF_SECONDS": "0.1,0.2,0.3",
    # Notes looks after its bin and its files all the time; what must not go is younger than these. A look at the files
    # is one at thousands in a whole run: who waits for it has a process of its own.
    "RECYCLE_BIN_RETENTION_DAYS": "30",
    "HOUSEKEEPING_SECONDS": "1",
    "ORPHAN_SWEEP_SECONDS": "10",
    "ORPHAN_AGE_SECONDS": "3600",
    # Calendars are served by the tests themselves; a server that hangs is given up soon.
    "CALENDAR_FEED_ALLOW_HOSTS": "127.0.0.1",
    "CALENDAR_FETCH_SECONDS": "2",
    "CALENDAR_REFRESH_PAUSE_SECONDS": "0.1",
    "CALENDAR_POLL_SECONDS": "0.4",
}


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """The outside world's sign-in provider, played by a local server."""
    running = Provider()
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def stack(provider: Provider) -> Iterator[Stack]:
    """The stack, started once; a test that kills a part starts it again before it ends."""
    forking.server.begin()
    with own_stack({**TEST_ENVIRONMENT, **provider.environment()}) as running:
        yield running


@pytest.fixture(scope="session")
def api(stack: Stack) -> Iterator[Api]:
    """A client of the gateway that can make users."""
    with closing(ReadyAccounts(stack)) as accounts, Api(stack, accounts=accounts) as client:
        yield client
