"""Keeps streams and consumers of the bus as the services need them (ADR 0030): at start, and whenever they change.

The work is done by a process that ends again: the broker's client would stay in the launcher's memory for ever.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping

from notechondria_cli.probe import get_json
from notechondria_launcher.child_environment import system_environment

_WAIT_SECONDS = 5
"""For a bus that is starting; one of the operator's own may be away, and a start must not wait for it."""
_LONGEST_SECONDS = 10.0
"""After which the program is ended: looking up a name can take as long as it likes."""
_PROGRAM = (
    *(sys.executable, "-m", "notechondria_shared.broker.provisioning", "--json"),
    *("--wait", str(_WAIT_SECONDS)),
)
_WATCH_SECONDS = 1.0
_AGAIN_SECONDS = 10.0
"""After what could not be put right."""
_POLL_SECONDS = 0.05
_CONFIGURATIONS = "/jsz?accounts=true&streams=true&consumers=true&config=true"
"""Of the broker's monitoring (nats-server, server/monitor.go)."""


class BusProvisioning:
    """Provisions, then watches the configurations through the broker's monitoring, if it is ours to ask.

    A bus of the operator's own is provisioned once, as soon as it is there.

    `note` gets a sentence for whatever is put right, and once for what cannot be.
    """

    def __init__(
        self, url: str, replicas: int, monitor: str | None, env: Mapping[str, str], note: Callable[[str], None]
    ) -> None:
        self._monitor, self._note = monitor, note
        self._env = {**system_environment(env), "ADMIN_NATS_URL": url, "NATS_REPLICAS": str(replicas)}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._first = True
        self._right: str | None = None
        """The configurations as they were when all was right."""
        self._noted: set[str] = set()

    def start(self, cancelled: Callable[[], bool]) -> bool:
        """Provision, and go on watching; False when something is still missing or the bus does not answer."""
        done = self._provision(cancelled)
        if self._monitor is not None or not done:
            self._thread = threading.Thread(target=self._watch, name="bus provisioning", daemon=True)
            self._thread.start()
        return done

    def stop(self) -> None:
        """End; harmless when it has not begun."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        not_before = 0.0
        while not self._stopping.wait(_WATCH_SECONDS):
            if time.monotonic() < not_before or not self._is_due():
                continue
            if not self._provision(self._stopping.is_set):
                not_before = time.monotonic() + _AGAIN_SECONDS
            elif self._monitor is None:
                return

    def _is_due(self) -> bool:
        """Whether the bus is there and not as it was when all was right; of one that cannot be asked always."""
        if self._monitor is None:
            return True
        configurations = self._configurations()
        return configurations is not None and configurations != self._right

    def _configurations(self) -> str | None:
        """Streams and consumers as the broker has them, as text to compare; None while it does not answer."""
        answer = get_json(f"{self._monitor}{_CONFIGURATIONS}")
        accounts = answer.get("account_details") if isinstance(answer, dict) else None
        if not isinstance(accounts, list):
            return None
        streams = [stream for account in accounts for stream in account.get("stream_detail") or ()]
        parts = [
            (one.get("stream_name") or one.get("name"), one.get("name"), one.get("config"))
            for stream in streams
            for one in (stream, *(stream.get("consumer_detail") or ()))
        ]
        return json.dumps(sorted(parts, key=str), sort_keys=True)

    def _provision(self, cancelled: Callable[[], bool]) -> bool:
        """Run the program to its end; whether all is right now."""
        process = subprocess.Popen(  # noqa: S603 - our own program
            _PROGRAM, env=self._env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        deadline = time.monotonic() + _LONGEST_SECONDS
        with process:
            while process.poll() is None:
                if cancelled() or time.monotonic() > deadline:
                    process.kill()
                    return False
                time.sleep(_POLL_SECONDS)
            output = process.stdout.read() if process.stdout is not None else ""
        self._report(output)
        done = process.returncode == 0
        self._right = self._configurations() if done and self._monitor is not None else None
        self._first = self._first and not done
        return done

    def _report(self, output: str) -> None:
        """Note what was done; on a new data folder all is made, which is worth no line. A failure is noted once."""
        changes = json.loads(output or '{"changes": []}')["changes"]
        sentences = {change["sentence"] for change in changes if not (self._first and change["action"] == "made")}
        for sentence in sorted(sentences - self._noted):
            self._note(f"The bus: {sentence}.")
        if not self._first and any(change["action"] == "made" for change in changes):
            self._note("After a loss of the bus's data: notechondria events replay.")
        self._noted = {change["sentence"] for change in changes if change["is_wrong"]}
