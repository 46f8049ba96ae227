"""What ended long ago is forgotten; what somebody may still use or ask for stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
from tests.support.client import Api, eventually

from notechondria_launcher.stack import Stack

ROWS = {
    "session": "INSERT INTO sessions (user_id, digest, device_label, user_agent, ip_hash, created_at, last_seen_at,"
    " revoked_at) VALUES (%(id)s, %(name)s, '', '', '', %(past)s, %(past)s, %(past)s)",
    "key": "INSERT INTO api_keys (user_id, digest, prefix, name, scopes, rotated, created_at, revoked_at)"
    " VALUES (%(id)s, %(name)s, '', '', '{read}', false, %(past)s, %(past)s)",
    "code": "INSERT INTO codes (kind, scope, digest, created_at, expires_at, wrong_tries)"
    " VALUES ('reset', %(id)s::text, %(name)s, %(past)s, %(past)s, 0)",
    "bucket": "INSERT INTO rate_buckets (bucket, tokens, granted, filled_at) VALUES (%(name)s, 2, 1, %(past)s)",
    "daily-bucket": "INSERT INTO rate_buckets (bucket, tokens, granted, filled_at)"
    " VALUES ('day:' || %(name)s, 2, 1, %(past)s)",
    "app-password": "INSERT INTO app_passwords (user_id, digest, name, created_at, revoked_at)"
    " VALUES (%(id)s, %(name)s, '', %(past)s, %(past)s)",
    "security-event": "INSERT INTO security_events (user_id, kind, method, detail, device_label, network, at)"
    " VALUES (%(id)s, 'signed_in', '', %(name)s, '', '', %(past)s)",
    "staff-action": "INSERT INTO staff_actions (user_id, action, object, outcome, begun_at)"
    " VALUES (%(id)s, 'disable', %(name)s, 'done', %(past)s)",
}
LEFT = (
    "SELECT digest FROM sessions WHERE user_id = %(id)s UNION ALL"
    " SELECT digest FROM api_keys WHERE user_id = %(id)s UNION ALL"
    " SELECT digest FROM codes WHERE scope = %(id)s::text UNION ALL"
    " SELECT digest FROM app_passwords WHERE user_id = %(id)s UNION ALL"
    " SELECT detail FROM security_events WHERE user_id = %(id)s AND detail <> '' UNION ALL"
    " SELECT object FROM staff_actions WHERE user_id = %(id)s UNION ALL"
    " SELECT replace(bucket, 'day:', '') FROM rate_buckets WHERE bucket LIKE '%%-bucket-' || %(id)s"
)
KEPT = {
    "session": timedelta(days=90),
    "key": timedelta(days=90),
    "code": timedelta(days=7),
    "bucket": timedelta(hours=1),
    "app-password": timedelta(days=90),
    "security-event": timedelta(days=180),
    "daily-bucket": timedelta(days=1),
    "staff-action": timedelta(days=400),
}


def test_what_ended_long_ago_goes_and_the_rest_stays(api: Api, stack: Stack) -> None:
    user = api.register()
    with psycopg.connect(stack.database_url("identity"), autocommit=True) as identity:

        def left() -> set[str]:
            return {row[0] for row in identity.execute(LEFT, {"id": user.id})}

        own = left()
        assert own, "the session of the registration"
        for kind, insert in ROWS.items():
            for age, share in (("old", 1.1), ("young", 0.2)):
                past = datetime.now(UTC) - KEPT[kind] * share
                identity.execute(insert, {"id": user.id, "name": f"{age}-{kind}-{user.id}", "past": past})
        young = own | {f"young-{kind}-{user.id}" for kind in ROWS}
        assert left() == young | {f"old-{kind}-{user.id}" for kind in ROWS}
        stack.restart_part("identity")  # a round is made at the start, and every hour
        eventually(lambda: left() == young, what="what ended long ago is gone, and only that")
    assert user.get("settings/").status_code == 200
