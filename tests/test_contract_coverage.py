"""The contract's sections are shown by tests: docs/contract/coverage.md says by which, and none is without."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.contract_coverage import PAGE, Coverage, MarkedTest, Reason, coverage, marked_tests
from tools.contract_sections import ROOT, Section

NOTES = {
    "notes §5": Section("notes §5", "Notes", "contract/notes.md", "s5"),
    "notes §5.5": Section("notes §5.5", "Create", "contract/notes.md", "s5-5"),
    "decision 9": Section("decision 9", "null", "contract/decisions.md", "d9"),
    "ADR 0002": Section("ADR 0002", "Outbox", "decisions/0002-outbox.md", ""),
}
CREATES = MarkedTest("tests/test_a.py", "test_creates", ("notes §5.5",))
NULLS = MarkedTest("tests/test_a.py", "test_nulls", ("decision 9",))
COVERED = Coverage(NOTES, {"notes §5.5": (CREATES,), "decision 9": (NULLS,)}, ())


def test_the_page_is_what_the_markers_say() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert text == coverage().markdown(), "run `make docs`"


def test_every_section_has_a_test_or_a_reason_and_none_lost_its_test() -> None:
    assert not coverage().problems((ROOT / PAGE).read_text(encoding="utf-8"))


def test_a_section_is_shown_by_tests_by_its_subsections_or_has_a_reason() -> None:
    assert not COVERED.problems()
    assert not Coverage(NOTES, {"notes §5.5": (CREATES,)}, (Reason("decision 9", "", "The apps do it."),)).problems()


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (Coverage(NOTES, {"notes §5.5": (CREATES,)}, ()), "decision 9 has no test: mark one"),
        (
            Coverage(NOTES, COVERED.tests, (Reason("notes §5.5", "", "why"),)),
            "notes §5.5 has tests and a reason for having none",
        ),
        (
            Coverage(NOTES, {"notes §5.5": (CREATES,)}, (Reason("decision 9", "a part", "why"),)),
            "decision 9 has no test: mark one",
        ),
        (Coverage(NOTES, COVERED.tests, (Reason("notes §9", "", "why"),)), "names notes §9, which does not exist"),
        (
            Coverage(NOTES, {**COVERED.tests, "notes §9": (CREATES,)}, ()),
            "tests/test_a.py::test_creates cites notes §9, which does not exist",
        ),
    ],
)
def test_what_is_missing_or_unknown_is_a_problem(changed: Coverage, problem: str) -> None:
    (found,) = changed.problems()
    assert problem in found


def test_a_section_that_lost_its_tests_is_named() -> None:
    before = Coverage(NOTES, {**COVERED.tests, "ADR 0002": (CREATES,)}, ()).markdown()
    assert COVERED.problems(before) == ["ADR 0002 had a test before and has none now"]
    assert not COVERED.problems(COVERED.markdown())


def test_the_page_leads_from_sections_to_tests() -> None:
    lines = COVERED.markdown().splitlines()
    assert "| notes | 2 | 1 | 1 |" in lines
    at = lines.index("### notes §5.5: [Create](notes.md#s5-5)")
    assert lines[at + 2] == "* `tests/test_a.py`: `test_creates`"


def test_markers_are_read_without_importing(tmp_path: Path) -> None:
    folder = tmp_path / "tests/deep"
    folder.mkdir(parents=True)
    file = folder / "test_a.py"
    file.write_text(
        "import nothing_of_this_name\n\n"
        '@pytest.mark.contract("notes §5.5", "decision 9")\n'
        '@pytest.mark.parametrize("a", [1])\n'
        "def test_one(a): ...\n\n"
        "def test_two(): ...\n"
    )
    assert list(marked_tests(tmp_path)) == [
        MarkedTest("tests/deep/test_a.py", "test_one", ("notes §5.5", "decision 9")),
    ]
    file.write_text("@pytest.mark.contract(SECTION)\ndef test_one(): ...\n")
    with pytest.raises(TypeError, match="plain strings, not SECTION"):
        list(marked_tests(tmp_path))
