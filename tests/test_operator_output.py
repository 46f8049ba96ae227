"""What operators' commands print: counts that agree with the lines above them, errors that fit a row."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
from pydantic import BaseModel, ValidationError

from notechondria_cli.doctor.command import _sum
from notechondria_cli.event_commands import _brief
from notechondria_launcher.stack import Stack
from tests.support.admin import enter, make_staff
from tests.support.client import Api


def typed(stack: Stack, *arguments: str, code: int = 0) -> str:
    call = [sys.executable, "-m", "notechondria_launcher", *arguments, "--data", str(stack.data)]
    env = {**os.environ, "COLUMNS": "300"}
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False, env=env)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("problems", "hints", "says"),
    [
        (0, 0, "All is well."),
        (0, 1, "All is well. 1 hint above."),
        (1, 1, "1 problem, 1 hint."),
        (2, 0, "2 problems."),
        (2, 3, "2 problems, 3 hints."),
    ],
)
def test_the_doctor_counts_what_stands_above(problems: int, hints: int, says: str) -> None:
    assert _sum(problems, hints) == says


class Event(BaseModel):
    """What a consumer reads."""

    note_id: int
    title: str
    revision: int
    user_id: int


def test_an_error_of_pydantic_fits_a_row() -> None:
    with pytest.raises(ValidationError) as refused:
        Event.model_validate({"title": "a secret title" * 40})
    brief = _brief(str(refused.value))
    assert len(brief) <= 121
    assert "note_id" in brief
    assert "input_value" not in brief
    assert "\n" not in brief
    assert _brief("ServiceUnavailable: notes is away") == "ServiceUnavailable: notes is away"


@pytest.mark.usefixtures("no_dead_letters")
def test_dead_letters_are_listed_a_row_each(stack: Stack) -> None:
    error = "3 validation errors for Event\nnote_id\n  Field required [type=missing, input_value={'a': 'secret'}]\n"
    with psycopg.connect(stack.admin_database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO mcp.dead_letters (subject, body, error, attempts) VALUES ('identity.user.deleted', '', %s, 4)",
            [error],
        )
        try:
            said = typed(stack, "events", "dead-letters", "list")
        finally:
            connection.execute("DELETE FROM mcp.dead_letters")
    (row,) = [line for line in said.splitlines() if "identity.user.deleted" in line]
    assert "Field required" in row
    assert "secret" not in said


def test_accounts_that_nobody_made_are_explained(stack: Stack) -> None:
    assert "CodeX owns the sample courses" in typed(stack, "users", "list")
    assert "CodeX" not in typed(stack, "users", "list", "-q", "nobody-of-that-name")


def test_a_database_that_is_away_leaves_no_none_in_what_is_printed(stack: Stack) -> None:
    stack.stop_part("postgres")
    try:
        said = typed(stack, "doctor", code=1)
    finally:
        stack.start_part("postgres")
    assert "None" not in said
    assert "replicas ?" in said


def test_the_first_page_of_the_administration_says_how_the_system_is(api: Api) -> None:
    with enter(api, make_staff(api, api.register())) as site:
        page = site.get("").text
    for part in ("System", "Events waiting", "notes", "Last good backup:"):
        assert part in page, part
