"""Tools on the profile and on notes (mcp §5.1, §5.2), each beside its twin in REST."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.client import eventually
from tests.support.mcp import Agent

BRIEF = {
    "id",
    "uuid",
    "title",
    "description",
    "is_public",
    "editor_mode",
    "note_type",
    "course_id",
    "last_edit",
    "date_created",
}
DETAIL = BRIEF | {"content", "metadata_json", "blocks"}
MADE_BY_SERVER = {"id", "uuid", "last_edit", "date_created", "client_draft_id"}


def note_row(agent: Agent, note_id: int) -> dict[str, Any]:
    """What REST says of a note, without what differs from row to row."""
    note = agent.user.get(f"notes/{note_id}/").json()
    blocks = [(block["block_type"], block["text"], block["args"]) for block in note["blocks"]]
    return {**{key: value for key, value in note.items() if key not in MADE_BY_SERVER}, "blocks": blocks}


@pytest.mark.contract("mcp §5.1")
def test_the_profile_is_read_and_changed(agent: Agent) -> None:
    profile = agent("get_profile")
    settings = agent.user.get("settings/").json()
    assert profile == {
        name: settings[name]
        for name in (
            "username",
            "email",
            "first_name",
            "last_name",
            "motto",
            "social_link",
            "editor_mode",
            "theme_preset",
            "theme_mode",
        )
    }
    given = {"motto": "Slow and steady", "first_name": "Mira", "editor_mode": "G", "social_link": "https://x.example"}
    assert agent("update_profile", **given) == {"updated": True}
    after = agent("get_profile")
    assert {name: after[name] for name in given} == given
    assert after["last_name"] == profile["last_name"]
    assert agent("update_profile", editor_mode="X", motto="") == {"updated": True}  # outside the enum: ignored
    assert agent("get_profile")["editor_mode"] == "G"
    assert agent("get_profile")["motto"] == ""
    assert "motto" in agent.fails("update_profile", motto="x" * 101)
    assert agent("update_profile", motto="x" * 100, last_name="B") == {"updated": True}
    assert (agent("get_profile")["motto"], agent("get_profile")["last_name"]) == ("x" * 100, "B")
    assert agent("update_profile") == {"updated": True}
    assert not any("ntc_" in str(value) for value in agent("get_profile").values())
    assert "social_link" in agent.fails("update_profile", social_link="no address")


@pytest.mark.contract("mcp §5.2", "mcp §4")
def test_create_note_leaves_the_rows_of_rest(agent: Agent) -> None:
    course = agent("create_course", title="For notes")
    body = {
        "title": "Eigenvalues",
        "content": "# Eigenvalues\n\nA scalar.\n\n## Proof\n\nSee there.",
        "description": "Two proofs",
        "course_id": course["id"],
        "is_public": True,
        "editor_mode": "G",
    }
    by_tool = agent("create_note", **body)
    by_rest = agent.user.post("notes/", body).json()
    assert by_tool.keys() == DETAIL
    assert note_row(agent, by_tool["id"]) == note_row(agent, by_rest["id"])
    for block in by_tool["blocks"]:
        assert block.keys() == {"id", "block_type", "text", "args"}
    plain = agent("create_note", title="Only a title")
    assert (plain["is_public"], plain["course_id"], plain["editor_mode"]) == (False, None, "G")  # G: the profile's
    assert note_row(agent, plain["id"]) == note_row(
        agent, agent.user.post("notes/", {"title": "Only a title"}).json()["id"]
    )


@pytest.mark.contract("mcp §5.2", "mcp §4")
def test_list_notes_filters_and_pages(agent: Agent) -> None:
    made = [agent("create_note", title=f"Listed {number}", content="needle in hay")["id"] for number in range(3)]
    page = agent("list_notes", query="NEEDLE IN", limit=2)
    assert page.keys() == {"total", "offset", "limit", "notes"}
    assert (page["total"], page["offset"], page["limit"]) == (3, 0, 2)
    assert [note["id"] for note in page["notes"]] == [made[2], made[1]]
    assert page["notes"][0].keys() == BRIEF
    assert [note["id"] for note in agent("list_notes", query="needle in", limit=2, offset=2)["notes"]] == [made[0]]
    assert agent("list_notes", limit=1000)["limit"] == 100
    assert agent("list_notes", limit=0, offset=-5)["offset"] == 0
    assert agent("list_notes", course_id=999_999_999)["notes"] == []
    assert agent("list_notes", query="100%_")["total"] == 0
    assert agent("list_notes", course_id=None, query=None)["total"] == agent("list_notes")["total"]


@pytest.mark.contract("mcp §5.2")
def test_list_notes_looks_at_own_titles_and_texts(agent: Agent, stranger: Agent) -> None:
    course = agent("create_course", title="Filter")["id"]
    by_title = agent("create_note", title="A Quokka", course_id=course)["id"]
    by_text = agent("create_note", title="Other", content="of quokkas")["id"]
    agent("create_note", title="Neither", description="quokka")
    binned = agent("create_note", title="quokka in the bin")["id"]
    agent("delete_note", note_id=binned)
    stranger("create_note", title="quokka of others", is_public=True)
    assert {note["id"] for note in agent("list_notes", query="QUOKKA")["notes"]} == {by_title, by_text}
    assert [note["id"] for note in agent("list_notes", query="quokka", course_id=course)["notes"]] == [by_title]
    assert [note["id"] for note in agent("list_notes", course_id=course)["notes"]] == [by_title]


@pytest.mark.contract("mcp §5.2")
def test_create_note_has_defaults_and_limits(agent: Agent) -> None:
    agent("update_profile", editor_mode="B")

    def created() -> Any:
        note = agent("create_note", title="x" * 100)
        return note if note["editor_mode"] == "B" else None

    # Who somebody is comes with the calls between the services, and is asked for anew when the event is there.
    made = eventually(created)
    assert {name: made[name] for name in ("description", "course_id", "is_public", "editor_mode", "note_type")} == {
        "description": "",
        "course_id": None,
        "is_public": False,
        "editor_mode": "B",
        "note_type": "N",
    }
    assert made["blocks"]
    for mode in "GBP":
        assert agent("create_note", title="Mode", editor_mode=mode)["editor_mode"] == mode
    agent("update_profile", editor_mode="G")
    assert "title" in agent.fails("update_note", note_id=made["id"], title="x" * 101)
    assert "NotFound" in agent.fails("update_note", note_id=made["id"], course_id=999_999_999)
    unchanged = agent("get_note", note_id=made["id"])
    assert unchanged == made
    touched = agent("update_note", note_id=made["id"], description="d")
    assert {**touched, "description": "", "last_edit": made["last_edit"]} == made
    assert touched["last_edit"] > made["last_edit"]
    public = agent("update_note", note_id=made["id"], is_public=True, content="# New\n\ntext")
    assert (public["is_public"], public["content"]) == (True, "# New\n\ntext")
    assert public["blocks"] != made["blocks"]


@pytest.mark.contract("mcp §5.2")
def test_a_note_is_read_changed_and_deleted(agent: Agent) -> None:
    note = agent("create_note", title="Before", content="One", description="d")
    assert agent("get_note", note_id=note["id"]) == note
    assert agent("get_note", note_id=str(note["id"])) == note
    course = agent("create_course", title="A home")
    after = agent("update_note", note_id=note["id"], title="After", course_id=course["id"])
    assert (after["title"], after["content"], after["description"], after["course_id"]) == (
        "After",
        "One",
        "d",
        course["id"],
    )
    assert after["last_edit"] > note["last_edit"]
    assert after["last_edit"].endswith("+00:00")
    assert agent("update_note", note_id=note["id"], title=None)["title"] == "After"  # null is absent
    assert agent("update_note", note_id=note["id"], course_id=None)["course_id"] is None  # but here it is a value
    assert agent("update_note", note_id=note["id"], content='{"a": 1}')["content"] == '{"a": 1}'
    assert agent("delete_note", note_id=note["id"]) == {"deleted": True, "note_id": note["id"]}
    assert "NotFound" in agent.fails("get_note", note_id=note["id"])
    assert note["id"] in [row["id"] for row in agent("list_deleted_notes")["deleted_notes"]]


@pytest.mark.contract("mcp §5.2")
def test_update_leaves_the_rows_of_rest(agent: Agent) -> None:
    ids = [agent("create_note", title="Twins", content="Same")["id"] for _ in range(2)]
    change = {"content": "# Other\n\ntext", "description": "new", "is_public": True}
    agent("update_note", note_id=ids[0], **change)
    assert agent.user.patch(f"notes/{ids[1]}/", change).status_code == 200
    assert note_row(agent, ids[0]) == note_row(agent, ids[1])


@pytest.mark.contract("mcp §5.2", "mcp §6")
def test_search_notes_finds_pieces_of_text_in_its_scope(agent: Agent, stranger: Agent) -> None:
    mine = agent("create_note", title="Zymurgy basics", content="yeast")
    public = stranger("create_note", title="zymurgy of others", is_public=True)
    stranger("create_note", title="zymurgy in private")
    found = agent("search_notes", query="  ZYMURGY ")
    assert found.keys() == {"query", "count", "notes"}
    assert (found["query"], found["count"]) == ("ZYMURGY", 1)
    assert found["notes"][0]["id"] == mine["id"]
    everywhere = agent("search_notes", query="zymurgy", scope="all")
    assert {note["id"] for note in everywhere["notes"]} == {mine["id"], public["id"]}
    assert agent("search_notes", query="zymurgie")["count"] == 0  # a piece of text, no guessing
    agent("delete_note", note_id=mine["id"])
    stranger("delete_note", note_id=public["id"])
    assert agent("search_notes", query="zymurgy", scope="all") == {"query": "zymurgy", "count": 0, "notes": []}
    blank = agent("search_notes", query="   ")
    assert blank.keys() == {"error"}
    assert isinstance(blank["error"], str)
    assert "scope" in agent.fails("search_notes", query="x", scope="world")


@pytest.mark.contract("mcp §5.2")
def test_get_note_by_uuid_shows_own_and_public_notes(agent: Agent, stranger: Agent) -> None:
    mine = agent("create_note", title="By uuid")
    assert agent("get_note_by_uuid", uuid=mine["uuid"].upper())["id"] == mine["id"]
    shared = stranger("create_note", title="Shared", is_public=True)
    assert agent("get_note_by_uuid", uuid=shared["uuid"])["title"] == "Shared"
    assert agent("get_note_by_uuid", uuid=shared["uuid"]).keys() == DETAIL
    binned = agent("create_note", title="Binned by uuid", is_public=True)
    agent("delete_note", note_id=binned["id"])
    assert "NotFound" in agent.fails("get_note_by_uuid", uuid=binned["uuid"])
    assert "NotFound" in stranger.fails("get_note_by_uuid", uuid=binned["uuid"])
    hidden = stranger("create_note", title="Hidden")
    unknown = "00000000-0000-4000-8000-000000000000"
    texts = {agent.fails("get_note_by_uuid", uuid=uuid).replace(uuid, "U") for uuid in (hidden["uuid"], unknown)}
    assert len(texts) == 1  # a private note cannot be distinguished from a missing one
    for uuid in ("../../settings", "", "x" * 500):
        assert "BadArgument: uuid: " in agent.fails("get_note_by_uuid", uuid=uuid)


@pytest.mark.contract("mcp §5.2", "mcp §4")
@pytest.mark.parametrize("tool", ["get_note", "update_note", "delete_note"])
def test_foreign_notes_are_missing_notes(agent: Agent, stranger: Agent, tool: str) -> None:
    private = stranger("create_note", title="Private")
    public = stranger("create_note", title="Public", is_public=True)
    binned = agent("create_note", title="Binned")
    agent("delete_note", note_id=binned["id"])
    for note_id in (private["id"], public["id"], binned["id"], 999_999_999):
        assert "NotFound" in agent.fails(tool, note_id=note_id)
    private_text = agent.fails(tool, note_id=private["id"]).replace(str(private["id"]), "N")
    assert private_text == agent.fails(tool, note_id=999_999_999).replace("999999999", "N")


@pytest.mark.contract("mcp §5.2", "mcp §3")
def test_a_failed_call_changes_nothing(agent: Agent) -> None:
    before = agent("list_notes")["total"]
    for arguments in (
        {"title": ""},
        {"title": "x" * 101},
        {"title": "x", "course_id": 999_999_999},
        {"title": "x", "editor_mode": "M"},
        {"title": "a\x00b"},
        {"title": "x", "description": "d" * 601},
    ):
        agent.fails("create_note", **arguments)
    assert agent("list_notes")["total"] == before
