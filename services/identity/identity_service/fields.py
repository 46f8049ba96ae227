"""Fields that bodies of several features share."""

from __future__ import annotations

from typing import Annotated

from notechondria_contracts.fields import Email

Address = Annotated[str, Email()]
"""An e-mail address, in lower case."""
