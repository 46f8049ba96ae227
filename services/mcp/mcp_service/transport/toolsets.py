"""A connection that asks for a part of the tools (decision 60): by headers, or in its address where a client has no
field for headers."""

from __future__ import annotations

from starlette.requests import Request

from mcp_service.agent import TOOLSETS, Selection, Toolset
from mcp_service.names import PROCESS
from notechondria_contracts.fields.rules import TRUE_VALUES
from notechondria_shared.core.errors import BadRequest

TOOLSETS_HEADER, READ_ONLY_HEADER = "x-mcp-toolsets", "x-mcp-readonly"
ALL = "all"
LONGEST = 200


def selected(request: Request) -> Selection:
    """What the request asks for; 400 for a toolset that there is none of."""
    sent = [request.headers.get(TOOLSETS_HEADER), request.query_params.get("toolsets")]
    chosen = [_chosen(names) for names in sent if names is not None and names.strip()]
    flags = (request.headers.get(READ_ONLY_HEADER, ""), request.query_params.get("readonly", ""))
    return Selection(
        toolsets=frozenset[Toolset](TOOLSETS).intersection(*chosen) if chosen else None,
        is_read_only=any(flag.strip().lower() in TRUE_VALUES for flag in flags),
    )


def _chosen(names: str) -> frozenset[Toolset]:
    words = {word.strip().lower() for word in names[:LONGEST].split(",") if word.strip()}
    unknown = sorted(words - {ALL, *TOOLSETS})
    if unknown:
        known = ", ".join((*TOOLSETS, ALL))
        raise BadRequest(
            f"Request refused: {PROCESS}/toolsets — there is no toolset {unknown[0]!r}; there are {known}."
        )
    return frozenset(name for name in TOOLSETS if name in words or ALL in words)
