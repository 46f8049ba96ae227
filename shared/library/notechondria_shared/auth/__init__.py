"""Who is calling (ADR 0005): credentials, introspection with cache, internal assertions."""

from notechondria_shared.auth.caller import Caller, LoggedIn, MaybeCaller, WithSession

__all__ = ["Caller", "LoggedIn", "MaybeCaller", "WithSession"]
