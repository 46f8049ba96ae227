"""What cannot be taken back is asked about first, where the client can be asked."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client
from mcp_types import ElicitResult
from tests.support.client import Api
from tests.support.mcp import Agent, with_sdk


class User:
    """Answers the questions of a client, and remembers them."""

    def __init__(self, action: str, *, confirm: bool | None = None) -> None:
        self.action, self.confirm = action, confirm
        self.asked: list[str] = []

    async def __call__(self, _: Any, params: Any) -> ElicitResult:
        self.asked.append(params.message)
        content = None if self.confirm is None else {"confirm": self.confirm}
        return ElicitResult(action=self.action, content=content)


def call(api: Api, agent: Agent, user: User | None, name: str, arguments: dict[str, Any], mode: str = "auto") -> Any:
    async def talk(client: Client) -> Any:
        return await client.call_tool(name, arguments)

    return with_sdk(api.url("/mcp"), agent.key, talk, mode=mode, elicitation_callback=user)


def things(agent: Agent) -> dict[str, dict[str, Any]]:
    """Something to lose for each of the four tools."""
    note = agent("create_note", title="With a file")["id"]
    agent.user.request("POST", f"notes/{note}/attachments/", files={"file": ("a.txt", b"1", "text/plain")})
    attachment = agent("list_attachments", note_id=note)["attachments"][0]["id"]
    binned = agent("create_note", title="Binned")["id"]
    agent("delete_note", note_id=binned)
    course = agent("create_course", title=f"To lose {note}")["id"]
    event = agent("create_event", title="To lose", event_date="2031-01-01")["id"]
    return {
        "delete_course": {"course_id": course},
        "delete_event": {"event_id": event},
        "delete_attachment": {"note_id": note, "attachment_id": attachment},
        "empty_recycle_bin": {},
    }


@pytest.mark.parametrize(
    "user", [User("decline"), User("cancel"), User("accept", confirm=False)], ids=["decline", "cancel", "no"]
)
def test_without_consent_nothing_changes(api: Api, agent: Agent, user: User) -> None:
    lost = things(agent)
    for name, arguments in lost.items():
        result = call(api, agent, user, name, arguments)
        assert result.is_error, name
        assert "nothing was changed" in result.content[0].text
    note = lost["delete_attachment"]["note_id"]
    assert user.asked == [
        f'Delete the course "To lose {note}" for good? Its notes move to the Inbox.',
        'Delete the event "To lose" of 2031-01-01 for good?',
        'Delete the file "a.txt" of the note "With a file" for good?',
        'Empty the recycle bin? What is in it is lost for good: "Binned".',
    ]
    for name, arguments in lost.items():
        call(api, agent, User("accept", confirm=True), name, arguments)  # all of it was still there
    assert agent("list_deleted_notes")["deleted_notes"] == []


def test_with_consent_it_is_done_once(api: Api, agent: Agent) -> None:
    for name, arguments in things(agent).items():
        user = User("accept", confirm=True)
        result = call(api, agent, user, name, arguments)
        assert not result.is_error
        assert len(user.asked) == 1
        made = [row for row in agent("list_recent_calls", tool=name, limit=2)["calls"] if row["outcome"] == "ok"]
        assert made


def test_nobody_is_asked_about_what_is_not_there(api: Api, agent: Agent, stranger: Agent) -> None:
    user = User("accept", confirm=True)
    note = agent("create_note", title="No files")["id"]
    for name, arguments in (
        ("delete_course", {"course_id": 999_999_999}),
        ("delete_event", {"event_id": things(stranger)["delete_event"]["event_id"]}),
        ("delete_attachment", {"note_id": note, "attachment_id": 999_999_999}),
        ("delete_attachment", {"note_id": things(stranger)["delete_attachment"]["note_id"], "attachment_id": 1}),
    ):
        result = call(api, agent, user, name, arguments)
        assert result.is_error
        assert "NotFound" in result.content[0].text
    assert user.asked == []


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_who_cannot_be_asked_is_not(api: Api, agent: Agent, mode: str) -> None:
    for name, arguments in things(agent).items():
        result = call(api, agent, None, name, arguments, mode)
        assert not result.is_error, result


def test_an_older_client_that_could_be_asked_is_not(api: Api, agent: Agent) -> None:
    """Its answer would have to reach the same replica; the tool's description has asked the agent to ask."""
    user = User("decline")
    event = agent("create_event", title="Old client", event_date="2031-01-01")["id"]
    result = call(api, agent, user, "delete_event", {"event_id": event}, "legacy")
    assert not result.is_error
    assert user.asked == []
