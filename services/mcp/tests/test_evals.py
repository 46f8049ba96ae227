"""The questions and tasks of the evals on the plain path: schemas, errors and sizes stay good enough for an agent that
makes no detour. No model is asked; the chat API is played."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from services.mcp.evals.__main__ import run
from services.mcp.evals.account import Account, seeded
from services.mcp.evals.client import McpClient
from services.mcp.evals.questions import QUESTIONS
from services.mcp.evals.tasks import TASKS
from tests.support.client import Api

from mcp_service.tools.sizes import MOST_CHARACTERS

MOST_READ = 27_000
"""Characters that an agent reads for one question or task: one long answer and some short ones."""


@pytest.fixture(scope="module")
def mcp(api: Api) -> Iterator[McpClient]:
    with httpx.Client(timeout=30, trust_env=False) as http:
        yield McpClient(http, api.stack.url, api.register().rotate_key())


@pytest.fixture(scope="module")
def account(mcp: McpClient) -> Account:
    return seeded(mcp.rest)


def first(mcp: McpClient, query: str) -> dict[str, Any]:
    notes: Any = mcp.call("search_notes", {"query": query}).content["notes"]
    found: dict[str, Any] = notes[0]
    return found


def text(mcp: McpClient, note_id: int, **more: Any) -> str:
    return str(mcp.call("get_note", {"note_id": note_id, **more}).content["content"])


def binned(mcp: McpClient, title: str) -> int:
    rows: Any = mcp.call("list_deleted_notes", {}).content["deleted_notes"]
    found: int = next(row["id"] for row in rows if row["title"] == title)
    return found


def events(mcp: McpClient, **arguments: Any) -> list[dict[str, Any]]:
    rows: Any = mcp.call("list_events", arguments).content["events"]
    return list(rows)


ANSWERS: dict[str, Callable[[McpClient], object]] = {
    "count_course": lambda mcp: mcp.call("list_course_notes", {"course_id": "Cell Biology"}).content["total"],
    "quote": lambda mcp: first(mcp, "the map is not the territory")["title"],
    "long_note": lambda mcp: (
        text(mcp, first(mcp, "lab journal")["id"], section="Constants").split("K = ")[1].split()[0]
    ),
    "open_events": lambda mcp: mcp.call("list_events", {"from_date": "2031-03-01", "to_date": "2031-03-31"}).content[
        "total"
    ],
    "exam": lambda mcp: next(row["event_date"] for row in events(mcp) if "exam" in row["title"]),
    "ranked": lambda mcp: first(mcp, "eigenvalue problems")["title"],
    "bin": lambda mcp: text(mcp, binned(mcp, "Old plan"), include_deleted=True).split("move to ")[1].split()[0],
    "tasks": lambda mcp: text(mcp, first(mcp, "packing list")["id"]).count("- [ ]"),
    "local_time": lambda mcp: next(row["starts_at"] for row in events(mcp) if row["title"] == "Study group")[11:16],
    "count_word": lambda mcp: mcp.call("list_notes", {"query": "mitochondria"}).content["total"],
}


def with_note(tool: str, query: str, **arguments: Any) -> Callable[[McpClient], object]:
    return lambda mcp: mcp.call(tool, {"note_id": first(mcp, query)["id"], **arguments})


def reschedule(mcp: McpClient) -> None:
    group = next(row["id"] for row in events(mcp, from_date="2031-03-17") if row["title"] == "Study group")
    times = {"starts_at": "2031-03-18T16:30", "ends_at": "2031-03-18T18:00"}
    mcp.call("update_event", {"event_id": group, **times})


def complete(mcp: McpClient) -> None:
    report = next(row["id"] for row in events(mcp) if "lab report" in row["title"])
    mcp.call("update_event", {"event_id": report, "is_completed": True})


def of_course(mcp: McpClient, title: str) -> list[Any]:
    rows: Any = mcp.call("list_course_notes", {"course_id": title}).content["notes"]
    return [row["id"] for row in rows]


def empty_in_part(mcp: McpClient) -> None:
    mcp.call("restore_deleted_note", {"note_id": binned(mcp, "Insurance")})
    mcp.call("purge_notes", {"note_ids": [binned(mcp, "Spam")]})


DOINGS: dict[str, Callable[[McpClient], object]] = {
    "create": lambda mcp: mcp.call(
        "create_note", {"title": "Photosynthesis", "content": "Light becomes sugar.", "course_id": "Cell Biology"}
    ),
    "append": with_note("append_to_note", "Shopping list", text="- Oat milk"),
    "tick": with_note("tick_task", "Packing list", task="Passport"),
    "replace": with_note("edit_note", "Invitation", old_text="Sunday", new_text="Monday"),
    "under_heading": with_note("append_to_note", "Lab journal", text="- Who moved sample 3?", heading="Open questions"),
    "move": lambda mcp: mcp.call("move_notes", {"note_ids": of_course(mcp, "Old semester"), "course_id": "Archive"}),
    "complete": complete,
    "reschedule": reschedule,
    "bin": empty_in_part,
    "tag": lambda mcp: mcp.call(
        "set_note_fields", {"note_ids": of_course(mcp, "Linear Algebra"), "fields": {"tags": ["exam"]}}
    ),
}


def checked(mcp: McpClient) -> None:
    """What was read since the last check: no error, nothing too large, few calls."""
    assert 1 <= len(mcp.answers) <= 4
    for answer in mcp.answers:
        assert not answer.is_error, answer.text
        assert len(answer.text) <= MOST_CHARACTERS, answer.tool
    assert sum(len(answer.text) for answer in mcp.answers) <= MOST_READ
    mcp.answers.clear()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_each_question_has_its_answer(mcp: McpClient, account: Account, question: Any) -> None:
    assert account.notes
    answer = ANSWERS[question.name](mcp)
    assert question.matches(str(answer)), answer
    assert not question.matches("something else")
    checked(mcp)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_each_task_can_be_done(mcp: McpClient, account: Account, task: Any) -> None:
    assert not task.is_done(mcp.rest, account)
    DOINGS[task.name](mcp)
    checked(mcp)
    assert task.is_done(mcp.rest, account)


def test_there_are_ten_of_each() -> None:
    assert [question.name for question in QUESTIONS] == list(ANSWERS)
    assert [task.name for task in TASKS] == list(DOINGS)
    assert (len(QUESTIONS), len(TASKS)) == (10, 10)


class PlayedModel(BaseHTTPRequestHandler):
    """Answers the first question right, after one call that fails and one that does not; nothing else."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/v1/chat/completions"
        assert self.headers["Authorization"] == "Bearer played"
        assert {tool["function"]["name"] for tool in body["tools"]} >= {"search_notes", "edit_note"}
        said = json.dumps(self._message(body["messages"])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def _message(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        results = [message["content"] for message in messages if message["role"] == "tool"]
        message: dict[str, Any] = {"role": "assistant", "content": "I do not know.\nANSWER: nothing"}
        if "Cell Biology" in messages[1]["content"] and "How many" in messages[1]["content"]:
            if len(results) < 2:
                arguments = '{"course": "Cell Biology"}' if not results else '{"course_id": "Cell Biology"}'
                function = {"name": "list_course_notes", "arguments": arguments}
                call = {"id": f"call-{len(results)}", "type": "function", "function": function}
                message = {"role": "assistant", "content": None, "tool_calls": [call]}
            else:
                assert "did you mean course_id" in results[0]
                message["content"] = f"It has some.\nANSWER: {json.loads(results[1])['total']}"
        return {"choices": [{"message": message}]}

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_model_behind_a_chat_api_is_asked(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), PlayedModel)
    thread = Thread(target=server.serve_forever)
    thread.start()
    user = api.register()
    environment = {
        "NOTECHONDRIA_URL": api.stack.url,
        "NOTECHONDRIA_API_KEY": user.rotate_key(),
        "EVAL_API_URL": f"http://127.0.0.1:{server.server_address[1]}/v1",
        "EVAL_API_KEY": "played",
        "EVAL_MODEL": "played",
    }
    try:
        assert run(environment) == 1
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 21
        assert lines[0].startswith("right  count_course    2 calls, 1 failed")
        assert lines[1].startswith("WRONG  quote")
        assert lines[-1] == "1 of 20 right"
        assert run(environment) == 2  # not a new account any more
        assert run({}) == 2
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
