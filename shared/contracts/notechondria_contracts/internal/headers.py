"""Headers of calls between services. The gateway strips them from what clients send."""

from __future__ import annotations

ASSERTION_HEADER = "X-Internal-Assertion"
"""identity's signed word that a user stands behind the call (ADR 0006)."""
STAFF_SESSION_HEADER = "X-Internal-Staff-Session"
"""Id of the session in which a member of staff acts: identity knows when its password was entered."""
INTERNAL_TOKEN_HEADER = "X-Internal-Token"  # noqa: S105 - the name of a header
"""A token that shows who calls, signed by the caller for the one service it calls (ADR 0032)."""
