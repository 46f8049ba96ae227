"""Sessions of work from before are published too: notes counts them (apps §4)."""

from __future__ import annotations

from alembic import op

revision = "0005_session_events"
down_revision = "0004_account_guard"


def upgrade() -> None:
    """An event for every session that is there; the relay sends them when the service starts."""
    op.execute(
        """
        INSERT INTO planner.outbox (event_id, subject, envelope)
        SELECT event_id, 'planner.session.opened', jsonb_build_object(
            'specversion', '1.0',
            'id', event_id,
            'source', '/notechondria/planner',
            'type', 'planner.session.opened',
            'subject', 'note-sessions/' || id,
            'time', now(),
            'datacontenttype', 'application/json',
            'data', jsonb_build_object(
                'revision', 1, 'session_id', id, 'note_id', note_id, 'user_id', user_id, 'started_at', started_at
            )
        )
        FROM (SELECT gen_random_uuid() AS event_id, * FROM planner.note_sessions ORDER BY id) AS session
        """
    )
