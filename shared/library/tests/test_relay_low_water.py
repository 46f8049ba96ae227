"""Where the relay looks for unsent events."""

from __future__ import annotations

import pytest

from notechondria_shared.messaging import relay
from notechondria_shared.messaging.relay import LATE_SECONDS, POLL_SECONDS, _LowWater


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    monkeypatch.setattr(relay, "time", one)
    return one


def test_ids_of_the_last_second_stay_open(clock: Clock) -> None:
    low = _LowWater()
    assert low.next_look() == 0
    low.looked(0, is_full=False)
    low.sent([7, 9, 8])
    assert low.next_look() == 0  # nothing is old enough to be left out
    clock.at += LATE_SECONDS + 0.1
    low.sent([12])
    assert low.next_look() == 9


def test_everything_is_looked_at_again_and_again(clock: Clock) -> None:
    low = _LowWater()
    low.looked(low.next_look(), is_full=False)
    low.sent([50])
    clock.at += POLL_SECONDS - 0.1
    assert low.next_look() == 50
    clock.at += 0.2
    assert low.next_look() == 0
    # As long as looks from the beginning are full (a replay), they go on from there.
    low.looked(0, is_full=True)
    assert low.next_look() == 0
    low.looked(0, is_full=False)
    assert low.next_look() == 50


def test_what_was_not_sent_is_looked_for_at_once(clock: Clock) -> None:
    low = _LowWater()
    low.looked(low.next_look(), is_full=False)
    low.sent([50])
    clock.at += POLL_SECONDS - 0.1
    low.look_at_all()
    assert low.next_look() == 0
