"""Where pictures are decoded: off the event loop, one at a time.

A picture of 40 million pixels takes 160 MB while it is decoded, and an upload of a few kilobytes may be one: several at
once would fill the memory of a container.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")
_EXECUTOR = ThreadPoolExecutor(1, thread_name_prefix="pictures")


async def run(function: Callable[[ArgumentT], ResultT], argument: ArgumentT) -> ResultT:
    """The function's result, once those before it are done."""
    return await asyncio.get_running_loop().run_in_executor(_EXECUTOR, function, argument)
