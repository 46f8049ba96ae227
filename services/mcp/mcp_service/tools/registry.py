"""The tools' common form: title, the four annotations, compact schemas, results as JSON and as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import BaseModel
from pydantic_core import to_json

Function = TypeVar("Function", bound=Callable[..., Any])


class ProductTool(Tool):
    """A tool of the product; whatever else is on a server (fixtures of tests) is left to the SDK."""

    @property
    def reads_only(self) -> bool:
        """True when a read-only key may call it."""
        return bool(self.annotations and self.annotations.read_only_hint)

    def takes_null(self, argument: str) -> bool:
        """True when null is a value of the argument and not merely a way to leave it out."""
        described = self.parameters["properties"].get(argument, {})
        return "null" in described.get("type", ())


class ToolRegistry:
    """Collects tools in the order of their registration."""

    def __init__(self) -> None:
        self.tools: list[ProductTool] = []

    def reading(self, title: str) -> Callable[[Function], Function]:
        """A tool that changes nothing."""
        return self._add(title, read_only=True, idempotent=True)

    def writing(
        self, title: str, *, idempotent: bool = False, destructive: bool = False, open_world: bool = False
    ) -> Callable[[Function], Function]:
        """A tool that changes something; `destructive` when what it removes cannot be had back."""
        return self._add(title, idempotent=idempotent, destructive=destructive, open_world=open_world)

    def _add(
        self,
        title: str,
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
            self.tools.append(tool)
            return function

        return register


def compact(schema: Any) -> Any:
    """A JSON schema without titles and null defaults, `anyOf` with null as a list of types (mcp §5)."""
    if isinstance(schema, list):
        return [compact(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: {key: compact(value) for key, value in part.items()} if name in {"properties", "$defs"} else compact(part)
        for name, part in schema.items()
        if not (name == "title" and isinstance(part, str)) and name != "additionalProperties"
    }
    kinds = found.get("anyOf")
    if kinds and len(kinds) == 2 and kinds[1] == {"type": "null"} and "type" in kinds[0]:
        del found["anyOf"]
        kept = {name: part for name, part in found.items() if not (name == "default" and part is None)}
        found = {**kinds[0], **kept, "type": [kinds[0]["type"], "null"]}
    return found


def compact_output(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a result, small enough for a list that every agent reads: no prose, shapes where they are used, and
    no lists of required keys (all keys of a result are always there)."""
    definitions = schema.get("$defs", {})

    def inlined(part: Any) -> Any:
        if isinstance(part, list):
            return [inlined(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return inlined(definitions[part["$ref"].rpartition("/")[2]])
        return {
            name: {key: inlined(value) for key, value in inner.items()} if name == "properties" else inlined(inner)
            for name, inner in part.items()
            if name not in {"$defs", "required"} and not (name == "description" and isinstance(inner, str))
        }

    slim: dict[str, Any] = compact(inlined(schema))
    return slim


def as_result(value: Any) -> CallToolResult | InputRequiredResult:
    """What a tool returned, as structured content and as one JSON object in text (mcp §3)."""
    if isinstance(value, CallToolResult | InputRequiredResult):
        return value
    assert isinstance(value, BaseModel)  # noqa: S101 - every tool of the house returns a model
    content = value.model_dump(mode="json")
    return CallToolResult(content=[TextContent(text=to_json(content).decode())], structured_content=content)
