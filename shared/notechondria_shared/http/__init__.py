"""HTTP as the contract has it: bodies, errors, CORS, access log, internal routes."""

from notechondria_shared.http.body import Body, JsonBody, read_body

__all__ = ["Body", "JsonBody", "read_body"]
