"""What stood in the tables before addresses were proved apart from claimed ones (decision 43)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from identity_service.app import SPEC
from notechondria_launcher.stack import Stack
from notechondria_shared.db.migrations import migrate

USER = (
    "INSERT INTO users (username, email, password_hash, status, is_staff, is_superuser, first_name, last_name, motto,"
    " social_link, image_path, editor_mode, theme_preset, theme_mode, api_base_url, mcp_skill_md, app_settings,"
    " date_joined, revision) VALUES (%(status)s::text, %(email)s, '', %(status)s::text, false, false, '', '', '', '',"
    " '', 'P', 'teal', 'S', '', '', '{}', now(), 1)"
)
CODE = (
    "INSERT INTO codes (kind, scope, digest, created_at, expires_at, wrong_tries)"
    " VALUES (%s, 'a@example.org', '', now(), now() + interval '1 day', 0)"
)


@pytest.mark.contract("decision 43", "decision 44")
def test_accounts_that_were_opened_have_proved_their_address() -> None:
    with tempfile.TemporaryDirectory(prefix="notechondria-upgrade-") as folder:
        Path(folder).chmod(0o711)
        before = Path(folder) / "migrations"
        later = shutil.ignore_patterns("000[6-9]_*", "00[1-9]?_*", "__pycache__")
        shutil.copytree(SPEC.migrations, before, ignore=later)
        stack = Stack(Path(folder) / "data", env={"DATABASE_URL": "", "NATS_URL": ""})
        stack.start(database_only=True)
        try:
            url = stack.database_url("identity")
            assert migrate(url, "identity", before)
            with psycopg.connect(url, autocommit=True) as identity:
                for status in ("active", "disabled", "pending"):
                    identity.execute(USER, {"status": status, "email": f"{status.upper()}@example.org"})
                for kind in ("register", "identity"):
                    identity.execute(CODE, (kind,))
                assert migrate(url, "identity", SPEC.migrations)
                proved = identity.execute("SELECT username, verified_email FROM users ORDER BY id").fetchall()
                assert proved == [
                    ("active", "active@example.org"),
                    ("disabled", "disabled@example.org"),
                    ("pending", ""),
                ]
                still_open = identity.execute("SELECT kind FROM codes WHERE voided_at IS NULL").fetchall()
                assert still_open == [("register",)]
                # The version before runs again: it leaves the schema that has grown as it is (docs/deploy.md).
                grown = identity.execute("SELECT version_num FROM alembic_version").fetchone()
                assert not migrate(url, "identity", before)
                assert identity.execute("SELECT version_num FROM alembic_version").fetchone() == grown
        finally:
            stack.stop()
