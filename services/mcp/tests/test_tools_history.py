"""Tools on versions, attachments and the recycle bin (mcp §5.6)."""

from __future__ import annotations

import pytest
from tests.support.mcp import Agent


@pytest.mark.contract("mcp §5.6", "mcp §6")
def test_versions_are_taken_listed_and_restored(agent: Agent) -> None:
    note = agent("create_note", title="First", content="one")
    snapshot = agent("snapshot_note", note_id=note["id"])
    assert snapshot.keys() == {"version_id", "date_created"}
    assert snapshot["date_created"].endswith("+00:00")
    agent("update_note", note_id=note["id"], title="Second", content="two")
    agent("snapshot_note", note_id=note["id"], reason="r" * 40)
    listed = agent("list_note_versions", note_id=note["id"])
    assert listed["note_id"] == note["id"]
    assert [(row["title"], row["reason"]) for row in listed["versions"]] == [("Second", "r" * 32), ("First", "mcp")]
    assert listed["versions"][0].keys() == {"id", "title", "reason", "date_created"}
    restored = agent("restore_note_version", note_id=note["id"], version_id=snapshot["version_id"])
    assert (restored["title"], restored["content"]) == ("First", "one")
    newest = agent("list_note_versions", note_id=note["id"])["versions"][0]
    assert newest["title"] == "Second"
    assert newest["reason"] == "before_restore_mcp"
    assert agent("get_note", note_id=note["id"])["content"] == "one"
    assert [row["id"] for row in agent.user.get(f"notes/{note['id']}/history/").json()] == [
        row["id"] for row in agent("list_note_versions", note_id=note["id"])["versions"]
    ]
    for _ in range(13):
        agent("snapshot_note", note_id=note["id"])
    assert len(agent("list_note_versions", note_id=note["id"])["versions"]) == 12


@pytest.mark.contract("mcp §5.6")
def test_a_version_belongs_to_its_note(agent: Agent) -> None:
    first, second = (agent("create_note", title=title)["id"] for title in ("One", "Two"))
    version = agent("snapshot_note", note_id=first)["version_id"]
    assert "NotFound" in agent.fails("restore_note_version", note_id=second, version_id=version)
    assert agent("list_note_versions", note_id=second)["versions"] == []


@pytest.mark.contract("mcp §5.6")
def test_attachments_are_listed_and_deleted(agent: Agent, stranger: Agent) -> None:
    note = agent("create_note", title="With files")["id"]
    for name in ("a.txt", "b.txt"):
        answer = agent.user.request(
            "POST", f"notes/{note}/attachments/", files={"file": (name, b"12345", "text/plain")}
        )
        assert answer.status_code == 201, answer.text
    listed = agent("list_attachments", note_id=note)
    assert listed["note_id"] == note
    assert [(row["original_filename"], row["file_size"]) for row in listed["attachments"]] == [
        ("b.txt", 5),
        ("a.txt", 5),
    ]
    first = listed["attachments"][0]
    assert first.keys() == {"id", "original_filename", "file_size", "content_type", "date_created"}
    assert "NotFound" in stranger.fails("delete_attachment", note_id=note, attachment_id=first["id"])
    url = agent.user.get(f"notes/{note}/attachments/").json()[0]["url"]
    assert agent.user.api.http.get(url, headers=agent.user.headers).content == b"12345"
    assert agent("delete_attachment", note_id=note, attachment_id=first["id"]) == {
        "deleted": True,
        "attachment_id": first["id"],
    }
    assert agent.user.api.http.get(url, headers=agent.user.headers).status_code == 404  # the file went as well
    assert "NotFound" in agent.fails("delete_attachment", note_id=note, attachment_id=first["id"])
    assert [row["original_filename"] for row in agent("list_attachments", note_id=note)["attachments"]] == ["a.txt"]


@pytest.mark.contract("mcp §5.6")
def test_binned_notes_are_listed_restored_and_emptied(agent: Agent) -> None:
    course = agent("create_course", title="Of the binned")["id"]
    ids = [agent("create_note", title=f"Binned {number}", course_id=course)["id"] for number in range(3)]
    for note_id in ids:
        agent("delete_note", note_id=note_id)
    listed = agent("list_deleted_notes")["deleted_notes"]
    assert [row["id"] for row in listed][:3] == list(reversed(ids))
    assert listed[0].keys() == {"id", "title", "description", "course_id", "deleted_at"}
    assert listed[0]["course_id"] == course
    restored = agent("restore_deleted_note", note_id=ids[0])
    assert (restored["id"], restored["is_public"]) == (ids[0], False)
    assert "NotFound" in agent.fails("restore_deleted_note", note_id=ids[0])
    kept = agent("create_note", title="Not in the bin")["id"]
    assert "NotFound" in agent.fails("restore_deleted_note", note_id=kept)
    count = len(agent("list_deleted_notes")["deleted_notes"])
    assert agent("empty_recycle_bin") == {"deleted_count": count}
    assert agent("list_deleted_notes") == {"deleted_notes": []}
    assert agent("empty_recycle_bin") == {"deleted_count": 0}
    assert "NotFound" in agent.fails("restore_deleted_note", note_id=ids[1])


@pytest.mark.contract("mcp §5.6", "mcp §4")
@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("list_note_versions", {}),
        ("snapshot_note", {}),
        ("restore_note_version", {"version_id": 1}),
        ("list_attachments", {}),
        ("delete_attachment", {"attachment_id": 1}),
        ("restore_deleted_note", {}),
    ],
)
def test_history_of_foreign_notes_is_not_reached(
    agent: Agent, stranger: Agent, tool: str, more: dict[str, int]
) -> None:
    private = stranger("create_note", title="Private")["id"]
    public = stranger("create_note", title="Public", is_public=True)["id"]
    binned = stranger("create_note", title="Binned")["id"]
    stranger("delete_note", note_id=binned)
    for note_id in (private, public, binned, 999_999_999):
        text = agent.fails(tool, note_id=note_id, **more)
        assert "NotFound" in text or "Forbidden" in text
    assert binned in [row["id"] for row in stranger("list_deleted_notes")["deleted_notes"]]
