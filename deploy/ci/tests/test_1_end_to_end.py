"""The end-to-end tests that need nothing of the launcher, against the compose file's published port."""

from __future__ import annotations

from tests.test_isolation import *  # noqa: F403
from tests.test_shapes import *  # noqa: F403
from tests.test_story import *  # noqa: F403
