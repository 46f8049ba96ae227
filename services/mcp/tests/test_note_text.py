"""Parts of a text: sections, passages, tasks, and what a refusal says (decision 60)."""

from __future__ import annotations

import time
import unicodedata

import pytest
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import JsonValue

from mcp_service.tools import note_text
from mcp_service.tools.sizes import MOST_CHARACTERS, fitted, length

TEXT = """# Title

Intro

## Open questions

- [ ] Why?
- [x] How?

### Deeper

more

```
## Not a heading
```

## Done #

end"""


def part(named: str) -> str:
    lines = TEXT.split("\n")
    begin, end = note_text.section(lines, named)
    return "\n".join(lines[begin:end])


def test_a_section_holds_its_subsections_and_no_more() -> None:
    assert part("open  QUESTIONS").startswith("## Open questions")
    assert part("## Open questions").rstrip().endswith("```")
    assert part("Deeper").startswith("### Deeper")
    assert part("Done") == "## Done #\n\nend"
    assert part("Title") == TEXT
    with pytest.raises(ToolError, match="there is no heading 'Not a heading'"):
        part("Not a heading")
    with pytest.raises(ToolError, match=r"the note has 'Open questions'"):
        part("Open question")
    with pytest.raises(ToolError, match="the note has no headings"):
        note_text.section(["just text"], "x")
    twice = ["# A", "", "## A", "x"]
    with pytest.raises(ToolError, match=r"2 headings are called 'a' \(lines 1, 3\)"):
        note_text.section(twice, "a")
    assert note_text.section(twice, "## A") == (2, 4)


@pytest.mark.parametrize(
    ("text", "addition", "heading", "after"),
    [
        ("", "x", None, "x"),
        ("a", "b", None, "a\n\nb"),
        ("a\n", "b\n", None, "a\n\nb\n"),
        ("- a", "- b", None, "- a\n- b"),
        ("1. a\n", "2. b", None, "1. a\n2. b\n"),
        ("# A\n\none\n\n# B\n\ntwo", "new", "A", "# A\n\none\n\nnew\n\n# B\n\ntwo"),
        ("# A\n# B", "new", "a", "# A\n\nnew\n\n# B"),
        ("# A\n\none\n\n# B\n\ntwo", "new", "B", "# A\n\none\n\n# B\n\ntwo\n\nnew"),
        ("# A\n\n- x\n\n# B", "- y", "A", "# A\n\n- x\n- y\n\n# B"),
    ],
)
def test_text_is_added(text: str, addition: str, heading: str | None, after: str) -> None:
    assert note_text.appended(text, addition, heading) == after


def test_a_passage_is_replaced_once_or_refused() -> None:
    assert note_text.replaced("one two", "two", "three", everywhere=False) == ("one three", 1)
    assert note_text.replaced("a a", "a", "b", everywhere=True) == ("b b", 2)
    assert note_text.replaced("a\r\nb", "a\nb", "c\nd", everywhere=False) == ("c\r\nd", 1)
    for text, old, words in (
        ("a\nb a", "a", r"2 times \(line 1: 'a'; line 2: 'b a'\); nothing was changed"),
        ("one\n two", "  two ", "without the blanks around it: line 2"),
        ("x\nSome Text", "some text", "in these letters; line 2 has it"),
        ("x\nThe quick brown fox", "The quick brown dog", "line 2 is like it: 'The quick brown fox'"),
        ("x", "something else entirely", "copy the passage exactly"),
        ("x", "", "it is empty; append_to_note"),
    ):
        with pytest.raises(ToolError, match=words):
            note_text.replaced(text, old, "new", everywhere=False)


def test_a_task_is_ticked() -> None:
    text, task = note_text.ticked(TEXT, "why", done=True)
    assert text == TEXT.replace("- [ ] Why?", "- [x] Why?")
    assert (task.line, task.text) == (6, "Why?")
    assert note_text.ticked(TEXT, "- [x] How?", done=False)[0] == TEXT.replace("- [x] How?", "- [ ] How?")
    assert note_text.ticked("* [ ] a\n1. [X] a", "a", done=True)[0] == "* [x] a\n1. [X] a"  # the open one is meant
    for text, named, words in (
        ("- [ ] ab\n- [ ] ac", "a", "2 tasks have 'a': line 1: 'ab'; line 2: 'ac'"),
        ("- [ ] ab", "zz", "no task has 'zz'; the note has line 1: 'ab'"),
        ("- ab", "ab", "no tasks"),
    ):
        with pytest.raises(ToolError, match=words):
            note_text.ticked(text, named, done=True)


def test_lists_are_cut_and_say_how_to_go_on() -> None:
    rows: list[JsonValue] = [{"id": number, "text": "x" * 100} for number in range(1000)]
    answer = fitted({"total": 1000, "offset": 40, "notes": [*rows]}, "list_notes", paged=True)
    assert length(answer) <= MOST_CHARACTERS
    shown = answer["notes"]
    assert isinstance(shown, list)
    assert 150 < len(shown) < 250
    assert f"offset={40 + len(shown)}" in str(answer["more"])
    assert fitted({"a": [1]}, "t", paged=False) == {"a": [1]}
    days: list[JsonValue] = [{"date": f"2031-01-{day:02}", "events": [*["y" * 1000] * 3]} for day in range(1, 31)]
    week = fitted({"days": [*days], "deadlines": []}, "get_activity_week", paged=False)
    assert length(week) <= MOST_CHARACTERS
    kept = week["days"]
    assert isinstance(kept, list)
    assert f"start_date=2031-01-{len(kept) + 1:02}" in str(week["more"])
    full: dict[str, JsonValue] = {
        "days": [{"date": "2031-01-01", "events": ["y" * 1000] * 90}],
        "deadlines": ["z" * 500] * 90,
    }
    assert length(fitted({**full}, "get_activity_week", paged=False)) <= MOST_CHARACTERS


def test_long_and_odd_texts_take_no_time() -> None:
    blanks = "# a" + " " * 200_000 + "b"
    long = "x" * 200_000
    text = "\n".join([blanks, "-" + " " * 200_000 + "[", *[long[:1000]] * 3000])
    began = time.process_time()
    assert note_text.headings(text.split("\n"))[0].level == 1
    for attempt in (
        lambda: note_text.section(text.split("\n"), long),
        lambda: note_text.replaced(text, "y" + long, "z", everywhere=False),
        lambda: note_text.ticked(text, long, done=True),
    ):
        with pytest.raises(ToolError):
            attempt()
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# A", "A"),
        ("## A ##", "A"),
        ("# A#", "A#"),
        ("#", ""),
        ("# #", ""),
        ("#\tA  ", "A"),
        ("   # A # b #", "A # b"),
    ],
)
def test_headings_are_those_of_commonmark(line: str, title: str) -> None:
    (heading,) = note_text.headings([line])
    assert heading.title == title


@pytest.mark.parametrize("line", ["#A", "    # A", "####### A", "text # A"])
def test_other_lines_are_no_headings(line: str) -> None:
    assert note_text.headings([line]) == []


@pytest.mark.parametrize(
    "line", ["a" * 100 + "{}" + "b" * 17, "b" * 50 + "{}" + "a" * 60, "ab" * 55 + "{}", "{}" + "ba" * 58]
)
def test_what_is_like_a_passage_is_looked_for_in_little_time(line: str) -> None:
    text = "\n".join(line.format(number) for number in range(400))
    began = time.process_time()
    with pytest.raises(ToolError, match="does not have this text"):
        note_text.replaced(text, "ab" * 59 + "c", "", everywhere=False)
    with pytest.raises(ToolError, match="there is no heading"):
        note_text.section([f"# {row}" for row in text.split("\n")], "ab" * 59 + "c")
    assert time.process_time() - began < 5


@pytest.mark.parametrize(("old", "new"), [("a", "b" * 300_000), ("aa", "c" * 1_000_000), ("aaa", "\n" * 100_000)])
def test_a_replacement_does_not_grow_beyond_what_a_note_can_hold(old: str, new: str) -> None:
    with pytest.raises(ToolError, match="too long for a note"):
        note_text.replaced("a" * 1000, old, new, everywhere=True)
    assert note_text.replaced("a" * 1000, "a", "bb", everywhere=True) == ("b" * 2000, 1000)


CRLF = "# A\r\n\r\n- [ ] one\r\n- [ ] two\r\n\r\n## B ##\r\n\r\ntext\r\nmore\r\n\r\n# C\r\nend"


@pytest.mark.parametrize(
    ("addition", "heading", "before", "after"),
    [
        ("- [ ] three\nx", "A", "more\r\n\r\n# C", "more\r\n\r\n- [ ] three\r\nx\r\n\r\n# C"),
        ("new", "b", "more\r\n", "more\r\n\r\nnew\r\n"),
        ("- x\n- y", None, "end", "end\r\n\r\n- x\r\n- y"),
    ],
)
def test_lines_end_as_in_the_note(addition: str, heading: str | None, before: str, after: str) -> None:
    assert note_text.appended(CRLF, addition, heading) == CRLF.replace(before, after)
    assert note_text.ticked(CRLF, "two", done=True)[0] == CRLF.replace("[ ] two", "[x] two")


@pytest.mark.parametrize(
    ("text", "old", "new", "after"),
    [
        ("a\nb\nc", "a\r\nb", "x\r\ny", "x\ny\nc"),
        ("a\r\nb\nc\r\nd", "b\nc", "x", "a\r\nx\r\nd"),
        ("a\r\nb\nc\r\nd", "a\nb", "x\ny", "x\r\ny\nc\r\nd"),
        ("a\nb\r\nc\nd", "\nc\n", "-", "a\nb-d"),
        (unicodedata.normalize("NFD", "d\u00e9j\u00e0 vu, et"), "d\u00e9j\u00e0 vu", "again", "again, et"),
        ("d\u00e9j\u00e0 vu, et", unicodedata.normalize("NFD", "d\u00e9j\u00e0 vu"), "again", "again, et"),
    ],
)
def test_what_looks_the_same_is_the_same_passage(text: str, old: str, new: str, after: str) -> None:
    assert note_text.replaced(text, old, new, everywhere=False) == (after, 1)


def test_a_refusal_has_the_positions_and_what_to_do() -> None:
    long = "x" * 500 + " needle " + "y" * 500 + " needle " + "z" * 500
    for text, old, words in (
        ("aaa", "aa", r"2 times"),
        (long, "needle", r"line 1: 'x+ needle y+'; line 1: 'y+ needle z+'"),
        ("- [ ] same\n- [ ] same", "same\n\n- [ ] same", "with these blanks and line breaks; it begins in line 1"),
        ("x\n\n## T\n\n- [ ] a", "## T\n- [ ] a", "it begins in line 3"),
    ):
        with pytest.raises(ToolError, match=words):
            note_text.replaced(text, old, "new", everywhere=False)
    with pytest.raises(ToolError, match="edit_note with a line before"):
        note_text.ticked("- [ ] same\n- [ ] same", "same", done=True)
    with pytest.raises(ToolError, match="edit_note changes what only one"):
        note_text.appended("# A\n\n# A", "x", "A")
    for blank in ("  ", "\n", "\r\n\t"):
        with pytest.raises(ToolError, match="text: it is blank"):
            note_text.appended("a", blank, None)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("  - [ ] b", "b"),
        ("\t- [ ] tab", "tab"),
        ("> - [ ] quoted", "quoted"),
        ("> > 1) [ ] twice", "twice"),
        ("* [ ] **bold** `code` task", "bold code task"),
        ("+ [ ] see [the page](https://example.org/a)", "see the page"),
        ("- [ ] " + unicodedata.normalize("NFD", "p\u00e2t\u00e9"), "P\u00c2T\u00c9"),
        ("- [ ] snake_case_name", "snake_case_name"),
    ],
)
def test_tasks_of_all_forms_are_ticked(line: str, named: str) -> None:
    text = f"Intro\n\n{line}\n"
    assert note_text.ticked(text, named, done=True)[0] == text.replace("[ ]", "[x]")


@pytest.mark.parametrize(
    "text",
    [
        "```\n- [ ] a\n```",
        "~~~~ md\n- [ ] a\n~~~\n~~~~",
        "> ```\n> - [ ] a\n> ```",
        "- x\n\n      ```\n      - [ ] a\n      ```",
        "- ```\n  - [ ] a\n  ```",
    ],
)
def test_a_task_in_code_is_none(text: str) -> None:
    with pytest.raises(ToolError, match="the note has no tasks"):
        note_text.ticked(text, "a", done=True)
    assert note_text.ticked(f"{text}\n\n- [ ] a", "a", done=True)[0] == f"{text}\n\n- [x] a"


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Title\n=====\n\nSub\n---\n\nx", [(0, 1, "Title"), (3, 2, "Sub")]),
        ("two\nlines\n===", [(0, 1, "two lines")]),
        ("Title\r\n===\r\n# A\r", [(0, 1, "Title"), (2, 1, "A")]),
        ("- item\n---", []),
        ("> quoted\n---", []),
        ("text\n\n---", []),
        ("- item\nlazy\n---", []),
        ("| a | b |\n| --- | --- |", []),
        ("---\ntags: [x]\n\n# A", [(3, 1, "A")]),
        ("```one line```\n\n# A", [(2, 1, "A")]),
        ("```\n# A\n```\n# B", [(3, 1, "B")]),
        ("***\n===", []),
    ],
)
def test_headings_with_a_line_below_are_headings(text: str, titles: list[tuple[int, int, str]]) -> None:
    assert [(row.line, row.level, row.title) for row in note_text.headings(text.split("\n"))] == titles


@pytest.mark.parametrize(
    ("heading", "named"),
    [
        ("## *Em* `code` [link](x)", "Em code link"),
        ("## *Em* `code` [link](x)", "## *Em* `code` [link](x)  "),
        (unicodedata.normalize("NFD", "# Ren\u00e9"), "ren\u00e9"),
        ("# snake_case ##\r", "snake_case"),
    ],
)
def test_a_section_is_named_as_it_is_read(heading: str, named: str) -> None:
    assert note_text.section(["x", heading, "y"], named) == (1, 3)


def test_repetitions_take_no_time() -> None:
    text = "a" * 1_000_000
    began = time.process_time()
    with pytest.raises(ToolError, match="times"):
        note_text.replaced(text, "a" * 400_000, "b", everywhere=False)
    with pytest.raises(ToolError, match="no task"):
        note_text.ticked("- [ ] " + "[" * 400_000, "x", done=True)
    for line in ("- " * 200_000, "> " * 200_000 + "`", "_" * 300_000 + "a", "* " * 200_000 + "a"):
        assert note_text.headings([line, "b"]) == []
    assert time.process_time() - began < 3


def test_what_has_no_list_is_cut_too() -> None:
    answer = fitted({"id": 1, "text": "\x01" * 60_000}, "t", paged=False)
    assert length(answer) <= MOST_CHARACTERS
    assert "Cut at" in str(answer["more"])
    row = fitted({"rows": [{"id": 1, "a": "x" * 60_000}], "total": 1}, "t", paged=True)
    assert length(row) <= MOST_CHARACTERS
