"""The cookies of a request, read in one look.

Starlette asks `http.cookies` to take values apart, which in Python 3.11.7 and 3.12.1 takes time that grows with the
square of a value's length: a quarter of a minute for 60 KB of backslashes (CPython issue 123067). Ours hold none.
"""

from __future__ import annotations

from fastapi import Request


def cookie_of(request: Request, name: str) -> str:
    """The value of a cookie, without the quotation marks that one with `=` stands in; empty where there is none."""
    value = ""
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            key, is_pair, said = pair.partition("=")
            if is_pair and key.strip() == name:
                value = said.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
