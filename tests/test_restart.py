"""One service is restarted under people who read: nobody is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import httpx

from notechondria_launcher.stack import Stack
from tests.support.client import Api


def test_readers_wait_while_a_service_is_restarted(stack: Stack, api: Api) -> None:
    user = api.register()
    before = stack.pid("planner")
    statuses: list[int] = []
    done = threading.Event()

    def read() -> None:
        with httpx.Client(base_url=api.base, headers=user.headers, trust_env=False, timeout=30) as http:
            while not done.is_set():
                statuses.append(http.get("/api/v1/calendar-feeds/").status_code)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        command = [
            sys.executable,
            "-m",
            "notechondria_launcher",
            "restart",
            "planner",
            "--json",
            "--data",
            str(stack.data),
        ]
        answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
    finally:
        done.set()
        reader.join()
    assert stack.pid("planner") == answer["pid"] != before
    assert len(statuses) > 2
    assert set(statuses) == {200}
