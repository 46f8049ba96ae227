"""A connection that asks for a part of the tools (decision 60): by headers, or in its address where a client has no
field for headers."""

from __future__ import annotations

from starlette.requests import Request

from mcp_service.agent import TOOLSETS, Selection, Toolset
from mcp_service.names import PROCESS
from notechondria_contracts.fields.rules import FALSE_VALUES, TRUE_VALUES
from notechondria_shared.core.errors import BadRequest

TOOLSETS_HEADER, READ_ONLY_HEADER = "x-mcp-toolsets", "x-mcp-readonly"
ALL = "all"
LONGEST = 200


def selected(request: Request) -> Selection:
    """What the request asks for; 400 for a toolset that there is none of, and for a flag that is neither yes nor no."""
    query = request.query_params
    sent = [",".join(request.headers.getlist(TOOLSETS_HEADER)), ",".join(query.getlist("toolsets"))]
    chosen = [_chosen(names) for names in sent if names.strip(", ")]
    # `?readonly` alone says yes; an empty header is one that nobody filled in.
    flags = [*request.headers.getlist(READ_ONLY_HEADER), *(flag or "1" for flag in query.getlist("readonly"))]
    return Selection(
        toolsets=frozenset[Toolset](TOOLSETS).intersection(*chosen) if chosen else None,
        is_read_only=any(_is_set(flag) for flag in flags),
    )


def _is_set(flag: str) -> bool:
    """Whether the flag says yes. A typing error does not open what somebody meant to close."""
    word = flag.strip().lower()
    if word and word not in TRUE_VALUES | FALSE_VALUES:
        raise BadRequest(f"Request refused: {PROCESS}/readonly — {word[:40]!r} is neither true nor false.")
    return word in TRUE_VALUES


def _chosen(names: str) -> frozenset[Toolset]:
    words = {word.strip().lower() for word in names[:LONGEST].split(",") if word.strip()}
    unknown = sorted(words - {ALL, *TOOLSETS})
    if unknown:
        known = ", ".join((*TOOLSETS, ALL))
        raise BadRequest(
            f"Request refused: {PROCESS}/toolsets — there is no toolset {unknown[0]!r}; there are {known}."
        )
    return frozenset(name for name in TOOLSETS if name in words or ALL in words)
