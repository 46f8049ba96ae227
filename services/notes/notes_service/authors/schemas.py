"""The author object (notes §3.1)."""

from __future__ import annotations

from fastapi import Request
from typing_extensions import TypedDict

from notechondria_shared.web.media_url import media_url


class AuthorObject(TypedDict):
    """An author, also the `owner` of a course."""

    id: int
    username: str
    display_name: str
    image_url: str


def author_object(request: Request, user_id: int, username: str, image_path: str) -> AuthorObject:
    """The author on the wire; without a known picture the URL of the one that identity draws.

    Made once for an answer, whose notes mostly have one author: it is half of what a summary costs.
    """
    made: dict[tuple[int, str, str], AuthorObject] = request.scope.setdefault("author_objects", {})
    key = (user_id, username, image_path)
    if key not in made:
        path = image_path or f"user_upload/user_{user_id}/profile_pic/profile_latest.png"
        image_url = media_url(request, path)
        made[key] = {"id": user_id, "username": username, "display_name": username, "image_url": image_url}
    return made[key]
