"""How the application answers what its operations raise: always by a problem."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

from services.gateway.door.middleware import as_problem, problem_response
from services.gateway.door.problems import FieldError, ProblemError, pointer

_CODES = {404: "not-found", 405: "method-not-allowed"}


def register(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Have an application with these routes answer so."""

    async def answer_routing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(sorted(_methods(routes, request)))
        problem = ProblemError(_CODES.get(error.status_code, "internal-error"), headers=headers)
        return await _answer_problem(request, problem)

    app.add_exception_handler(ProblemError, _answer_problem)
    app.add_exception_handler(HTTPException, answer_routing)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(Exception, _answer_any)


async def _answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    status, headers, body = problem_response(request.scope, error)
    return Response(body, status_code=status, headers=headers)


async def _answer_any(request: Request, error: Exception) -> Response:
    return await _answer_problem(request, as_problem(error))


def _methods(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """The methods that a path has: each may belong to a route of its own."""
    found: set[str] = set()
    for route in routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return found


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Neither the value nor the context of an error is told: they may hold what nobody should read in a log.
    faults = [FieldError(pointer=pointer(fault["loc"]), detail=fault["msg"]) for fault in error.errors()]
    return await _answer_problem(request, ProblemError("request-invalid", errors=faults))
