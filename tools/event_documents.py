"""Who consumes which event: `python -m tools.event_documents` writes docs/events.md and docs/asyncapi.json.

The consumers are those of the `Subscription(...)` calls in the services, read from the source (ast): service, handler,
and the first sentence of the handler's docstring. Every replica consumes revocations too (`REVOCATION_SUBJECTS`).
"""

from __future__ import annotations

import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from notechondria_contracts.events.catalogue import CATALOGUE
from tools.contract_sections import ROOT
from tools.event_pages import Consumers, EventConsumer, asyncapi, markdown
from tools.pages import first_sentence

EVERY_REPLICA = "every replica"


def consumers(root: Path = ROOT) -> Consumers:
    """The consumers of each subject: services by their subscriptions, then every replica."""
    subjects = {event.__name__: subject for subject, event in CATALOGUE.items()}
    by_subject: dict[str, list[EventConsumer]] = defaultdict(list)
    for file in sorted(root.glob("services/*/*_service/**/*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        service = file.relative_to(root).parts[1]
        for event, handler in _subscribed(tree):
            if event not in subjects:
                raise ValueError(f"{file} subscribes to {event}, which is not in the catalogue")
            effect = first_sentence(_docstring(tree, handler))
            where = file.relative_to(root).as_posix()
            by_subject[subjects[event]].append(EventConsumer(service, handler, where, effect))
    for subject, consumer in _replicas(root):
        by_subject[subject].append(consumer)
    return by_subject


def _subscribed(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(event class, handler) of every `Subscription(source, {Event: handler, ...})`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Subscription":
            handlers = [*node.args[1:], *(one.value for one in node.keywords if one.arg == "handlers")]
            for mapping in handlers:
                if not isinstance(mapping, ast.Dict):
                    raise TypeError(f"a subscription writes its handlers out, not {ast.unparse(mapping)}")
                for event, handler in zip(mapping.keys, mapping.values, strict=True):
                    yield ast.unparse(event) if event else "", ast.unparse(handler)


def _docstring(tree: ast.Module, function: str) -> str | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function:
            return ast.get_docstring(node)
    return None


def _replicas(root: Path) -> Iterator[tuple[str, EventConsumer]]:
    """The subjects that each replica consumes by itself, patterns with `.>` resolved, with the method that does it."""
    for file in sorted(root.glob("shared/*/**/*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in tree.body:
            if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REVOCATION_SUBJECTS"):
                continue
            handler = _callback(tree)
            where = file.relative_to(root).as_posix()
            consumer = EventConsumer(EVERY_REPLICA, handler, where, first_sentence(_docstring(tree, handler)))
            for pattern in ast.literal_eval(node.value):
                yield from ((subject, consumer) for subject in CATALOGUE if _matches(subject, pattern))


def _matches(subject: str, pattern: str) -> bool:
    return subject.startswith(pattern[:-1]) if pattern.endswith(".>") else subject == pattern


def _callback(tree: ast.Module) -> str:
    """The method that `subscribe(subject, cb=self.method)` names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".subscribe"):
            for one in node.keywords:
                if one.arg == "cb" and isinstance(one.value, ast.Attribute):
                    return one.value.attr
    raise ValueError("nothing subscribes to REVOCATION_SUBJECTS")


def documents(root: Path = ROOT) -> dict[str, str]:
    """The text of each page by its path."""
    machine = json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n"
    return {"docs/events.md": markdown(consumers(root)), "docs/asyncapi.json": machine}


def main() -> None:
    """Write the pages, or with `--check` exit with 1 when one would change."""
    for page, text in documents().items():
        if "--check" not in sys.argv[1:]:
            (ROOT / page).write_text(text, encoding="utf-8")
        elif (ROOT / page).read_text(encoding="utf-8") != text:
            sys.exit(f"{page} is not what the code says: run `make docs`")


if __name__ == "__main__":
    main()
