"""A service that only answers what reached it; stands in for the real ones where the gateway is what is tested."""

import asyncio
import json
import os
from typing import Any

import uvicorn

NAME = os.environ["STANDIN"]
checked_from: list[int] = []
"""The gateway's port of each health check."""


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer health checks, stream under /mcp/stream, and echo everything else."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/internal/health/live":
        checked_from.append(scope["client"][1])
    headers = {key.decode(): value.decode() for key, value in scope["headers"]}
    status = 404 if scope["path"] == "/api/v1/not-found/" else 200
    if scope["path"].endswith("/stream"):
        kind = [(b"content-type", b"text/event-stream"), (b"x-user-id", b"7"), (b"x-request-id", b"stream-1")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await asyncio.sleep(0.3)
        for number in range(3):
            await send({"type": "http.response.body", "body": f"data: {number}\n\n".encode(), "more_body": True})
            await asyncio.sleep(0.3)
        await send({"type": "http.response.body", "body": b""})
        return
    body = json.dumps(
        {"service": NAME, "path": scope["path"], "method": scope["method"], "headers": headers, "pid": os.getpid(),
         "checked_from": checked_from,
         "environment": dict(os.environ) if scope["path"] == "/environment" else {}, "filler": "x" * 4096}
    ).encode()  # fmt: skip
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/json"), (b"x-request-id", b"r-1")],
        }
    )
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), log_level="warning")
