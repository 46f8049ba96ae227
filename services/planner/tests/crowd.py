"""Many signed-in users at once, for what must not grow with their number."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from tests.support.client import Api, User

from notechondria_launcher.stack import Stack

# As registering and signing in leave them (identity §3, §4), without a thousand passwords being hashed.
_USERS = """
INSERT INTO identity.users (username, email, password_hash, status, is_staff, is_superuser, first_name, last_name,
    motto, social_link, image_path, editor_mode, theme_preset, theme_mode, api_base_url, mcp_skill_md, app_settings,
    date_joined, revision)
SELECT name, '', '', 'active', false, false, '', '', '', '', '', 'P', 'teal', 'S', '', '', '{}', now(), 1
FROM unnest(%s::text[]) name RETURNING id, username
"""
_SESSIONS = """
INSERT INTO identity.sessions (user_id, digest, device_label, user_agent, ip_hash, created_at, last_seen_at)
SELECT id, digest, '', '', '', now(), now() FROM unnest(%s::bigint[], %s::text[]) AS given(id, digest)
"""


@contextmanager
def crowd(stack: Stack, api: Api, size: int) -> Iterator[list[User]]:
    """Users with a session token each, made in identity's tables and taken out of them again."""
    names = [f"crowd-{secrets.token_hex(8)}" for _ in range(size)]
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as database:
        made = [(int(row[0]), str(row[1])) for row in database.execute(_USERS, [names])]
        users = [User(api, user_id, name, "", "", secrets.token_hex(20)) for user_id, name in made]
        digests = [hashlib.sha256(user.token.encode()).hexdigest() for user in users]
        database.execute(_SESSIONS, [[user.id for user in users], digests])
        try:
            yield users
        finally:
            database.execute("DELETE FROM identity.users WHERE id = ANY(%s)", [[user.id for user in users]])
