"""How a whole run is spread over processes: a file at a time, each worker with a stack of its own.

Tests wait a fifth of their time: for a limit to pass, for a program to start. So there is one more worker than there
are cores, which begins with the files that wait for most of theirs.

A test that fails in a whole run is repeated once, and named at the end when it passes then: with several stacks at once
a figure of the clock or of memory may be another stack's. What was chosen is not repeated.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.support import ready_data

ROOT = Path(__file__).resolve().parents[2]
MOST = 4
"""Workers at the most, and one for what waits: each runs a Postgres, a NATS, a Traefik and the services."""

# These load the machine, or look at how long an answer takes: none of them beside another one.
ALONE = ("tests/test_hostile_connections.py", "tests/test_pools.py", "tests/test_gateway.py")
# The longest files first, so that no worker begins one while the others have nothing left.
LONGEST = (
    "tests/test_django_import.py",
    "tests/test_shared_pages.py",
    "services/planner/tests/test_feed_hostile.py",
    "services/notes/tests/test_notes_search_words.py",
    "deploy/launcher/tests/test_launcher_command.py",
    "tests/test_doctor.py",
    "tests/test_browser_second_factor.py",
    "deploy/launcher/tests/test_launcher_stack.py",
    "tests/test_browser_admin.py",
    "tests/test_supply_chain.py",
    "tests/test_browser_programs.py",
    "tests/test_metrics.py",
    "tests/test_browser_account_site.py",
    "deploy/launcher/tests/test_launcher_upgrade.py",
    "tests/test_backup.py",
    "tests/test_disorder.py",
    "services/notes/tests/test_notes_round_trip.py",
    "tests/test_forking.py",
    "tests/test_traces.py",
    "deploy/launcher/tests/test_traffic.py",
    "services/web/tests/test_account_site.py",
    "tests/test_browser_account.py",
    "tests/attacks/test_sign_in_flood.py",
    "tests/test_gateway_settings.py",
    "tests/test_fuzz.py",
    "tests/test_browser_apps.py",
    "services/mcp/tests/test_limits.py",
    "services/mcp/tests/conformance/test_conformance.py",
)


# Files that wait for most of their time: for limits, mail, restarts.
WAITING = (
    "tests/test_scheduled_backups.py",
    "tests/attacks/test_slow_clients.py",
    "tests/test_erasure.py",
    "tests/test_faults.py",
    "tests/attacks/test_mailed_codes.py",
    "tests/attacks/test_open_bodies.py",
    "tests/test_key_rotation.py",
    "tests/test_acme.py",
    "deploy/launcher/tests/test_service_commands.py",
    "tests/attacks/test_hanging_feeds.py",
    "shared/library/tests/test_bus_cluster.py",
    "tests/test_worker_processes.py",
    "tests/test_tls_between_parts.py",
    "services/identity/tests/test_platform.py",
    "tests/test_client_documents.py",
    "shared/library/tests/test_start_and_stop.py",
    "services/planner/tests/test_calendar_fetching.py",
    "services/notes/tests/test_notes_accounts.py",
    "services/identity/tests/test_registration_setting.py",
    "services/planner/tests/test_feed_failures.py",
    "services/identity/tests/test_limits.py",
    "tests/test_remote_storage.py",
    "tests/test_revalidation.py",
    "tests/test_restart.py",
    "tests/test_status.py",
    "services/mcp/tests/test_upstream.py",
)
ONE_WAITS = pytest.StashKey[bool]()
"""The last worker begins with files that wait."""


def available() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _whole(config: pytest.Config) -> bool:
    """Nothing was chosen: no path, no `-k` or `-m`, not the failures of the last run."""
    chosen = ("keyword", "markexpr", "lf", "failedfirst", "stepwise", "collectonly")
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(
        config.getoption(name, False) for name in chosen
    )


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A worker for each core and one for what waits when everything runs; what was chosen runs in this process (0)."""
    if available() == 1 or not _whole(config):
        return 0
    config.stash[ONE_WAITS] = True
    return min(available(), MOST) + 1


def unit(nodeid: str) -> str:
    """What a worker takes at a time: a file, or all those that must not run beside each other."""
    file = nodeid.partition("::")[0]
    return "alone" if file in ALONE else file


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A unit goes to one worker, whole; the last worker begins with files that wait, the others end so."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        """Give a worker the unit that it takes next."""
        if self.config.stash.get(ONE_WAITS, False) and node.gateway.id == f"gw{self.numnodes - 1}":
            for scope in WAITING[::-1]:
                if scope in self.workqueue:
                    self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Spread tests by file, in the order in which they were collected."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Tests stay until the end: no look for garbage among them while they are made, which takes two seconds."""
    gc.disable()
    yield
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first where several workers share the run."""
    for file in (*ALONE, *LONGEST, *WAITING):
        if not (ROOT / file).is_file():
            raise pytest.UsageError(f"{__file__} names {file}, which is not there")
    if hasattr(config, "workerinput"):
        first = {file: number for number, file in enumerate((*ALONE, *LONGEST))}
        last = {file: len(first) + 1 + number for number, file in enumerate(WAITING)}
        order = first | last
        items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(first)))


def pytest_configure(config: pytest.Config) -> None:
    """Repeat what fails in a whole run, unless `--reruns` says how often; its workers share a data folder."""
    if _whole(config) and config.option.reruns is None:
        config.option.reruns = 1
        config.option.reruns_delay = 2
    if config.stash.get(ONE_WAITS, False):
        shared = tempfile.mkdtemp(prefix="notechondria-ready-", dir=ready_data.parent())
        os.environ[ready_data.VARIABLE] = shared
        config.add_cleanup(partial(shutil.rmtree, shared))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud how tests failed at first: they are to be looked at, although the run may be good."""
    stats = terminalreporter.stats
    failed = {report.nodeid for outcome in ("failed", "error") for report in stats.get(outcome, [])}
    repeated = stats.get("rerun", [])
    for title, again in (("FAILED AT FIRST, AND AGAIN", True), ("PASSED ONLY WHEN REPEATED", False)):
        reports = [report for report in repeated if (report.nodeid in failed) == again]
        if reports:
            terminalreporter.section(title, sep="!", yellow=True, bold=True)
        for report in reports:
            terminalreporter.write_line(f"{report.nodeid} ({report.when})")
            terminalreporter.write_line(report.longreprtext)


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a failure at once: the lines of dots of several workers do not name the file."""
    node = getattr(report, "node", None)
    if node is not None and report.failed:
        reporter = node.config.pluginmanager.getplugin("terminalreporter")
        reporter.write_line(f"\nFAILED {report.nodeid} ({report.when})", red=True)
