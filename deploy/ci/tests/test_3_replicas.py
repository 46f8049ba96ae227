"""Several of one: scaled up, one killed, all restarted one after the other, under load."""

from __future__ import annotations

import time

import pytest
from deploy.ci.tests.deployment import SERVICES, ComposeDeployment, docker
from deploy.ci.tests.load import Load, missing
from tests.support.client import Api, User, eventually


@pytest.fixture(scope="module")
def three(stack: ComposeDeployment) -> ComposeDeployment:
    print(f"\nthree of notes after {stack.up('--scale', 'notes=3'):.1f} s")
    assert len(stack.containers("notes")) == 3
    return stack


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


def served(deployment: ComposeDeployment) -> dict[str, int]:
    """Requests that each container of notes has answered."""
    return {
        c: sum("GET    /api/v1/courses/" in line for line in deployment.lines(c))
        for c in deployment.containers("notes")
    }


def test_a_scaled_service_is_reached_as_a_whole(three: ComposeDeployment, user: User) -> None:
    before = served(three)

    def spread() -> bool:
        for _ in range(30):
            assert user.get("courses/").status_code == 200
        return all(count > before[container] for container, count in served(three).items())

    eventually(spread, 20, 0.1, "all three answer")
    before = served(three)
    for _ in range(300):
        assert user.get("courses/").status_code == 200
    counts = [count - before[container] for container, count in served(three).items()]
    print(f"\nof 300 requests: {counts}")
    assert sum(counts) == 300
    assert min(counts) >= 80


def test_one_that_is_killed_is_not_felt(three: ComposeDeployment, user: User) -> None:
    victim = three.containers("notes")[0]
    with Load(user) as load:
        time.sleep(1)
        docker("kill", victim)
        time.sleep(4)
    docker("start", victim)
    print(f"\nkilled one of three: {len(load.written)} writes, {load.reads} reads, failures {load.failures}")
    # What was under way in the one that was killed may fail, once per writer; no read does.
    assert [failure for failure in load.failures if failure.startswith("GET")] == []
    assert len(load.failures) <= 2
    assert missing(user, load.written) == []
    eventually(lambda: three.inspect(victim)["State"]["Health"]["Status"] == "healthy", 60, 0.5)


def test_a_rolling_restart_is_not_felt(three: ComposeDeployment, user: User) -> None:
    others = [service for service in SERVICES if service != "notes"]
    three.up("--scale", "notes=3", *[part for service in others for part in ("--scale", f"{service}=2")])
    began = time.monotonic()
    with Load(user) as load:
        for service in SERVICES:
            for container in three.containers(service):
                docker("restart", "--time", "30", container)
                healthy = lambda c=container: three.inspect(c)["State"]["Health"]["Status"] == "healthy"  # noqa: E731
                eventually(healthy, 60, 0.3, f"{service} is healthy again")
    seconds = time.monotonic() - began
    print(f"\nall restarted in {seconds:.0f} s: {len(load.written)} writes, {load.reads} reads, {load.failures}")
    assert load.failures == []
    assert len(load.written) > 100
    assert missing(user, load.written) == []


def test_scaled_down_again(three: ComposeDeployment, user: User) -> None:
    with Load(user) as load:
        three.compose("up", "--detach", "--no-build", "--wait", *[p for s in SERVICES for p in ("--scale", f"{s}=1")])
        time.sleep(2)
    print(f"\nscaled down: {len(load.written)} writes, {load.reads} reads, {load.failures}")
    assert load.failures == []
    assert [len(three.containers(service)) for service in SERVICES] == [1] * len(SERVICES)
