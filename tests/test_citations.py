"""Every citation of the contract and of the decision records leads to something that exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.citations import all_wrong_citations, files, wrong_citations
from tools.contract_sections import CONTRACTS, ROOT, sections

KNOWN = ("notes §5", "notes §5.5", "identity §7.5", "identity §7.7", "decision 27", "ADR 0004")


def test_every_citation_resolves() -> None:
    assert not all_wrong_citations()


def test_code_tests_documents_and_configuration_are_looked_at() -> None:
    seen = {file.relative_to(ROOT).as_posix() for file in files()}
    assert seen >= {"README.md", "docs/architecture.md", "gateway/routes/routers.yaml", "tests/test_story.py"}
    assert {path.partition("/")[0] for path in seen} >= {"services", "shared", "deploy", "tools", "bench"}


@pytest.mark.parametrize(
    "text",
    [
        "(notes §5.5)",
        "(identity §7.5, §7.7)",
        "identity §7.5 - §7.7 and notes §5",
        "identity §7.5 and §7.7 of it",
        "(RFC 9110 §13.1, §14; notes §5.5)",
        "RFC 5545 §3.8.2.2",
        "(decision 27, ADR 0004)",
        "Decision 27 says so, as notes §5 and as §5.5",
        "a decision of 27 people, section 12, 5.5 seconds",
    ],
)
def test_what_exists_is_found(text: str) -> None:
    assert not list(wrong_citations(text, KNOWN))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("one\n(notes §5.6)", [(2, "notes §5.6")]),
        ("architecture §4", [(1, "architecture §4")]),
        ("notes.md §5.5", [(1, "notes.md §5.5")]),
        ("Notes §5.5", [(1, "Notes §5.5")]),
        ("a rule (§5.5)", [(1, "§5.5 of no page")]),
        ("notes §5.5, §9", [(1, "notes §9")]),
        ("RFC 9110 §13; identity §99", [(1, "identity §99")]),
        ("decision 28", [(1, "decision 28")]),
        ("decisions 27", [(1, "decisions 27")]),
        ("ADR 0005 and ADR-0004 and ADR 4", [(1, "ADR 0005"), (1, "ADR-0004"), (1, "ADR 4")]),
    ],
)
def test_what_does_not_exist_is_found(text: str, wrong: list[tuple[int, str]]) -> None:
    assert list(wrong_citations(text, KNOWN)) == wrong


def test_a_number_alone_means_the_page_in_the_contract() -> None:
    assert not list(wrong_citations("only §5.5, unless §5 or decision 27 says otherwise", KNOWN, page="notes"))
    assert list(wrong_citations("see §5.6", KNOWN, page="notes")) == [(1, "notes §5.6")]


def test_a_wrong_citation_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    contract = tmp_path / "docs/contract"
    contract.mkdir(parents=True)
    for name in CONTRACTS:
        (contract / f"{name}.md").write_text('## 1. Rules <a id="s1"></a>\n')
    (contract / "decisions.md").write_text('| <a id="d1"></a>1 | A point | what we do |\n')
    (tmp_path / "README.md").write_text("Title\n\nnotes §1, decision 1 and notes §2\n")
    assert all_wrong_citations(tmp_path) == ["README.md:3: notes §2"]


def test_anchors_are_those_of_the_numbers(tmp_path: Path) -> None:
    found = sections()
    assert found["notes §5.5"].anchor == "s5-5"
    assert found["decision 27"].page == "contract/decisions.md"
    assert len(found) > 200
    contract = tmp_path / "docs/contract"
    contract.mkdir(parents=True)
    for name in (*CONTRACTS, "decisions"):
        (contract / f"{name}.md").write_text('### 1.2 Rules <a id="s1-3"></a>\n')
    with pytest.raises(ValueError, match=r"s1-3 where s1-2"):
        sections(tmp_path)
