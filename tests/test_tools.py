"""The project's own measures: how `Any` is counted, how coverage is added up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tools import any_count, coverage_totals


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from typing import Any\n", 0),
        ("from typing import Any\nx: Any = 1\n", 1),
        ("from typing import Any\ndef f(a: dict[str, Any], *b: Any) -> list[Any]: ...\n", 3),
        ("from typing import Any, cast\nx = cast(Any, 1)\n", 1),
        ("from typing import Any, cast\nx = cast('dict[str, Any]', 1)\n", 1),
        ("from typing import Any\ndef f(a: 'Any') -> 'list[Any]': ...\n", 2),
        ("import typing\nx: typing.Any = 1\n", 1),
        ("import typing as t\nx: t.Any = 1\n", 1),
        ("from typing import Any as Thing\nx: Thing = 1\n", 1),
        ("from typing import Any\nAlias = dict[str, Any]\n", 1),
        ("# Any\nx = 'Any'\n", 0),
        ("def f(a: object) -> int: ...\n", 0),
    ],
)
def test_any_is_counted_where_it_is_a_type(source: str, found: int) -> None:
    assert any_count.count_any(source) == found


def test_any_is_counted_by_package_and_bounded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "one/inner", "two", "one/tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "code.py").write_text("from typing import Any\n\nx: Any = 1\n" + "\n" * 97)
    assert any_count.main(["--json", str(tmp_path)]) == 0
    counts = {one["package"]: (one["lines"], one["any"]) for one in json.loads(capsys.readouterr().out)}
    assert counts == {"one": (200, 2), "two": (100, 1), "total": (300, 3)}
    assert any_count.main(["--max", "10", str(tmp_path)]) == 0
    assert any_count.main(["--max", "9.9", str(tmp_path)]) == 1


def test_coverage_is_added_up_by_package() -> None:
    files = [("/a/shared/library/notechondria_shared/x.py", 10, 1), ("/a/services/notes/notes_service/y/z.py", 20, 5),
             ("/a/shared/library/notechondria_shared/y/z.py", 10, 0)]  # fmt: skip
    totals = coverage_totals.by_package(files)
    assert totals == {"notechondria_shared": (20, 1), "notes_service": (20, 5)}
    assert coverage_totals.percentage(20, 5) == 75
    assert coverage_totals.percentage(0, 0) == 100


def test_packages_that_tests_make_elsewhere_are_not_covered() -> None:
    """They have the names of ours, and are gone when the totals are made."""
    own = str(coverage_totals.ROOT / "services" / "notes" / "notes_service" / "app.py")
    assert coverage_totals.ours(["/tmp/notes_service/__init__.py", own]) == [own]  # noqa: S108 - nothing is there
