"""Rows of the contract about courses: their pictures, their order, subscriptions (notes §4)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.client import Api, User, eventually

from notechondria_launcher.stack import Stack


@pytest.mark.contract("notes §2.1", "notes §2.2")
def test_pictures_of_courses_lie_in_the_courses_folder(api: Api) -> None:
    def templates() -> list[dict[str, Any]]:
        return [course for course in api.get("courses/").json() if course["slug"] == "vibe-coding-101"]

    (course,) = eventually(templates, what="the template course")
    folder = api.url(f"/media/course_media/course_{course['id']}/")
    pictures = [course["cover_image_url"], *(media["image_url"] for media in course["media"])]
    assert len(pictures) == 2
    for url in pictures:
        assert url.startswith(folder)
        assert api.http.get(url).status_code == 200


@pytest.mark.contract("notes §4.7")
def test_pictures_go_with_their_course(mine: User, stack: Stack, look: Any) -> None:
    course = mine.post("courses/", {"title": "Illustrated"}).json()["id"]
    file = stack.data / "media" / "course_media" / f"course_{course}" / "c.png"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"png")
    look._connection.execute(
        "INSERT INTO notes.course_media (course_id, title, image, date_created) VALUES (%s, 'p', %s, now())",
        (course, f"course_media/course_{course}/c.png"),
    )
    assert mine.delete(f"courses/{course}/").status_code == 204
    assert look.one("SELECT count(*) FROM notes.course_media WHERE course_id = %s", course) == 0
    assert not file.exists()


@pytest.mark.contract("notes §4.2")
def test_a_matched_course_keeps_slug_default_and_order(mine: User) -> None:
    course = mine.post("courses/", {"title": "Matched", "client_course_id": "m", "icon": 5}).json()
    mine.post("courses/reorder/", {"course_ids": [course["id"]]})
    again = mine.post("courses/", {"title": "Other", "client_course_id": "m", "description": "d"})
    assert again.status_code == 200
    assert again.json() == {**course, "title": "Other", "description": "d", "sort_order": 1}


@pytest.mark.contract("notes §4.3")
def test_a_sort_order_counts_whoever_set_it(mine: User, other: User) -> None:
    placed = other.post("courses/", {"title": "zz placed"}).json()["id"]
    other.post("courses/reorder/", {"course_ids": [placed]})
    plain, joined = (mine.post("courses/", {"title": title}).json()["id"] for title in ("aa plain", "ab joined"))
    mine.post(f"courses/{joined}/subscribe/")
    shown = [c["id"] for c in mine.get("courses/").json() if c["id"] in {placed, plain, joined}]
    assert shown == [placed, joined, plain]


@pytest.mark.contract("notes §4.9")
def test_subscribing_again_is_a_new_beginning(mine: User, other: User, look: Any) -> None:
    first, second = (other.post("courses/", {"title": title}).json()["id"] for title in ("b", "a"))
    for course in (first, second, first):
        assert mine.post(f"courses/{course}/subscribe/").json()["is_subscribed"] is True
    shown = [c["id"] for c in mine.get("courses/").json() if c["id"] in {first, second}]
    assert shown == [first, second]  # the newest subscription first
    log = look.all("SELECT operation_type FROM notes.course_operations WHERE course_id = %s", first)
    assert [row["operation_type"] for row in log] == ["subscribe", "subscribe"]
