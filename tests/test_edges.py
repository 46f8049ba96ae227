"""Numbers beyond a bigint and days at the edges of the calendar answer like their neighbours (decision 7 and 17)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User
from tests.support.documents import SERVICES, openapi, operations

UNKNOWN = 999_999_999_999
"""The id of nothing, within a bigint."""
BEYOND: list[Any] = [2**63 - 1, 2**63, 10**30, 10**300]
EARLIEST, LATEST = "0001-01-01", "9999-12-31"
DAYS = [EARLIEST, "0001-01-02", "1582-10-15", "9999-12-30", LATEST]
TIMESTAMPS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+00:01",
    "0001-01-01T00:00:00-14:00",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-00:01",
    "9999-12-31T23:59:59+14:00",
    "9999-12-31T23:59:59",
]


@pytest.fixture(scope="module")
def user(api: Api) -> User:
    return api.register()


@pytest.fixture(scope="module")
def own(user: User) -> dict[str, str]:
    """An own object for every parameter of a path."""
    note = user.post("notes/", {"title": "Edges", "content": "some words"}).json()
    found = {
        "note_id": note["id"],
        "note_uuid": note["uuid"],
        "version_id": user.post(f"notes/{note['id']}/snapshot/").json()["id"],
        "attachment_id": UNKNOWN,
        "block_id": note["blocks"][0]["id"],
        "course_id": user.post("courses/", {"title": f"Edges of {user.username}"}).json()["id"],
        "event_id": user.post("planner-events/", {"title": "Edges", "event_date": "2030-01-01"}).json()["id"],
        "feed_id": user.post("calendar-feeds/", {"title": "Edges"}).json()["id"],
        "link_id": user.post("calendar-links/", {"name": "Edges"}).json()["id"],
        "session_id": user.post("note-sessions/", {"note_id": note["id"]}).json()["id"],
        "key_id": user.get("auth/api-keys/").json()["api_keys"][0]["id"] if user.rotate_key() else 0,
        "call_id": UNKNOWN,
    }
    return {name: str(value) for name, value in found.items()}


def shape(answer: httpx.Response) -> tuple[int, str]:
    if answer.headers.get("content-type") == "application/zip":  # it says when it was made
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            return answer.status_code, ",".join(archive.namelist())
    return answer.status_code, answer.text


def schema_of(service: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The properties of an operation's JSON body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    reference = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = openapi(service)["components"]["schemas"].get(reference, {}).get("properties", {})
    return found


def kinds(described: dict[str, Any]) -> set[str]:
    """The types and formats of a field, null or not."""
    parts = [described, *described.get("anyOf", [])]
    return {str(part[name]) for part in parts for name in ("type", "format") if name in part}


WITH_IDS = [
    (method, path, name)
    for service in SERVICES
    for method, path, operation in operations(service)
    for parameter in operation.get("parameters", [])
    if parameter["in"] == "path" and (name := parameter["name"]).endswith("_id")
]


@pytest.mark.parametrize(("method", "path", "name"), WITH_IDS, ids=[f"{m} {p} {n}" for m, p, n in WITH_IDS])
def test_an_id_beyond_bigint_in_a_path_is_an_unknown_id(
    user: User, own: dict[str, str], method: str, path: str, name: str
) -> None:
    expected = user.request(method, path.format_map({**own, name: str(UNKNOWN)}))
    assert expected.status_code == 404
    for number in BEYOND:
        assert shape(user.request(method, path.format_map({**own, name: str(number)}))) == shape(expected), number
        anonymous = user.api.request(method, path.format_map({**own, name: str(number)}))
        assert shape(anonymous) == shape(user.api.request(method, path.format_map({**own, name: str(UNKNOWN)})))


QUERIES = [
    (path, parameter["name"])
    for service in SERVICES
    for method, path, operation in operations(service)
    for parameter in operation.get("parameters", [])
    if method == "GET" and "{" not in path and parameter["in"] == "query" and parameter["name"].endswith("_id")
]


@pytest.mark.parametrize(("path", "name"), QUERIES)
def test_an_id_beyond_bigint_in_a_query_is_an_unknown_id(user: User, path: str, name: str) -> None:
    expected = user.get(path, params={name: UNKNOWN})
    assert expected.status_code == 200
    for number in (*BEYOND, -(2**63), -(10**30)):
        assert shape(user.get(path, params={name: number})) == shape(expected), number


BODIES = [
    (service, method, path, name)
    for service in SERVICES
    for method, path, operation in operations(service)
    for name, described in schema_of(service, operation).items()
    if name.endswith(("_id", "_ids")) and kinds(described) & {"integer", "array"}
]
# What else a body needs so that its id is looked at.
NEEDED = {
    "/api/v1/notes/": {"title": "Edge"},
    "/api/v1/planner-events/": {"title": "Edge", "event_date": "2030-01-01"},
    "/api/v1/calendar-feeds/": {"title": "Edge"},
    "/api/v1/calendar-links/": {"name": "Edge"},
}


@pytest.mark.parametrize(("service", "method", "path", "name"), BODIES, ids=[f"{m} {p} {n}" for _, m, p, n in BODIES])
def test_an_id_beyond_bigint_in_a_body_is_an_unknown_id(
    user: User, own: dict[str, str], service: str, method: str, path: str, name: str
) -> None:
    target = path.format_map(own)

    def ask(number: Any) -> tuple[int, str]:
        body = {**NEEDED.get(path, {}), name: [number] if name.endswith("_ids") else number}
        answer = user.request(method, target, json=body)
        return answer.status_code, answer.text if answer.status_code >= 400 else ""

    expected = ask(UNKNOWN)
    assert expected[0] in {200, 400, 404}
    for number in (*BEYOND, -(2**63), -(10**30), str(10**30), 1e300):
        assert ask(number) == expected, number


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(("days", "length"), [("", 7), ("3", 3), ("7", 7), ("30", 30)])
def test_a_week_at_the_edge_has_all_its_days(user: User, day: str, days: str, length: int) -> None:
    answer = user.get("activity/week/", params={"start_date": day, "days": days})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["start_date"], body["days"][0]["date"], len(body["days"])) == (day, day, length)
    dates = [one["date"] for one in body["days"]]
    assert dates == sorted(dates)
    assert body["previous_week_start"] <= day <= body["next_week_start"]


def test_the_last_day_of_the_calendar_shows_what_is_on_it_once(user: User) -> None:
    event = user.post("planner-events/", {"title": "The end", "event_date": LATEST}).json()
    body = user.get("activity/week/", params={"start_date": LATEST}).json()
    assert [[item["id"] for item in one["events"]] for one in body["days"]] == [[event["id"]], [], [], [], [], [], []]
    assert {one["date"] for one in body["days"]} == {LATEST}
    assert user.delete(f"planner-events/{event['id']}/").status_code == 204


DATED = [
    (service, method, path, name, min(found & {"date", "date-time"}))
    for service in SERVICES
    for method, path, operation in operations(service)
    for name, described in schema_of(service, operation).items()
    if (found := kinds(described)) & {"date", "date-time"}
]
LISTS = ["planner-events/?include_completed=1", "note-sessions/", "activity/week/", "heatmap/", "auth/api-keys/"]


@pytest.mark.parametrize(
    ("service", "method", "path", "name", "kind"), DATED, ids=[f"{m} {p} {n}" for _, m, p, n, _ in DATED]
)
def test_times_at_the_edges_are_kept_or_refused_and_can_be_read(
    user: User, own: dict[str, str], stack: Stack, service: str, method: str, path: str, name: str, kind: str
) -> None:
    needed = {**NEEDED, "/api/v1/note-sessions/": {"note_id": own["note_id"]}, "/api/v1/auth/api-keys/": {"name": "e"}}
    for value in DAYS if kind == "date" else TIMESTAMPS:
        answer = user.request(method, path.format_map(own), json={**needed.get(path, {}), name: value})
        assert answer.status_code in {200, 201, 400}, (value, answer.text)
        if answer.status_code == 400:
            assert list(answer.json()) == [name], (value, answer.text)
        elif kind == "date" and name == "event_date":
            assert answer.json()[name] == value
    for listed in LISTS:
        assert user.get(listed).status_code == 200, listed
    for day in (EARLIEST, LATEST):
        assert user.get("activity/week/", params={"start_date": day}).status_code == 200
    link = user.post("calendar-links/", {"name": name}).json()
    calendar = user.api.get(link["url"].partition("/calendar/")[1] + link["url"].partition("/calendar/")[2])
    assert calendar.status_code == 200
    assert user.delete(f"calendar-links/{link['id']}/").status_code == 204
    assert user.get("auth/account/export/").status_code == 200


TIME_QUERIES = [
    (path, parameter["name"], parameter["schema"]["format"])
    for service in SERVICES
    for method, path, operation in operations(service)
    for parameter in operation.get("parameters", [])
    if method == "GET" and parameter["in"] == "query" and parameter["schema"].get("format") in {"date", "date-time"}
]


@pytest.mark.parametrize(("path", "name", "kind"), TIME_QUERIES)
def test_times_at_the_edges_of_a_query_are_read(user: User, path: str, name: str, kind: str) -> None:
    refused = {"0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-00:01"}
    days = DAYS if kind == "date" else []
    for at in [*days, *(TIMESTAMPS if kind == "date-time" or name == "start_date" else [])]:
        answer = user.get(path, params={name: at})
        # The week takes what it cannot read for today; the agents' log refuses it.
        assert answer.status_code == (400 if name != "start_date" and at in refused else 200), (at, answer.text)
