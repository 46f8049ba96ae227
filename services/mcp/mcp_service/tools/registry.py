"""The tools' common form: title, the four annotations, compact schemas, results as JSON and as text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar, cast

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import BaseModel, JsonValue, PrivateAttr
from pydantic_core import to_json

from notechondria_contracts.scopes import NOTES_READ, NOTES_WRITE, PLANNER_READ, PLANNER_WRITE, PROFILE

Function = TypeVar("Function", bound=Callable[..., Awaitable[BaseModel]])


Area = Literal["notes", "planner", "profile", "calls"]
"""What a tool works on."""
_READ: dict[Area, frozenset[str]] = {
    "notes": frozenset({NOTES_READ}),
    "planner": frozenset({PLANNER_READ}),
    "profile": frozenset({PROFILE}),
    # The log shows what other agents did with all of it.
    "calls": frozenset({NOTES_READ, PLANNER_READ}),
}
_WRITE: dict[Area, frozenset[str] | None] = {
    "notes": frozenset({NOTES_READ, NOTES_WRITE}),
    "planner": frozenset({PLANNER_READ, PLANNER_WRITE}),
    "profile": None,
    "calls": frozenset({NOTES_READ, NOTES_WRITE, PLANNER_READ, PLANNER_WRITE}),
}


class ProductTool(Tool):
    """A tool of the product; whatever else is on a server (fixtures of tests) is left to the SDK."""

    _needs: frozenset[str] | None = PrivateAttr(default=None)

    @property
    def reads_only(self) -> bool:
        """True when a read-only key may call it."""
        return bool(self.annotations and self.annotations.read_only_hint)

    @property
    def needs(self) -> frozenset[str] | None:
        """The scopes that a program needs to call it; None when no scope allows it."""
        return self._needs

    def takes_null(self, argument: str) -> bool:
        """True when null is a value of the argument and not merely a way to leave it out."""
        described = self.parameters["properties"].get(argument, {})
        return "null" in described.get("type", ())


class ToolRegistry:
    """Collects tools in the order of their registration. `area` is what those registered next work on."""

    def __init__(self) -> None:
        self.tools: list[ProductTool] = []
        self.area: Area = "notes"

    def reading(self, title: str, *, area: Area | None = None) -> Callable[[Function], Function]:
        """A tool that changes nothing; `area` when it reads another one than its module is about."""
        return self._add(title, _READ[area or self.area], read_only=True, idempotent=True)

    def writing(
        self,
        title: str,
        *,
        reads: Area | None = None,
        idempotent: bool = False,
        destructive: bool = False,
        open_world: bool = False,
    ) -> Callable[[Function], Function]:
        """A tool that changes something; `destructive` when what it removes cannot be had back. `reads`: what it looks
        at beside its own area."""
        needs = _WRITE[self.area]
        if needs is not None and reads is not None:
            needs |= _READ[reads]
        return self._add(title, needs, idempotent=idempotent, destructive=destructive, open_world=open_world)

    def _add(
        self,
        title: str,
        needs: frozenset[str] | None,
        *,
        read_only: bool = False,
        destructive: bool = False,
        idempotent: bool = False,
        open_world: bool = False,
    ) -> Callable[[Function], Function]:
        annotations = ToolAnnotations(
            read_only_hint=read_only,
            destructive_hint=destructive,
            idempotent_hint=idempotent,
            open_world_hint=open_world,
        )

        def register(function: Function) -> Function:
            tool = ProductTool.from_function(function, title=title, annotations=annotations)
            assert isinstance(tool, ProductTool)  # noqa: S101 - from_function makes the class it is called on
            tool.description = " ".join(tool.description.split())
            tool.parameters = {"required": [], **compact(tool.parameters)}
            if tool.fn_metadata.output_schema:
                tool.fn_metadata.output_schema = compact_output(tool.fn_metadata.output_schema)
            tool._needs = needs  # noqa: SLF001 - the SDK's constructor takes no fields of ours
            self.tools.append(tool)
            return function

        return register


Schema = dict[str, JsonValue]


def compact(schema: Schema) -> Schema:
    """A JSON schema without titles and null defaults, `anyOf` with null as a list of types (mcp §5)."""
    slim: Schema = {
        name: {key: _compact(value) for key, value in part.items()}
        if name in {"properties", "$defs"} and isinstance(part, dict)
        else _compact(part)
        for name, part in schema.items()
        if not (name == "title" and isinstance(part, str)) and name != "additionalProperties"
    }
    match slim.get("anyOf"):
        case [dict() as value, {"type": "null", **others}] if "type" in value and not others:
            del slim["anyOf"]
            rest = {name: part for name, part in slim.items() if not (name == "default" and part is None)}
            return {**value, **rest, "type": [value["type"], "null"]}
    return slim


def _compact(part: JsonValue) -> JsonValue:
    if isinstance(part, list):
        return [_compact(item) for item in part]
    return compact(part) if isinstance(part, dict) else part


def compact_output(schema: Schema) -> Schema:
    """The schema of a result, small enough for a list that every agent reads: no prose, shapes where they are used, and
    no lists of required keys (all keys of a result are always there)."""
    definitions = cast("Schema", schema.get("$defs", {}))

    def inlined(part: JsonValue) -> JsonValue:
        if isinstance(part, list):
            return [inlined(item) for item in part]
        if not isinstance(part, dict):
            return part
        if isinstance(reference := part.get("$ref"), str):
            return inlined(definitions[reference.rpartition("/")[2]])
        return {
            name: {key: inlined(value) for key, value in inner.items()}
            if name == "properties" and isinstance(inner, dict)
            else inlined(inner)
            for name, inner in part.items()
            if name not in {"$defs", "required"} and not (name == "description" and isinstance(inner, str))
        }

    return compact(cast("Schema", inlined(schema)))


def as_result(value: object) -> CallToolResult | InputRequiredResult:
    """What a tool returned, as structured content and as one JSON object in text (mcp §3)."""
    if isinstance(value, CallToolResult | InputRequiredResult):
        return value
    assert isinstance(value, BaseModel)  # noqa: S101 - every tool returns a model
    content = value.model_dump(mode="json")
    return CallToolResult(content=[TextContent(text=to_json(content).decode())], structured_content=content)
