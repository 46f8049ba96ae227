"""Lenient scalar input (notes §1, planner §0): what is read, and the words of what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notechondria_contracts.fields import Boolean, Choice, Date, DateTime, Email, Id, Integer, Text, Uuid
from notechondria_contracts.fields.rules import parse_datetime
from notechondria_shared.core.errors import ApiError
from notechondria_shared.web.body import Body, validate


class Everything(Body):
    title: Annotated[str, Text(max_length=5)] = ""
    note: Annotated[str | None, Text(blank=True, null=True)] = None
    count: Annotated[int, Integer(minimum=1)] = 1
    course: Annotated[int | None, Id(null=True, zero_is_null=True)] = None
    done: Annotated[bool, Boolean()] = False
    day: Annotated[date, Date()] = date.min
    timestamp: Annotated[datetime | None, DateTime(null=True)] = None
    mode: Annotated[str, Choice(("G", "B", "P"))] = "P"
    address: Annotated[str, Email()] = ""
    identifier: Annotated[Any, Uuid()] = None


@pytest.mark.parametrize(
    ("field", "given_value", "read"),
    [
        ("title", "  abc ", "abc"),
        ("title", 12.5, "12.5"),
        ("note", None, None),
        ("note", "  ", ""),
        ("count", "7", 7),
        ("count", 7.0, 7),
        ("course", 0, None),
        ("course", "", None),
        ("course", None, None),
        ("done", "Yes", True),
        ("done", 0, False),
        ("done", "OFF", False),
        ("day", "2026-05-09", date(2026, 5, 9)),
        ("timestamp", "2026-05-06T14:00:00.000", datetime(2026, 5, 6, 14, tzinfo=UTC)),
        ("timestamp", "2026-05-06T23:30:00-05:00", datetime(2026, 5, 7, 4, 30, tzinfo=UTC)),
        ("timestamp", "2026-05-06 14:00Z", datetime(2026, 5, 6, 14, tzinfo=UTC)),
        ("mode", "G", "G"),
        ("address", "Mira@Example.ORG", "mira@example.org"),
    ],
)
def test_what_is_read(field: str, given_value: object, read: object) -> None:
    assert getattr(validate(Everything, {field: given_value}), field) == read


@pytest.mark.parametrize(
    ("field", "given_value", "text"),
    [
        ("title", None, "This field may not be null."),
        ("title", "   ", "This field may not be blank."),
        ("title", "123456", "Ensure this field has no more than 5 characters."),
        ("title", True, "Not a valid string."),
        ("title", ["a"], "Not a valid string."),
        ("title", "a\x00b", "Null characters are not allowed."),
        ("title", "a\ud800", "Characters that are no valid Unicode are not allowed."),
        ("count", 0, "Ensure this value is greater than or equal to 1."),
        ("count", "seven", "A valid integer is required."),
        ("count", True, "A valid integer is required."),
        ("count", 1.5, "A valid integer is required."),
        ("count", 2**63, "Ensure this value is less than or equal to 9223372036854775807."),
        ("done", None, "This field may not be null."),
        ("done", "maybe", "Must be a valid boolean."),
        ("day", "06/05/2026", "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."),
        ("day", "2026-02-30", "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."),
        ("mode", "Q", '"Q" is not a valid choice.'),
        ("address", "nobody", "Enter a valid email address."),
        ("identifier", "xyz", "Must be a valid UUID."),
    ],
)
def test_what_is_refused(field: str, given_value: object, text: str) -> None:
    with pytest.raises(ApiError) as refused:
        validate(Everything, {field: given_value})
    assert (refused.value.status, refused.value.body) == (400, {field: [text]})


def test_all_failing_fields_are_reported_together() -> None:
    with pytest.raises(ApiError) as refused:
        validate(Everything, {"count": "x", "mode": "x", "unknown": 1})
    assert set(refused.value.body) == {"count", "mode"}


@pytest.mark.parametrize(("value", "name"), [([], "list"), (None, "NoneType"), ("text", "str"), (5, "int")])
def test_a_body_that_is_no_object(value: object, name: str) -> None:
    with pytest.raises(ApiError) as refused:
        validate(Everything, value)
    text = f"Invalid data. Expected a dictionary, but got {name}."
    assert refused.value.body == {"non_field_errors": [text]}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def refusal(value: dict[str, object]) -> ApiError | None:
    try:
        validate(Everything, value)
    except ApiError as refused:
        return refused
    return None


@given(field=st.sampled_from(sorted(Everything.model_fields)), value=json_values)
def test_any_json_is_read_or_refused_with_words(field: str, value: object) -> None:
    refused = refusal({field: value})
    if refused is not None:
        assert refused.status == 400
        assert list(refused.body) == [field]
        assert all(isinstance(text, str) and text for text in refused.body[field])


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_written_timestamp_is_read_back(at: datetime) -> None:
    assert parse_datetime(at.isoformat()) == at


@given(st.text())
def test_no_text_breaks_the_reading_of_a_timestamp(text: str) -> None:
    found = parse_datetime(text)
    assert found is None or found.tzinfo is not None
