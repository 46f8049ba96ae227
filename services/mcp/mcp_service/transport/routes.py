"""The endpoint `/mcp` and `/mcp/` (mcp §1): checks in the contract's order, then one of two dispatchers.

Requests of newer clients (`transport.generation`) go to the SDK's transport, stateless, JSON answers. All others come
from plain clients of the first generation.
"""

from __future__ import annotations

from uuid import uuid4

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from pydantic import JsonValue
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_service.agent import AGENT_KEY, Agent
from mcp_service.names import PROCESS
from mcp_service.transport import plain as plain_dispatch
from mcp_service.transport.challenge import check_call, with_challenge
from mcp_service.transport.envelope import INVALID_REQUEST, PARSE_ERROR, bad_envelope, rpc_error
from mcp_service.transport.generation import (
    SESSION_HEADER,
    VERSION_HEADER,
    client_name,
    is_plain,
    session_id_of,
    speaks_sdk,
)
from mcp_service.transport.state import McpState
from mcp_service.transport.toolsets import selected
from notechondria_shared.auth import Caller
from notechondria_shared.auth.caller import authenticate
from notechondria_shared.auth.credentials import KEY_PREFIX, access_token
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.errors import INVALID_KEY, ApiError, BadRequest, Forbidden, TooManyRequests, Unauthorized
from notechondria_shared.web.answers import Json
from notechondria_shared.web.body import BODY_LIMIT, client_of, read_json, read_limited
from notechondria_shared.web.body_budget import BUDGET, BodyHold
from notechondria_shared.web.cors import origin_allowed
from notechondria_shared.web.errors import answer as error_answer
from notechondria_shared.web.router import Router

FOREIGN_ORIGIN = f"Request refused: {PROCESS}/origin — pages of this origin may not call it."
"""Against pages that make a browser call a server it can reach (MCP 2025-11-25, transports, "Security Warning")."""


class McpEndpoint:
    """The ASGI endpoint of MCP."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        if (origin := request.headers.get("origin")) and not _is_ours(request, origin):
            await error_answer(Forbidden(FOREIGN_ORIGIN))(scope, receive, send)
        elif request.method == "DELETE":
            await _session_closed()(scope, receive, send)
        elif request.method != "POST":
            await _no_stream()(scope, receive, send)
        else:
            try:
                caller = await _authenticate(request)
                await _limit(request, caller)
            except ApiError as refusal:
                await error_answer(with_challenge(request, refusal))(scope, receive, send)
                return
            with BUDGET.hold(client_of(request)) as hold:
                try:
                    body = await _read(request, hold)
                except ApiError as refusal:
                    await error_answer(refusal)(scope, receive, send)
                    return
                await _dispatch(request, caller, body, send)


def _is_ours(request: Request, origin: str) -> bool:
    return origin_allowed(origin, state_of(request.app, McpState).settings.cors_hosts)


def _session_closed() -> Response:
    return Json({"detail": f"Session closed: {PROCESS}/session.delete — nothing is kept between requests."})


def _no_stream() -> Response:
    text = f"Not answered: {PROCESS}/sse_get — this endpoint takes POST and offers no stream."
    return Json({"detail": text}, status_code=405, headers={"Allow": "POST, DELETE"})


async def _authenticate(request: Request) -> Caller:
    """API keys and access tokens of programs: an app's session token is not accepted here (mcp §1.2)."""
    sent = request.headers.get("authorization", "")
    if not sent.startswith(KEY_PREFIX) and access_token(sent) is None:
        raise Unauthorized(f"Request refused: {PROCESS}/authenticate — send an API key as `Bearer ntc_...`.")
    caller = await authenticate(request)
    if caller is None:
        raise Unauthorized(INVALID_KEY)
    return caller


async def _limit(request: Request, caller: Caller) -> None:
    """429 with Retry-After, in seconds, when the key or program has used up its minute."""
    if wait := await state_of(request.app, McpState).key_limit.take(caller.principal):
        text = f"Request refused: {PROCESS}/limit — too many requests with this key; try again in {wait} s."
        raise TooManyRequests(text, wait)


async def _read(request: Request, hold: BodyHold) -> bytes:
    if "json" not in request.headers.get("content-type", "").lower():
        raise ApiError(
            {"detail": f"Request refused: {PROCESS}/parse — the content type must be application/json."}, status=415
        )
    try:
        return await read_limited(request, BODY_LIMIT, hold)
    except BadRequest as refusal:
        text = f"Not read: {PROCESS}/parse — {refusal.detail}"
        raise ApiError(rpc_error(None, PARSE_ERROR, text), status=400) from None


async def _dispatch(request: Request, caller: Caller, body: bytes, send: Send) -> None:
    try:
        message: JsonValue = read_json(body)
    except ValueError as error:
        response: Response = bad_envelope(None, PARSE_ERROR, f"Not read: {PROCESS}/parse — {error}")
        await response(request.scope, request.receive, send)
        return
    state = state_of(request.app, McpState)
    services = state.services.as_user(caller.assertions)
    try:
        selection = selected(request)
        # Who names toolsets knows more than the contract has (decision 60).
        plain = selection.toolsets is None and is_plain(request, message)
        agent = Agent(caller, client_name(request, message), services, plain, selection)
        check_call(state.server, agent, message)
    except ApiError as refusal:
        await error_answer(with_challenge(request, refusal))(request.scope, request.receive, send)
        return
    if speaks_sdk(request, message):
        await _sdk(request, state.sdk_transport, agent, body, send)
        return
    response = await _answer_plain(state, agent, message)
    if response.status_code != 400:
        response.headers[SESSION_HEADER] = session_id(request)
    await response(request.scope, request.receive, send)


async def _answer_plain(state: McpState, agent: Agent, message: JsonValue) -> Response:
    """The envelope checks 4 and 5 of mcp §1.1, then the answer."""
    if not isinstance(message, dict):
        return bad_envelope(None, INVALID_REQUEST, f"Not read: {PROCESS}/parse — one request object, no batch.")
    if message.get("jsonrpc") != "2.0":
        return bad_envelope(message.get("id"), INVALID_REQUEST, f'Not read: {PROCESS}/parse — jsonrpc must be "2.0".')
    return await plain_dispatch.answer(state.server, agent, message)


def session_id(request: Request) -> str:
    """The client's own session id back, else a fresh one; never validated, nothing stored (mcp §1)."""
    return request.headers.get(SESSION_HEADER) or str(uuid4())


async def _sdk(request: Request, transport: ASGIApp, agent: Agent, body: bytes, send: Send) -> None:
    """Hand the request to the SDK's transport, body and all."""
    delivered = False

    async def replay() -> Message:
        nonlocal delivered
        if not delivered:
            delivered = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await request.receive()

    scope = {**request.scope, "path": "/mcp", "raw_path": b"/mcp", "root_path": "", AGENT_KEY: agent}
    await transport(scope, replay, _echoing(request, agent, send))


def _echoing(request: Request, agent: Agent, send: Send) -> Send:
    """Give a client of the handshake generations its session id back, at the handshake a new one; 2026-07-28 knows
    none."""
    version = request.headers.get(VERSION_HEADER)
    sent = request.headers.get(SESSION_HEADER, "") or ("" if version else session_id_of(agent.client))
    if not sent or version not in {None, *HANDSHAKE_PROTOCOL_VERSIONS}:
        return send

    async def echo(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault(SESSION_HEADER, sent)
        await send(message)

    return echo


router = Router(routes=[Route(path, endpoint=McpEndpoint()) for path in ("/mcp", "/mcp/")])
