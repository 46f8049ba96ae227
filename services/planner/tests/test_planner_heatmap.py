"""The heatmap through the gateway (planner §7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from services.planner.tests.calls import plan
from services.planner.tests.support import Publisher, Tables, activity_event
from tests.support.client import User


def heatmap(user: User) -> dict[str, Any]:
    answer = user.get("heatmap/")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def values(body: dict[str, Any], field: str) -> dict[str, int]:
    return {cell["date"]: cell[field] for cell in body["cells"] if cell[field]}


@pytest.mark.contract("planner §7", "planner §0")
def test_an_empty_heatmap_has_365_cells(ann: User, today: date) -> None:
    body = heatmap(ann)
    first, last = today - timedelta(days=182), today + timedelta(days=182)
    cells = body.pop("cells")
    assert body == {
        "today": today.isoformat(),
        "start_date": first.isoformat(),
        "end_date": last.isoformat(),
        "days_before": 182,
        "days_after": 182,
        "max_past_value": 0,
        "max_future_value": 0,
    }
    assert [cell["date"] for cell in cells] == [(first + timedelta(days=n)).isoformat() for n in range(365)]
    assert [cell["kind"] for cell in cells] == ["past"] * 182 + ["today"] + ["future"] * 182
    assert [cell["date"] for cell in cells if cell["is_today"]] == [today.isoformat()]
    assert set(cells[0]) == {"date", "kind", "past_value", "future_value", "intensity", "is_today"}


@pytest.mark.contract("apps §7")
@pytest.mark.parametrize(
    ("query", "back", "ahead"), [("back=1&ahead=366", 1, 366), ("ahead=28", 182, 28), ("back=364&ahead=%20", 364, 182)]
)
def test_a_heatmap_has_the_days_asked_for(ann: User, today: date, query: str, back: int, ahead: int) -> None:
    plan(ann, today + timedelta(days=28), difficulty_weight=3)
    body = ann.get(f"heatmap/?{query}").json()
    assert (body["days_before"], body["days_after"], len(body["cells"])) == (back, ahead, back + 1 + ahead)
    assert (body["start_date"], body["cells"][0]["date"]) == (str(today - timedelta(days=back)),) * 2
    assert (body["end_date"], body["cells"][-1]["date"]) == (str(today + timedelta(days=ahead)),) * 2
    assert [cell["kind"] for cell in body["cells"]] == ["past"] * back + ["today"] + ["future"] * ahead
    assert body["cells"][back + 28]["future_value"] == body["max_future_value"] == 3


@pytest.mark.contract("apps §7")
@pytest.mark.parametrize(
    "query", ["back=0", "back=367", "ahead=-1", "ahead=1.5", "back=a", "ahead=1e2", "back=9" + "9" * 30]
)
def test_a_bad_number_of_days_is_refused(ann: User, query: str) -> None:
    answer = ann.get(f"heatmap/?{query}")
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    assert answer.json()["detail"].startswith(query.partition("=")[0])


@pytest.mark.contract("apps §7", "planner §9")
def test_the_front_page_has_a_year_back_and_four_weeks_ahead(ann: User) -> None:
    shown = ann.get("front-page/").json()["heatmap"]
    assert (shown["days_before"], shown["days_after"], len(shown["cells"])) == (364, 28, 393)


@pytest.mark.contract("planner §7", "planner §1.4")
def test_past_values_count_created_notes(
    ann: User, ben: User, today: date, publisher: Publisher, tables: Tables
) -> None:
    note_id = publisher.note(ann)
    ago = [today - timedelta(days=n) for n in range(5)]
    publisher.publish(
        activity_event(ann, note_id, ago[0], 320),
        activity_event(ann, note_id, ago[1], 5),
        activity_event(ann, note_id, ago[1], 20),
        activity_event(ann, note_id, ago[2], 9000),
        activity_event(ann, note_id, ago[3], 900, activity_type="E"),
        activity_event(ann, note_id, ago[4], 0),
        activity_event(ann, note_id, today - timedelta(days=183), 500),
        activity_event(ben, note_id, ago[3], 500),
    )
    assert tables.count("activities", user_id=ann.id, activity_date=ago[4]) == 0
    body = heatmap(ann)
    expected = {str(ago[0]): 3, str(ago[1]): 2, str(ago[2]): 4}
    assert values(body, "past_value") == expected
    assert values(body, "intensity") == expected
    assert body["max_past_value"] == 4


@pytest.mark.contract("planner §7", "planner §2.5")
def test_future_values_sum_the_weights_of_events(ann: User, ben: User, today: date) -> None:
    days = {n: (today + timedelta(days=n)).isoformat() for n in (-1, 0, 1, 2, 8, 182, 183)}
    plans: list[tuple[User, int, int, dict[str, object]]] = [
        (ann, -1, 5, {}),
        (ann, 0, 2, {}),
        (ann, 1, 3, {}),
        (ann, 1, 4, {"is_completed": True}),
        (ann, 2, 1, {"recurrence_freq": "W"}),
        (ann, 182, 2, {}),
        (ann, 183, 9, {}),
        (ben, 8, 9, {}),
    ]
    for user, day, weight, extra in plans:
        body = {"title": "Plan", "event_date": days[day], "difficulty_weight": weight, **extra}
        assert user.post("planner-events/", body).status_code == 201
    seen = heatmap(ann)
    assert values(seen, "future_value") == {days[0]: 2, days[1]: 7, days[2]: 1, days[182]: 2}
    assert values(seen, "intensity") == {days[1]: 4, days[2]: 1, days[182]: 2}
    assert seen["max_future_value"] == 7


@pytest.mark.contract("planner §1.4")
def test_activity_is_kept_once(ann: User, today: date, publisher: Publisher, tables: Tables) -> None:
    event = activity_event(ann, publisher.note(ann), today, 10, activity_id=uuid4())
    publisher.publish(event)
    publisher.publish(event)
    assert tables.count("activities", activity_id=event.activity_id) == 1
    assert values(heatmap(ann), "past_value") == {today.isoformat(): 1}
