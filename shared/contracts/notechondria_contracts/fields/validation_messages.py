"""The field-message texts of the contract (planner §0)."""

from __future__ import annotations

REQUIRED = "This field is required."
NULL = "This field may not be null."
BLANK = "This field may not be blank."
NOT_TEXT = "Not a valid string."
NUL_CHARACTER = "Null characters are not allowed."
BAD_CHARACTER = "Characters that are no valid Unicode are not allowed."
NOT_INTEGER = "A valid integer is required."
NOT_BOOLEAN = "Must be a valid boolean."
BAD_DATE = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
BAD_DATETIME = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
BAD_URL = "Enter a valid URL."
BAD_EMAIL = "Enter a valid email address."
BAD_UUID = "Must be a valid UUID."
NOT_JSON = "Value must be valid JSON."
NOT_A_LIST = 'Expected a list of items but got type "{type}".'
NOT_AN_OBJECT = "Invalid data. Expected a dictionary, but got {type}."


def too_long(limit: int) -> str:
    """More characters than `limit`."""
    return f"Ensure this field has no more than {limit} characters."


def too_short(limit: int) -> str:
    """Fewer characters than `limit`."""
    return f"Ensure this field has at least {limit} characters."


def too_small(limit: int) -> str:
    """A number below `limit`."""
    return f"Ensure this value is greater than or equal to {limit}."


def too_large(limit: int) -> str:
    """A number above `limit`."""
    return f"Ensure this value is less than or equal to {limit}."


def not_a_choice(value: object) -> str:
    """A value outside an enumeration; long values are cut so that the message stays readable."""
    return f'"{str(value)[:80]}" is not a valid choice.'
