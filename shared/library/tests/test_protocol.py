"""What a service writes to its connections: the head of an answer and its body at once, and all of it in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from notechondria_shared.service.protocol import JOINED_BYTES, JoiningTransport

LARGE = b"x" * (JOINED_BYTES + 1)


class Written:
    """A transport that keeps what it is asked for."""

    def __init__(self) -> None:
        self.calls: list[bytes | str] = []
        self.write: Callable[[bytes], None] = self.calls.append

    def close(self) -> None:
        self.calls.append("close")

    def is_closing(self) -> bool:
        return "close" in self.calls


def written(*steps: bytes | str) -> list[bytes | str]:
    """What reaches the connection: each step is written, `close`, or `wait` for what else the loop has to do."""

    async def work() -> list[bytes | str]:
        kept = Written()
        joining = JoiningTransport(cast("asyncio.Transport", kept), asyncio.get_running_loop())
        for step in steps:
            if step == "wait":
                await asyncio.sleep(0)
            elif step == "close":
                joining.close()
            else:
                joining.write(cast("bytes", step))
        assert joining.is_closing() == ("close" in steps)
        await asyncio.sleep(0)
        return kept.calls

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("steps", "calls"),
    [
        ((b"head", b"body"), [b"headbody"]),
        ((b"head", "wait", b"body"), [b"head", b"body"]),
        ((b"head", b"one", b"two", b"three"), [b"headone", b"twothree"]),
        ((b"head", LARGE), [b"head", LARGE]),
        ((LARGE, b"end"), [LARGE, b"end"]),
        ((b"head", "close"), [b"head", "close"]),
        ((b"head", b"", "close"), [b"head", "close"]),
        (("close",), ["close"]),
    ],
)
def test_what_is_written_leaves_in_few_packets_and_in_order(
    steps: tuple[bytes | str, ...], calls: list[bytes | str]
) -> None:
    assert written(*steps) == calls
