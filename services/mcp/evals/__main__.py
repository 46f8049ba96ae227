"""Ask a model the questions and give it the tasks: `python -m services.mcp.evals`.

    NOTECHONDRIA_URL      where the deployment is
    NOTECHONDRIA_API_KEY  a key that may write, of an account that is new and used for nothing else
    EVAL_API_URL          a chat API of OpenAI's form, up to /chat/completions
    EVAL_API_KEY          its key
    EVAL_MODEL            the model

The account is filled first. Exit code 1 when one of the twenty went wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import httpx
from services.mcp.evals.account import seeded
from services.mcp.evals.chat import ChatModel
from services.mcp.evals.client import McpClient
from services.mcp.evals.questions import QUESTIONS
from services.mcp.evals.tasks import TASKS

NEEDED = ("NOTECHONDRIA_URL", "NOTECHONDRIA_API_KEY", "EVAL_API_URL", "EVAL_MODEL")
NOT_NEW = "This account has notes already: take a new one, for what is in it is changed and deleted."


def run(environment: Mapping[str, str]) -> int:
    """Print a line for each question and task; the exit code."""
    if missing := [name for name in NEEDED if not environment.get(name)]:
        print(f"Set {', '.join(missing)} (see the head of services/mcp/evals/__main__.py).", file=sys.stderr)
        return 2
    with httpx.Client(timeout=60) as http:
        url, key = environment["NOTECHONDRIA_URL"].rstrip("/"), environment["NOTECHONDRIA_API_KEY"]
        mcp = McpClient(http, url, key)
        model = ChatModel(
            http, environment["EVAL_API_URL"], environment.get("EVAL_API_KEY", ""), environment["EVAL_MODEL"]
        )
        notes = mcp.rest("GET", "notes/?scope=personal&limit=1")
        if not isinstance(notes, dict) or not isinstance(notes["total"], int) or notes["total"] > 1:
            print(NOT_NEW, file=sys.stderr)
            return 2
        return _ask(mcp, model)


def _ask(mcp: McpClient, model: ChatModel) -> int:
    account = seeded(mcp.rest)
    wrong = 0
    for question in QUESTIONS:
        answer = model.answer(question.text, mcp)
        wrong += not (right := question.matches(answer))
        _say(mcp, question.name, right=right, note="" if right else f"{answer!r} for {question.answer!r}")
    for task in TASKS:
        model.answer(task.text, mcp)
        wrong += not (right := task.is_done(mcp.rest, account))
        _say(mcp, task.name, right=right, note="")
    print(f"{len(QUESTIONS) + len(TASKS) - wrong} of {len(QUESTIONS) + len(TASKS)} right")
    return int(wrong > 0)


def _say(mcp: McpClient, name: str, *, right: bool, note: str) -> None:
    """One line; how many calls it took, how many of them failed, and how many characters were read."""
    failed = sum(answer.is_error for answer in mcp.answers)
    read = sum(len(answer.text) for answer in mcp.answers)
    counts = f"{len(mcp.answers):2} calls, {failed} failed, {read} characters"
    print(f"{'right' if right else 'WRONG'}  {name:14} {counts}  {note}".rstrip())
    mcp.answers.clear()


if __name__ == "__main__":
    sys.exit(run(os.environ))
