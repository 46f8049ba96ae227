"""What the imports from the Django monolith share: rows, report, lines, handover."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notechondria_shared.django_import.handover import NOTES, Accounts, ImportedAccount, ImportedNote
from notechondria_shared.django_import.lines import Finished, Problem, Progress, parsed, written
from notechondria_shared.django_import.problem import ImportProblem
from notechondria_shared.django_import.report import Report
from notechondria_shared.django_import.rows import DjangoRow

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
UUID_TEXT = "0f8fad5b-d9cb-469f-a165-70867728950e"


def row(**columns: object) -> DjangoRow:
    return DjangoRow("notes_note", {"id": 7, **columns})


def test_a_missing_column_counts_as_null_and_the_first_that_is_not_null_is_taken() -> None:
    one = row(first=None, second="b", IS_AI=True)
    assert one.text("first", "second", "third") == "b"
    assert one.text("third", default="-") == "-"
    assert one.text_or_none("first") is None
    assert one.flag("is_ai") is True
    assert one.flag("first", default=True) is True


def test_columns_get_their_types() -> None:
    one = row(n="12", at=AT, on=date(2026, 1, 2), uuid=UUID_TEXT, mode="X", long="abcdef")
    assert one.integer("n") == 12
    assert one.timestamp("at") == AT
    assert one.day("on") == date(2026, 1, 2)
    assert one.uuid("uuid") == UUID(UUID_TEXT)
    assert one.choice("mode", ("G", "P"), "P") == "P"
    assert one.text("long", longest=3) == "abc"


@pytest.mark.parametrize(
    ("value", "read"),
    [({"a": 1}, {"a": 1}), ('{"a": 1}', {"a": 1}), ("", {}), ("no json", {}), ("[1]", {}), (None, {})],
)
def test_a_json_object_may_be_kept_as_text(value: object, read: object) -> None:
    assert row(settings=value).json_object("settings") == read


def test_dates_follow_from_each_other() -> None:
    dates = row(created_at=AT).dates()
    assert (dates.date_created, dates.last_edit) == (AT, AT)
    assert row(updated_at=AT).dates(default=datetime(2025, 1, 1, tzinfo=UTC)).last_edit == AT


def test_a_value_that_cannot_be_read_names_its_row() -> None:
    with pytest.raises(ImportProblem, match=r"n of notes_note \(id 7\) is 'twelve', not a whole number"):
        row(n="twelve").integer_or_none("n")
    with pytest.raises(ImportProblem, match="at of notes_note"):
        row(at="yesterday").timestamp_or_none("at")
    with pytest.raises(ImportProblem, match="not a uuid"):
        row(uuid="no").uuid("uuid")
    with pytest.raises(ImportProblem, match=r"A row of notes_note \(id 7\) has no event_date"):
        row().day("event_date")


def test_reports_of_several_services_add_up_and_files_stay_last() -> None:
    identity, notes = Report(), Report()
    identity.of("accounts").read = 2
    for number in range(15):
        identity.skip("files", number, "gone")
        notes.skip("files", number + 100, "gone")
    notes.of("notes").written = 3
    together = Report()
    together.add(identity)
    together.add(notes)
    assert list(together.kinds) == ["accounts", "notes", "files"]
    files = together.kinds["files"]
    assert (files.skipped, files.reasons, len(files.examples)) == (30, {"gone": 30}, 20)
    assert together.kinds["notes"].written == 3


@given(st.text(), st.integers(0, 10**9))
def test_a_line_is_read_as_it_was_written(text: str, number: int) -> None:
    report = Report(dry_run=True)
    report.change(text, number, text)
    for line in (Progress(text, number), Problem(text, text), Finished(report)):
        shown = written(line)
        assert shown.isascii()
        assert "\n" not in shown
        assert parsed(shown) == line


def test_what_an_import_leaves_is_read_by_the_next(tmp_path: Path) -> None:
    note = ImportedNote(1, 2, UUID(UUID_TEXT), "T", "ö", None, AT)
    with pytest.raises(ImportProblem, match="Import notes first"):
        NOTES.read(tmp_path)
    NOTES.write(tmp_path, [note, note])
    assert NOTES.read(tmp_path) == [note, note]


def test_an_owner_is_found_by_the_profile_and_not_by_the_user() -> None:
    account = ImportedAccount(1, 5001, "ann", "", "P", is_active=True, is_pending=False)
    accounts, report = Accounts([account]), Report()
    assert accounts.owner(row(creator_id=5001)) is account
    assert accounts.owner(row(owner_id=5001)) is account
    assert accounts.owned(report, "notes", row(creator_id=1)) is None
    assert report.kinds["notes"].examples == ["7: its account is not there"]
