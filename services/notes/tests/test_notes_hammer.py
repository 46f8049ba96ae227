"""Twenty threads on one note: every invariant holds afterwards, and the events say the same."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.client import User

THREADS, CALLS = 20, 12


def test_hammered_note_keeps_every_invariant(mine: User, look: Any) -> None:
    note = mine.post("notes/", {"title": "Anvil", "content": "# Anvil\n\nstart", "client_draft_id": "anvil"}).json()
    path = f"notes/{note['id']}/"

    def strike(seed: int) -> list[int]:
        dice = random.Random(seed)  # noqa: S311 - any choice will do, the same each time
        answers = []
        for number in range(CALLS):
            word = f"w{seed}x{number}"
            match dice.randrange(10):
                case 0 | 1 | 2:
                    answer = mine.post(f"{path}blocks/", {"block_type": dice.choice("NSLQC"), "text": word})
                case 3 | 4:
                    answer = mine.post(f"{path}snapshot/", {"reason": word})
                case 5 | 6:
                    answer = mine.patch(path, {"content": f"# Anvil\n\n{word}"})
                case 7:
                    answer = mine.delete(path)
                case 8:
                    answer = mine.post(f"{path}restore/")
                case _:
                    answer = mine.post("notes/", {"title": "Anvil", "content": word, "client_draft_id": "anvil"})
            answers.append(answer.status_code)
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = {status for answers in pool.map(strike, range(THREADS)) for status in answers}
    assert statuses <= {200, 201, 204, 404}
    assert {201, 404} <= statuses
    mine.post(f"{path}restore/")
    for number in range(14):
        assert mine.post(f"{path}snapshot/", {"reason": str(number)}).status_code == 201
    assert len(mine.get(f"{path}history/").json()) == 12

    final = mine.get(path).json()
    (row,) = look.all("SELECT deleted_at IS NOT NULL AS binned, revision FROM notes.notes WHERE id = %s", note["id"])
    entries = look.one("SELECT count(*) FROM notes.recycle_bin_entries WHERE note_id = %s", note["id"])
    assert entries == int(row["binned"]) == 0
    rows = look.all("SELECT position, block_id FROM notes.note_index WHERE note_id = %s ORDER BY position", note["id"])
    assert [place["position"] for place in rows] == list(range(len(rows)))
    assert [place["block_id"] for place in rows] == [block["id"] for block in final["blocks"]]
    owned = look.one("SELECT count(*) FROM notes.note_blocks WHERE note_id = %s", note["id"])
    assert owned == len(rows)
    rendered = " ".join(final["content"].split())
    # The title block of a text without a heading is the note's title, which the text need not hold.
    texts = [block["text"] for block in final["blocks"] if block["block_type"] != "T"]
    assert all(" ".join(text.split()) in rendered for text in texts)

    published = look.all(
        "SELECT subject, envelope->'data' AS data FROM notes.outbox "
        "WHERE subject LIKE 'notes.note.%%' AND (envelope->'data'->>'note_id')::bigint = %s ORDER BY id",
        note["id"],
    )
    assert [event["data"]["revision"] for event in published] == list(range(1, row["revision"] + 1))
    binned = False
    for event in published:
        happened = event["subject"].rpartition(".")[2]
        assert (happened == "restored") == (binned and happened != "trashed")
        assert not (binned and happened == "trashed")
        binned = happened == "trashed"
    assert not binned
    searchable = look.one("SELECT searchable FROM notes.note_search WHERE note_id = %s", note["id"])
    assert searchable == f"{final['title']} {final['description']} {final['content']}".lower()
