"""Request bodies: JSON, form and multipart into one pydantic model, refused with the contract's shapes.

An endpoint of an `api_router` (`web.route`) takes `body: CreateNote`. The route class checks the login, reads the body
and lets FastAPI bind it; what cannot be decoded is refused by the model, after the endpoint's dependencies, so that an
unknown or foreign id is 404 whatever the body holds (notes §5.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import from_json
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

from notechondria_contracts.fields import validation_messages
from notechondria_contracts.fields.rules import json_type
from notechondria_shared.core.errors import ApiError, BadRequest, NonFieldError, UnsupportedMediaType
from notechondria_shared.core.forwarded import client_address, client_network
from notechondria_shared.web.body_budget import BUDGET, BodyHold

TEXT_LIMIT = 20 * 1024 * 1024
"""Bytes of a body that may hold a note's text (identity §1, decision 2)."""
BODY_LIMIT = 1024 * 1024
"""Bytes of any other body without a file (decision 41)."""
FORM_LIMIT = 64 * 1024
"""Bytes of a body of names, codes and choices: sign-in, settings (decision 41)."""
STRUCTURE_LIMIT = 1024 * 1024
"""Bytes of JSON outside its strings: `[[],[],...` takes twenty times its size once it is read."""
ENDED = "The request ended before its body did."
_STRINGS = re.compile(rb'"(?>(?:[^"\\]++|\\.)*)"', re.DOTALL)
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class BodyTooLarge(BadRequest):
    """400: the body is larger than its endpoint takes."""

    def __init__(self, limit: int) -> None:
        size = f"{limit // 1024 // 1024} MiB" if limit >= 1024 * 1024 else f"{limit // 1024} KiB"
        super().__init__(f"Request refused: Backend.Http/body — it is larger than {size}.")


class BodyEnded(BadRequest):
    """400: the client left, or broke its own framing."""

    def __init__(self) -> None:
        super().__init__(ENDED)


class Undecodable:
    """Stands for a body that is no JSON, no form, or of an unknown type, until the model refuses it."""

    def __init__(self, refusal: ApiError) -> None:
        self.refusal = refusal


class Body(BaseModel):
    """Base of request bodies: unknown keys are ignored, `sent` says which keys were there."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    limit: ClassVar[int] = BODY_LIMIT
    """Bytes that the body may have: `TEXT_LIMIT` where it holds a note's text, `FORM_LIMIT` where it is a form."""
    plain_text: ClassVar[bool] = False
    """True for the bodies that the apps send as `text/plain` or without a type (identity §1)."""

    @model_validator(mode="before")
    @classmethod
    def _require_object(cls, value: object) -> object:
        # An `ApiError` passes through pydantic as it is: the answer is its own, not a list of failing fields.
        if isinstance(value, Undecodable):
            raise value.refusal
        if not isinstance(value, dict):
            raise NonFieldError(validation_messages.NOT_AN_OBJECT.format(type=json_type(value)))
        return value

    def sent(self, name: str) -> bool:
        """True when the request held the key, whatever its value."""
        return name in self.model_fields_set

    def changes(self) -> dict[str, object]:
        """The keys that were sent, with their values: what a PATCH applies."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class SmallBody(Body):
    """A body of names, codes and choices."""

    limit: ClassVar[int] = FORM_LIMIT


def example(**fields: Any) -> ConfigDict:
    """The `model_config` of a model with one example for its OpenAPI schema."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


BodyT = TypeVar("BodyT", bound=Body)


class DescribedBody:
    """Describes to OpenAPI which bodies a route takes that reads its body by itself; does nothing when called."""

    def __init__(self, models: tuple[type[Body], ...], files: tuple[str, ...] = ()) -> None:
        self.models, self.files = models, files

    async def __call__(self) -> None:
        """Nothing: the route reads the body."""


def describe_body(*models: type[Body], files: tuple[str, ...] = ()) -> Any:
    """For `dependencies=[...]` of a route: its body is one of `models`, with `files` as parts when multipart.

    Without models the body is multipart and the files are required.
    """
    return Depends(DescribedBody(models, files))


def client_of(request: Request) -> str:
    """Whose share of the budget a body takes: the user's, else the network's."""
    caller = getattr(request.state, "caller", None)
    return f"user {caller.user_id}" if caller else client_network(client_address(request))


async def read_limited(request: Request, limit: int, hold: BodyHold) -> bytes:
    """The raw body, at most `limit` bytes (400 beyond), counted in `hold` (503 when there is no room for it)."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLarge(limit)
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(limit)
            hold.add(len(chunk))
            chunks.append(chunk)
    except ClientDisconnect:
        raise BodyEnded from None
    return b"".join(chunks)


def read_json(data: bytes) -> Any:
    """JSON as plain values. `ValueError` when it is none, or when it is nearly all brackets and commas."""
    if len(data) > STRUCTURE_LIMIT and len(_STRINGS.sub(b'"', data)) > STRUCTURE_LIMIT:
        message = f"more than {STRUCTURE_LIMIT} bytes outside of its strings"
        raise ValueError(message)
    return from_json(data, allow_inf_nan=False)


async def parse(request: Request, hold: BodyHold, *, limit: int = BODY_LIMIT, plain_text: bool = False) -> Any:
    """The body as plain values: an object for forms, whatever JSON says otherwise; `{}` when empty."""
    content_type = request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    data = await read_limited(request, limit, hold)
    if media_type in _FORMS:
        return await _parse_form(request, data, limit)
    if not data:
        return {}
    if media_type != "application/json" and not (plain_text and media_type in {"", "text/plain"}):
        raise UnsupportedMediaType(content_type[:120])
    try:
        return read_json(data)
    except ValueError as error:
        raise BadRequest(f"JSON parse error - {error}") from None


async def parse_small(request: Request, *, limit: int = FORM_LIMIT, plain_text: bool = False) -> Any:
    """As `parse`, for the endpoints that read their body by themselves."""
    with BUDGET.hold(client_of(request)) as hold:
        return await parse(request, hold, limit=limit, plain_text=plain_text)


async def decode(request: Request, hold: BodyHold, model: type[Body]) -> object:
    """As `parse`, with what cannot be decoded as a value of its own; a body that is too large is refused at once."""
    try:
        return await parse(request, hold, limit=model.limit, plain_text=model.plain_text)
    except (BodyTooLarge, BodyEnded):
        raise
    except (BadRequest, UnsupportedMediaType) as refusal:
        return Undecodable(refusal)


async def _parse_form(request: Request, data: bytes, limit: int) -> dict[str, Any]:
    async def replay() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    request = Request(request.scope, replay)
    try:
        async with request.form(max_files=0, max_fields=1000, max_part_size=limit) as form:
            return {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
    except (MultiPartException, ApiError) as error:
        raise BadRequest(f"Form parse error - {getattr(error, 'message', error)}") from None
    except Exception as error:
        detail = getattr(error, "detail", None)
        if detail is None:
            raise
        raise BadRequest(f"Form parse error - {detail}") from None


def validate(model: type[BodyT], value: Any) -> BodyT:
    """`value` as `model`, or the contract's 400 with all failing fields."""
    if not isinstance(value, dict):
        raise NonFieldError(validation_messages.NOT_AN_OBJECT.format(type=json_type(value)))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise ApiError(field_errors(error), status=400) from None


def well_formed(model: type[BodyT], value: Any, refused: ApiError) -> BodyT:
    """What `refused` finds nothing wrong with in a body: as `model`, all of whose fields have defaults.

    For the checks that need the database, so that all failing fields are reported together (identity §3.1).
    """
    fine = {name: sent for name, sent in value.items() if name not in refused.body} if isinstance(value, dict) else {}
    return validate(model, fine)


def field_errors(error: ValidationError) -> dict[str, list[str]]:
    """pydantic's errors as `{"field": ["text"]}` in the contract's words."""
    problems = error.errors(include_url=False, include_input=False)
    return failing_fields((problem["loc"], problem["type"], problem["msg"]) for problem in problems)


def failing_fields(problems: Iterable[tuple[tuple[int | str, ...], str, str]]) -> dict[str, list[str]]:
    """Location, type and text of each problem as `{"field": ["text"]}`."""
    fields: dict[str, list[str]] = {}
    for location, kind, message in problems:
        name = str(location[0]) if location else "non_field_errors"
        fields.setdefault(name, []).append(validation_messages.REQUIRED if kind == "missing" else message)
    return fields
