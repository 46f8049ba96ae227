"""Ending work beside the requests, whatever it is waiting for (ADR 0022)."""

from __future__ import annotations

import asyncio

from notechondria_shared.core.background import Background, end


class Asking(Background):
    """Asks once, as clients of the bus do, and then waits for its next turn."""

    task_name = "tests.asking"

    def __init__(self) -> None:
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def _run(self) -> None:
        while True:
            await asyncio.wait_for(self.answer, 60)
            await asyncio.sleep(3600)


def test_a_stop_that_arrives_together_with_an_answer_ends_the_task() -> None:
    async def story() -> None:
        asking = Asking()
        asking.start()
        await asyncio.sleep(0.01)
        asking.answer.set_result(None)
        async with asyncio.timeout(10):
            await asking.stop()
        assert not [task for task in asyncio.all_tasks() if task.get_name() == Asking.task_name]

    asyncio.run(story())


def test_tasks_that_keep_going_after_a_cancellation_are_cancelled_again() -> None:
    async def story() -> None:
        cancelled = 0

        async def persistent() -> None:
            nonlocal cancelled
            while cancelled < 3:
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    cancelled += 1

        task = asyncio.create_task(persistent())
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await end(task)
        assert cancelled == 3
        assert task.done()

    asyncio.run(story())


def test_ending_what_has_failed_or_never_began_is_quiet() -> None:
    async def story() -> None:
        async def failing() -> None:
            raise ValueError

        task = asyncio.create_task(failing())
        await asyncio.sleep(0)
        await end(task)
        await end()
        await Asking().stop()

    asyncio.run(story())
