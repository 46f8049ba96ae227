"""Calls of the other services on behalf of an agent's user."""

from notechondria_shared.core.optional_libraries import allow

allow("aiohttp")  # before `json_client` imports it
