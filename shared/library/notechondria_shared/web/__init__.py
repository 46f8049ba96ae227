"""HTTP as the contract has it: bodies, errors, CORS, access log, internal routes."""

from notechondria_shared.web import paths as _paths  # noqa: F401 - makes `{name:id}` known before any route uses it
from notechondria_shared.web.body import Body

__all__ = ["Body"]
