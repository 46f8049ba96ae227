"""Beyond the tools: resources, templates, completion and prompts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference
from tests.support.client import Api
from tests.support.mcp import Agent, with_sdk

NOTE = ResourceTemplateReference(uri="notechondria://notes/{uuid}")
COURSE = ResourceTemplateReference(uri="notechondria://courses/{course_id}")
MODES = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])


@MODES
def test_templates_and_resources(api: Api, agent: Agent, mode: str) -> None:
    course = agent("create_course", title=f"Resources {mode}")
    note = agent("create_note", title="Readable", content="# Text\n\nof it", course_id=course["id"])
    today = datetime.now(UTC).date()

    async def talk(client: Client) -> tuple[Any, ...]:
        templates = await client.list_resource_templates()
        listed = await client.list_resources()
        read = [
            await client.read_resource(f"notechondria://{path}")
            for path in (f"notes/{note['uuid']}", f"courses/{course['id']}", f"week/{today}")
        ]
        return templates, listed, read

    templates, listed, read = with_sdk(api.url("/mcp"), agent.key, talk, mode=mode)
    assert [template.uri_template for template in templates.resource_templates] == [
        "notechondria://notes/{uuid}",
        "notechondria://courses/{course_id}",
        "notechondria://week/{start_date}",
    ]
    monday = today - timedelta(days=today.weekday())
    uris = [str(resource.uri) for resource in listed.resources]
    assert uris[0] == f"notechondria://week/{monday}"
    assert f"notechondria://notes/{note['uuid']}" in uris
    assert f"notechondria://courses/{course['id']}" in uris
    text, of_course, week = (result.contents[0] for result in read)
    assert (text.mime_type, text.text) == ("text/markdown", "# Text\n\nof it")
    assert json.loads(of_course.text)["notes"][0]["id"] == note["id"]
    assert json.loads(week.text)["start_date"] == str(today)


def test_resources_that_are_not_there(api: Api, agent: Agent, stranger: Agent) -> None:
    hidden = stranger("create_note", title="Hidden")

    async def read(client: Client, uri: str) -> int | None:
        with pytest.raises(MCPError) as refusal:
            await client.read_resource(uri)
        return refusal.value.error.code

    for uri in (
        f"notes/{hidden['uuid']}",
        "notes/nonsense",
        "notes/..%2F..%2Fsettings",
        "courses/999999999",
        "courses/abc",
        "week/tomorrow",
        "nothing/1",
    ):
        code = with_sdk(api.url("/mcp"), agent.key, lambda client: read(client, f"notechondria://{uri}"))
        assert code == -32602


@MODES
def test_completion(api: Api, mode: str) -> None:
    agent = Agent(api, api.register())
    note = agent("create_note", title="Zanzibar trip")
    course = agent("create_course", title=f"Zoology {mode}")

    async def talk(client: Client) -> list[list[str]]:
        asked: list[tuple[Any, dict[str, str]]] = [
            (NOTE, {"name": "uuid", "value": "zanzi"}),
            (NOTE, {"name": "uuid", "value": note["uuid"][:8]}),
            (COURSE, {"name": "course_id", "value": f"zoology {mode}"}),
            (PromptReference(name="capture"), {"name": "course", "value": f"zoology {mode}"}),
            (PromptReference(name="plan_week"), {"name": "start_date", "value": str(datetime.now(UTC).date())}),
            (PromptReference(name="capture"), {"name": "thought", "value": "x"}),
        ]
        return [(await client.complete(ref, argument)).completion.values for ref, argument in asked]

    values = with_sdk(api.url("/mcp"), agent.key, talk, mode=mode)
    assert values[0] == [note["uuid"]]
    assert values[1] == [note["uuid"]]
    assert values[2] == [str(course["id"])]
    assert values[3] == [f"Zoology {mode}"]
    assert values[4] == [str(datetime.now(UTC).date())]
    assert values[5] == []


@MODES
def test_prompts(api: Api, agent: Agent, mode: str) -> None:
    async def talk(client: Client) -> tuple[list[str], list[str]]:
        listed = [prompt.name for prompt in (await client.list_prompts()).prompts]
        given: dict[str, dict[str, str]] = {
            "capture": {"thought": "Buy tea", "course": "Home"},
            "weekly_review": {"start_date": "2031-05-05"},
            "plan_week": {"goals": "thesis"},
            "tidy_bin": {},
        }
        got = [await client.get_prompt(name, arguments) for name, arguments in given.items()]
        return listed, [str(getattr(prompt.messages[0].content, "text", "")) for prompt in got]

    names, texts = with_sdk(api.url("/mcp"), agent.key, talk, mode=mode)
    assert names == ["capture", "weekly_review", "plan_week", "tidy_bin"]
    for text, words in zip(texts, ("Buy tea", "2031-05-05", "thesis", "empty_recycle_bin"), strict=True):
        assert words in text
