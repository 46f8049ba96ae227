"""Files that a text plainly means are attached, and code stays as it is (docs/notes.md, "Export and import")."""

from __future__ import annotations

from time import process_time

import pytest
from services.notes.tests.test_notes_import import files_of, notes_of, packed, taken
from tests.support.client import User

from notes_service.exchange import links

FILES: dict[str, bytes | str] = {"Script.pdf": b"pdf", "img/x y.png": b"png", "img/Photo.JPG": b"jpg"}


def imported(user: User, text: str) -> tuple[str, dict[str, str]]:
    """The text of a note that was imported beside the files, and their addresses by name."""
    data = packed({"note.md": text, **FILES})
    result = taken(user.request("POST", "notes/import/", files={"file": ("v.zip", data)}))
    assert result["errors"] == []
    note = notes_of(user)["note"]
    return note["content"], files_of(user, note)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("[[Script.pdf]]", "[Script.pdf]({Script.pdf})"),
        ("[[Script.pdf#page=3]]", "[Script.pdf]({Script.pdf}#page=3)"),
        ("[[Script.pdf#page=3|the third page]]", "[the third page]({Script.pdf}#page=3)"),
        ("![[x y.png|Waves at sea]]", "![Waves at sea]({x y.png})"),
        ("![[x y.png|300]]", "![x y.png|300]({x y.png})"),
        ("![[x y.png|300x200]]", "![x y.png|300x200]({x y.png})"),
        ("![[img/x y.png]]", "![img/x y.png]({x y.png})"),
        ("[s](Script.pdf#page=7)", "[s]({Script.pdf}#page=7)"),
        ('[s](<Script.pdf> "The script")', '[s]({Script.pdf} "The script")'),
        ("![v](img/x%20y.png)", "![v]({x y.png})"),
        ("![v](img\\x%20y.png)", "![v]({x y.png})"),
        ("![v](IMG/photo.jpg)", "![v]({Photo.JPG})"),
        ("![v](./img/../img/Photo.JPG)", "![v]({Photo.JPG})"),
        ("![v][r]\n\n[r]: Script.pdf 'title'", "![v][r]\n\n[r]: {Script.pdf} 'title'"),
        ("![r]\n\n  [r]: <img/x y.png>", "![r]\n\n  [r]: {x y.png}"),
        ('<a class="b" href="Script.pdf">s</a>', '<a class="b" href="{Script.pdf}">s</a>'),
        ("<a href=Script.pdf>s</a>", '<a href="{Script.pdf}">s</a>'),
        ("<img src = 'img/x y.png' width=40>", '<img src = "{x y.png}" width=40>'),
        ('<video src="img/Photo.JPG"></video>', '<video src="{Photo.JPG}"></video>'),
    ],
)
def test_a_file_that_the_text_means_is_attached(mine: User, text: str, becomes: str) -> None:
    content, urls = imported(mine, text)
    for name, url in urls.items():
        becomes = becomes.replace(f"{{{name}}}", url)
    assert len(urls) == 1
    assert content == becomes


@pytest.mark.parametrize(
    "code",
    [
        "`![[Script.pdf]]`",
        "``a ` [s](Script.pdf)``",
        "`over\ntwo lines [s](Script.pdf)`",
        "```\n![[Script.pdf]]\n```",
        "~~~md\n[s](Script.pdf)\n\n~~~",
        "> ```\n> <a href=Script.pdf>\n> ```",
        "    [s](Script.pdf)",
        "- one\n\n      [s](Script.pdf)",
        "1. ```\n   [r]: Script.pdf\n   ```",
        "```\nnever closed\n\n![[Script.pdf]]",
    ],
)
def test_links_in_code_stay_as_they_are(mine: User, code: str) -> None:
    text = f"intro\n\n{code}"
    content, urls = imported(mine, text)
    assert (content, urls) == (text, {})


def test_code_and_links_beside_each_other_are_told_apart(mine: User) -> None:
    text = (
        "`![[Script.pdf]]` ![[Script.pdf]] ```[s](Script.pdf)``` and a lonely ` [s](Script.pdf)\n\n    ![[Script.pdf]]"
    )
    content, urls = imported(mine, text)
    (url,) = urls.values()
    assert content == (
        f"`![[Script.pdf]]` ![Script.pdf]({url}) ```[s](Script.pdf)``` and a lonely ` [s]({url})\n\n    ![[Script.pdf]]"
    )


@pytest.mark.parametrize(
    "text",
    ["[[Another note]]", "[[note]]", "[n](note.md)", "[w](https://a.example/Script.pdf)", "[m](mailto:x@y.example)",
     "[t](#Script.pdf)", "[x](//host/Script.pdf)", "a [s] (Script.pdf) b", "[^1]: Script.pdf is fine", "[[gone.pdf]]"],
)  # fmt: skip
def test_what_is_no_file_stays(mine: User, text: str) -> None:
    content, urls = imported(mine, text)
    assert content == text or text.startswith("[^1]")
    assert not urls or text.startswith("[^1]")


@pytest.mark.parametrize(
    "text",
    ["`" * 200_000, "[" * 200_000, "> " * 100_000 + "![[a.png]]", "- " * 100_000, "*a_ " * 50_000 + "](b.png)",
     "\n".join("`" * (number % 90 + 1) + " ](a.png)" for number in range(20_000)), "<a href=" * 50_000],
)  # fmt: skip
def test_a_hostile_text_takes_no_longer_than_another_of_its_size(text: str) -> None:
    begun = process_time()
    assert links.relinked(text, dict.fromkeys(links.targets(text), "/media/x")) is not None
    assert process_time() - begun < 8
