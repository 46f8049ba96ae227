"""Markdown to blocks and back loses no line, whatever the text and whatever is done to the blocks (notes §6.2)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.client import User
from tests.support.processor import at_most

from notechondria_launcher.stack import Stack
from notes_service.blocks.markdown import MOST_BLOCKS, block_markdown, to_blocks, to_markdown, uncovered
from notes_service.blocks.schemas import BlockDraft

LINES = st.one_of(
    st.sampled_from(
        ["# A", "## B", "### C", "#", "# ", "##x", "```", "```py", "~~~~", "    code", "> q", "- l", "1. n",
         "| a | b |", "---", "***", "", "   ", "\t", "<b>", "![a](b)", "[a](b)", "$$x$$", "a  ", "\\# no",
         " # A", "#  two  blanks"]
    ),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20),
)  # fmt: skip
MARKDOWN = st.lists(LINES, max_size=14).map("\n".join)


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def holds(whole: str, part: str) -> bool:
    rest = iter(lines(whole))
    return all(line in rest for line in lines(part))


@pytest.mark.contract("notes §6.2")
@settings(max_examples=400, deadline=None)
@given(MARKDOWN)
def test_every_line_survives_in_order(text: str) -> None:
    rendered = to_markdown(to_blocks(text, "Title"), "Title")
    assert holds(rendered, text)
    assert uncovered(text, rendered) == ""
    assert to_markdown(to_blocks(rendered, "Title"), "Title") == rendered


@pytest.mark.contract("notes §6.2")
@settings(max_examples=200, deadline=None)
@given(MARKDOWN, MARKDOWN)
def test_what_blocks_do_not_hold_is_found(text: str, poor: str) -> None:
    rendered = to_markdown([BlockDraft("N", poor)], "Title")
    left = uncovered(text, rendered)
    together = lines(f"{rendered}\n\n{left}")
    assert all(line in together for line in lines(text))
    assert uncovered(rendered, rendered) == ""


@pytest.mark.contract("notes §6.3")
def test_the_markdown_of_one_block() -> None:
    for draft, expected in (
        (BlockDraft("C", "x\ny", "py"), "```py\nx\ny\n```"),
        (BlockDraft("C", "```\nx"), "````\n```\nx\n````"),
        (BlockDraft("Q", "a\nb"), "> a\n> b"),
        (BlockDraft("Q", "a", "Me"), "> a\n> -- cited from: Me"),
        (BlockDraft("I", "alt", "http://a"), "![alt](http://a)"),
        (BlockDraft("T", "Title"), "# Title"),
        (BlockDraft("L", "a\nb"), "- a\n- b"),
    ):
        assert block_markdown(draft) == expected


CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from("TSNUEPCQILH"), MARKDOWN),
        st.tuples(st.just("reorder"), st.just(""), st.just("")),
        st.tuples(st.just("change"), st.sampled_from("TSNUEPCQILH"), st.just("")),
    ),
    max_size=4,
)


@pytest.mark.contract("notes §6.2")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=MARKDOWN, poor=st.booleans(), calls=CALLS)
def test_no_sequence_of_block_calls_shrinks_a_note(mine: User, text: str, poor: bool, calls: list[Any]) -> None:
    body: dict[str, Any] = {"title": "T", "content": text}
    if poor:
        body["blocks"] = [{"block_type": "N", "text": "poor"}]
    note = mine.post("notes/", body).json()
    path = f"notes/{note['id']}/"
    kept = sorted(word for line in lines(note["content"]) for word in line.split())
    for call, kind, given_text in calls:
        before = mine.get(path).json()
        ids = [block["id"] for block in before["blocks"]]
        if call == "append":
            answer = mine.post(f"{path}blocks/", {"block_type": kind, "text": given_text})
            after = lines(mine.get(path).json()["content"])
            assert all(line in after for line in lines(before["content"]))
        elif call == "reorder":
            answer = mine.post(f"{path}reorder/", {"ordered_block_ids": ids[::-1]})
        else:
            answer = mine.patch(f"blocks/{ids[-1]}/", {"block_type": "N" if kind == "C" else kind})
        assert answer.status_code in {200, 201}, answer.text
    there = " ".join(mine.get(path).json()["content"].split())
    assert all(word in there for word in kept)


@pytest.mark.contract("notes §6.2")
@pytest.mark.parametrize("filling", [" ", "\n", "\u00a0 \t", "# \n", "```\n"])
def test_long_runs_take_no_longer_than_other_text(mine: User, filling: str, stack: Stack) -> None:
    text = f"a\n{filling * (40_000 // len(filling))}b"
    with at_most(3, stack, "notes"):
        note = mine.post("notes/", {"title": "T", "content": text}).json()
        assert note["content"] == text
        assert mine.post(f"notes/{note['id']}/blocks/", {"block_type": "N", "text": "more"}).status_code == 201


@pytest.mark.contract("notes §6.2")
def test_many_lines_that_the_blocks_do_not_hold_are_found_at_once(mine: User, stack: Stack) -> None:
    text, poor = ("\n".join(f"{word} {number}" for number in range(20_000)) for word in ("line", "block"))
    note = mine.post("notes/", {"title": "T", "content": text, "blocks": [{"text": poor}]}).json()
    with at_most(3, stack, "notes"):
        assert mine.post(f"notes/{note['id']}/blocks/", {"block_type": "N", "text": "more"}).status_code == 201
    assert mine.get(f"notes/{note['id']}/").json()["content"] == f"# T\n\n{poor}\n\n{text}\n\nmore"


@pytest.mark.contract("notes §6.2")
def test_a_text_of_headings_does_not_become_any_number_of_blocks(mine: User) -> None:
    text = "\n\n".join(f"# {number}" for number in range(2 * MOST_BLOCKS))
    note = mine.post("notes/", {"title": "T", "content": text}).json()
    assert len(note["blocks"]) == MOST_BLOCKS + 1
    ids = [block["id"] for block in note["blocks"]]
    assert mine.post(f"notes/{note['id']}/reorder/", {"ordered_block_ids": ids}).status_code == 200
    assert mine.get(f"notes/{note['id']}/").json()["content"] == text
