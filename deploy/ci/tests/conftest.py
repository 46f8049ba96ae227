"""The compose file, running: it is the `stack` of the tests here, also for `api` of the root's conftest.py."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from deploy.ci.tests.deployment import ComposeDeployment
from tests.support.client import Api

from notechondria_launcher.stack import Stack

ENVIRONMENT = {
    "AUTH_RATE_PER_MINUTE": "0",
    "ACCOUNT_RATE_PER_MINUTE": "0",
    "MCP_RATE_PER_MINUTE": "0",
    "DJANGO_CSRF_TRUSTED_ORIGINS": "https://app.example",
}


@pytest.fixture(scope="session")
def stack() -> Iterator[ComposeDeployment]:
    """The stack, started once from nothing."""
    with tempfile.TemporaryDirectory(prefix="notechondria-compose-") as folder:
        deployment = ComposeDeployment("notechondria-test", Path(folder), ENVIRONMENT)
        deployment.down()
        try:
            print(f"\nstack healthy after {deployment.up():.1f} s")
            yield deployment
        finally:
            deployment.down()


@pytest.fixture(scope="session")
def api(stack: ComposeDeployment) -> Iterator[Api]:
    """A client of the gateway, whose users sign up there."""
    with Api(cast("Stack", stack)) as client:  # it has all that a client asks a stack for
        yield client
