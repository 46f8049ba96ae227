"""Who is calling (architecture §4): credentials, introspection with cache, internal assertions."""

from notechondria_shared.auth.caller import Caller, LoggedIn, MaybeCaller

__all__ = ["Caller", "LoggedIn", "MaybeCaller"]
