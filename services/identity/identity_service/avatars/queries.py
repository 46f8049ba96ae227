"""Reads of profile pictures."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from identity_service.models import User
from notechondria_shared.db import prepare


@dataclass(slots=True)
class PictureRow:
    """What a picture is drawn from, and where it lies; `""` for an account without one."""

    username: str
    image_path: str


PICTURE = prepare(select(User.username, User.image_path).where(User.id == bindparam("user_id")), PictureRow)
