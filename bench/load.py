"""Bounded load on loopback, and how it is reported: rates, percentiles, ratios."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Sample:
    """What a load measured: seconds of each call, and how long the whole took."""

    name: str
    durations: list[float] = field(default_factory=list)
    failures: int = 0
    seconds: float = 0.0
    calls: int = 0
    """All calls, those that warmed up included: what processor time is divided by."""
    answered: int | None = None
    """Successful calls, where they are not as many as `durations`."""

    @property
    def rate(self) -> float:
        """Successful calls a second."""
        answered = len(self.durations) if self.answered is None else self.answered
        return answered / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds below which `share` of the calls stayed."""
        ordered = sorted(self.durations)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else float("nan")

    def line(self) -> str:
        """One line of a report."""
        return (
            f"{self.name:<44} {self.rate:8.1f}/s  p50 {self.percentile(0.5):7.1f} ms  "
            f"p95 {self.percentile(0.95):7.1f} ms  p99 {self.percentile(0.99):7.1f} ms  failed {self.failures}"
        )


async def closed_loop(name: str, call: Callable[[], Awaitable[bool]], *, workers: int, seconds: float) -> Sample:
    """`workers` callers, each calling again as soon as it was answered, for `seconds`."""
    sample = Sample(name)
    deadline = time.perf_counter() + seconds

    async def work() -> None:
        while time.perf_counter() < deadline:
            await _one(sample, call)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(workers)))
    sample.seconds = time.perf_counter() - started
    return sample


async def open_loop(name: str, call: Callable[[], Awaitable[bool]], *, rate: float, seconds: float) -> Sample:
    """A call every 1/`rate` seconds, whether the ones before were answered or not: what people outside do."""
    sample = Sample(name)
    started = time.perf_counter()
    tasks = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(_one(sample, call)))
    await asyncio.gather(*tasks)
    sample.seconds = time.perf_counter() - started
    return sample


async def _one(sample: Sample, call: Callable[[], Awaitable[bool]]) -> None:
    started = time.perf_counter()
    if await call():
        sample.durations.append(time.perf_counter() - started)
    else:
        sample.failures += 1


async def in_turn(
    calls: dict[str, Callable[[], Awaitable[bool]]], *, workers: int, seconds: float, rounds: int
) -> list[Sample]:
    """A closed loop of each call by turns, so that a noisy machine disturbs all alike; the first round warms up."""
    totals = [Sample(name) for name in calls]
    for number in range(rounds + 1):
        for total, call in zip(totals, calls.values(), strict=True):
            sample = await closed_loop(total.name, call, workers=workers, seconds=seconds)
            if number:
                total.durations += sample.durations
                total.failures += sample.failures
                total.seconds += sample.seconds
    return totals
