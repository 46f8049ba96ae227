"""Exception handlers: every error leaves in a shape of the contract (identity §3.1)."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from notechondria_contracts.fields import validation_messages
from notechondria_shared.auth.caller import LOGINS, allow_caller, authenticate, require_caller
from notechondria_shared.core.errors import ApiError, RouteNotFound
from notechondria_shared.web.answers import Json
from notechondria_shared.web.body import failing_fields
from notechondria_shared.web.paths import calls, matching_routes
from notechondria_shared.web.query import FIELD_ERROR

EMPTY_405 = "empty_405"
"""`openapi_extra` flag of the endpoints whose 405 has no body (identity §3.1)."""


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _parameter_error)
    app.add_exception_handler(HTTPException, _http_error)


def answer(error: ApiError) -> Response:
    """The response of an `ApiError`."""
    if error.body is None:
        return Response(status_code=error.status, headers=error.headers)
    return Json(error.body, status_code=error.status, headers=error.headers)


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - Starlette dispatches by type
    return answer(error)


async def _parameter_error(_: Request, error: Exception) -> Response:
    """Bodies: every failing field with its texts. Path and query parameters: `{"detail"}` (notes §1)."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    problems = error.errors()
    in_query = [problem for problem in problems if problem["loc"][:1] != ("body",)]
    if not in_query:
        return Json(failing_fields((problem["loc"][1:], problem["type"], problem["msg"]) for problem in problems), 400)
    problem = in_query[0]
    name = str(problem["loc"][-1]) if problem["loc"] else "request"
    if problem["type"] == FIELD_ERROR:
        return Json({name: [problem["msg"]]}, status_code=400)
    text = validation_messages.REQUIRED if problem["type"] == "missing" else problem["msg"]
    return Json({"detail": f"{name}: {text}"}, status_code=400)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    path = request.url.path
    if error.status_code == 404:
        if not path.endswith("/") and matching_routes(request, path + "/"):
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{path}/{query}", status_code=301)
        return answer(RouteNotFound(path))
    if error.status_code == 405:
        return await _method_not_allowed(request)
    return Json({"detail": error.detail}, status_code=error.status_code, headers=error.headers)


async def _method_not_allowed(request: Request) -> Response:
    """405, but login first: anonymous and wrong method is 401 (identity §2)."""
    routes = matching_routes(request, request.url.path)
    try:
        logins = {call for route in routes for call in calls(route.dependant) if call in LOGINS}
        if logins - {allow_caller}:
            await require_caller(request)
        elif logins:
            await authenticate(request)
    except ApiError as refusal:
        return answer(refusal)
    allow = ", ".join(sorted({method for route in routes for method in route.methods or ()} | {"OPTIONS"}))
    if any((route.openapi_extra or {}).get(EMPTY_405) for route in routes):
        return Response(status_code=405, headers={"Allow": allow})
    return Json({"detail": f'Method "{request.method}" not allowed.'}, status_code=405, headers={"Allow": allow})
