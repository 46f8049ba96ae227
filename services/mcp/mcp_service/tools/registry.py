"""The tools' common form: title, the four annotations, compact schemas, results as JSON and as text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from mcp_types import Tool as ListedTool
from pydantic import BaseModel, PrivateAttr
from pydantic_core import from_json, to_json

from mcp_service.agent import Toolset
from mcp_service.tools.forms import (
    Schema,
    added_keys,
    compact,
    compact_output,
    full_form,
    full_output,
    plain_form,
)
from mcp_service.tools.sizes import MOST_CHARACTERS, fitted
from notechondria_contracts.scopes import NOTES_READ, NOTES_WRITE, PLANNER_READ, PLANNER_WRITE, PROFILE
from notechondria_shared.web.answers import encoded

Function = TypeVar("Function", bound=Callable[..., Awaitable[BaseModel | Mapping[str, object]]])


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


MOST_IN_SIGHT = "anthropic/maxResultSizeChars"
"""Key of `_meta` by which clients of Anthropic's keep an answer of so many characters in sight."""


@dataclass(frozen=True, slots=True)
class JsonResult:
    """What a tool answered, as the JSON of an object: written once, for the text and for the structured content
    (mcp §3)."""

    text: str

    def as_json(self) -> bytes:
        """The result of `tools/call`."""
        structured = self.text.encode()
        return b'{"content":[{"type":"text","text":%b}],"structuredContent":%b}' % (encoded(self.text), structured)

    def as_sdk_result(self) -> CallToolResult:
        """The same for the SDK."""
        return CallToolResult(content=[TextContent(text=self.text)], structured_content=from_json(self.text))


ToolOutcome = JsonResult | InputRequiredResult
"""The answer of a tool, or a question to the user."""


class ProductTool(Tool):
    """A tool of the product; whatever else is on a server (fixtures of tests) is left to the SDK."""

    _needs: frozenset[str] | None = PrivateAttr(default=None)
    _toolset: Toolset = PrivateAttr(default="notes")
    _plain: tuple[Schema, Schema, str] | None = PrivateAttr(default=None)
    _added: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def reads_only(self) -> bool:
        """True when a read-only key may call it."""
        return bool(self.annotations and self.annotations.read_only_hint)

    @property
    def needs(self) -> frozenset[str] | None:
        """The scopes that a program needs to call it; None when no scope allows it."""
        return self._needs

    @property
    def toolset(self) -> Toolset:
        """By which name a connection asks for it."""
        return self._toolset

    @property
    def is_plain(self) -> bool:
        """True for a tool of the contract: plain clients see it in their list."""
        return self._plain is not None

    @property
    def added_arguments(self) -> frozenset[str]:
        """The arguments that a plain client does not see."""
        return self._added

    @property
    def arguments(self) -> list[str]:
        """The names of all arguments."""
        return list(self.parameters["properties"])

    @property
    def required(self) -> list[str]:
        """The names of the arguments that must be sent."""
        return [str(name) for name in self.parameters["required"]]

    def takes_null(self, argument: str) -> bool:
        """True when null is a value of the argument and not merely a way to leave it out."""
        described = self.parameters["properties"].get(argument, {})
        return "null" in described.get("type", ())

    def as_result(self, value: object, *, whole: bool) -> ToolOutcome:
        """What the tool returned; cut to what an agent reads, unless it is to be `whole`."""
        if isinstance(value, InputRequiredResult):
            return value
        if isinstance(value, BaseModel):
            text = value.model_dump_json()
        else:
            assert isinstance(value, dict)  # noqa: S101 - every other tool returns a TypedDict of plain values
            text = encoded(value).decode()
        if not whole and len(text) > MOST_CHARACTERS:
            content = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
            text = to_json(fitted(content, self.name, paged="offset" in self.arguments)).decode()
        return JsonResult(text)

    def listed(self, *, plain: bool) -> ListedTool | None:
        """The tool as a list has it; None when a plain client does not see it."""
        parameters, output, description, meta = self.parameters, self.output_schema, self.description, self.meta
        if plain:
            if self._plain is None:
                return None
            (parameters, output, description), meta = self._plain, None
        return ListedTool(
            name=self.name,
            title=self.title,
            description=description,
            input_schema=parameters,
            output_schema=output,
            annotations=self.annotations,
            _meta=meta,
        )


class ToolRegistry:
    """Collects tools in the order of their registration. `area` is what those registered next work on, `toolset` the
    name that a connection asks for them by."""

    def __init__(self) -> None:
        self.tools: list[ProductTool] = []
        self.area: Area = "notes"
        self.toolset: Toolset = "notes"

    def reading(
        self, title: str, *, area: Area | None = None, plain: bool | str = True, largest: int = 0
    ) -> Callable[[Function], Function]:
        """A tool that changes nothing; `area` when it reads another one than its module is about. `plain` is false for
        one that the contract does not have, or a text: the description for plain clients, where newer ones get
        something else. `largest`: characters of its answers, where they may be many."""
        return self._add(
            title,
            _READ[area or self.area],
            toolset="notes" if area == "notes" else None,
            read_only=True,
            idempotent=True,
            plain=plain,
            largest=largest,
        )

    def writing(
        self,
        title: str,
        *,
        reads: Area | None = None,
        idempotent: bool = False,
        destructive: bool = False,
        open_world: bool = False,
        plain: bool | str = True,
    ) -> Callable[[Function], Function]:
        """A tool that changes something; `destructive` when what it removes cannot be had back. `reads`: what it looks
        at beside its own area."""
        needs = _WRITE[self.area]
        if needs is not None and reads is not None:
            needs |= _READ[reads]
        return self._add(
            title, needs, idempotent=idempotent, destructive=destructive, open_world=open_world, plain=plain
        )

    def _add(
        self,
        title: str,
        needs: frozenset[str] | None,
        *,
        toolset: Toolset | None = None,
        read_only: bool = False,
        destructive: bool = False,
        idempotent: bool = False,
        open_world: bool = False,
        plain: bool | str = True,
        largest: int = 0,
    ) -> Callable[[Function], Function]:
        annotations = ToolAnnotations(
            read_only_hint=read_only,
            destructive_hint=destructive,
            idempotent_hint=idempotent,
            open_world_hint=open_world,
        )

        def register(function: Function) -> Function:
            meta = {MOST_IN_SIGHT: largest} if largest else None
            tool = ProductTool.from_function(function, title=title, annotations=annotations, meta=meta)
            assert isinstance(tool, ProductTool)  # noqa: S101 - from_function makes the class it is called on
            tool.description = " ".join(tool.description.split())
            parameters: Schema = {"required": [], **compact(tool.parameters)}
            output = compact_output(tool.fn_metadata.output_schema or {})
            tool.parameters, tool.fn_metadata.output_schema = full_form(parameters), full_output(output)
            tool._needs = needs  # noqa: SLF001 - the SDK's constructor takes no fields of ours
            tool._toolset = toolset or self.toolset  # noqa: SLF001
            tool._added = added_keys(parameters)  # noqa: SLF001
            if plain:
                described = plain if isinstance(plain, str) else tool.description
                tool._plain = plain_form(parameters), plain_form(output), described  # noqa: SLF001
            self.tools.append(tool)
            return function

        return register
