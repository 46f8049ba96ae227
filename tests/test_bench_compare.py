"""What a comparison of two commits reads of reports, and what it says."""

from __future__ import annotations

from bench.compare import figures_of, table
from bench.load import Sample


def test_lines_of_reports_are_read_and_compared() -> None:
    slow, quick = Sample("read, bare", [0.004] * 10, seconds=1), Sample("read, bare", [0.002] * 10, seconds=0.5)
    reports = [f"heading\n  {sample.line()}  growth 1.00\n" for sample in (slow, quick)]
    before, after = ({"read, bare": {k: [v] for k, v in figures_of(text)["read, bare"].items()}} for text in reports)
    assert before["read, bare"] == {"rate": [10.0], "p50": [4.0], "p95": [4.0], "p99": [4.0]}
    lines = table(before, after)
    assert [line.split()[-1] for line in lines[1:]] == ["2.00", "0.50", "0.50", "0.50"]
