"""The door itself: what every request passes, whatever it asks for.

It gives a request its trace id, turns every error into a problem, adds the security headers, counts and logs. Plain
ASGI, and outermost, so that nothing answers around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.runtime import logs
from libs.runtime.clock import monotonic
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from services.gateway.door import problem_page, problems
from services.gateway.door.problems import ProblemError
from services.gateway.metrics import UNMATCHED, GatewayMetrics

_LOG = logs.get(__name__)
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
RETRY_SECONDS = "2"
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
}


_NUL = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
"""What the database says to the one character that no text of it can hold, and that only a caller can have sent."""


class Door:
    """Wraps the application. `random` gives so many unpredictable bytes, for trace ids."""

    def __init__(self, app: ASGIApp, metrics: GatewayMetrics, random: Callable[[int], bytes]) -> None:
        self._app = app
        self._metrics = metrics
        self._random = random

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what isn't HTTP is passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send, self._trace_id(scope))
        started = monotonic()
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - the last place where anything can be answered
            problem = as_problem(error)
            if problem.kind.status == 500:
                _LOG.error("request.failed", trace_id=answer.trace_id, exc_info=error)
            else:
                _LOG.warning("request.refused", trace_id=answer.trace_id, code=problem.code, error=type(error).__name__)
            await answer.refuse(problem)
        self._account(scope, answer, monotonic() - started)

    def _account(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        operation = operation_of(scope)
        self._metrics.answered(operation, answer.status, seconds)
        if code := scope["state"].get("problem"):
            self._metrics.problems.labels(code).inc()
        if operation in _QUIET:
            return
        # No path and no query: they hold ids of members and identifiers.
        _LOG.info(
            "request.served",
            method=scope["method"],
            operation=operation,
            status=answer.status,
            milliseconds=round(seconds * 1000, 1),
            trace_id=answer.trace_id,
            **scope["state"].get("caller", {}),
        )

    def _trace_id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"traceparent" and (given := _TRACEPARENT.fullmatch(value.decode("latin-1"))):
                return given.group(1)
        return self._random(16).hex()


_QUIET = frozenset({"livez", "readyz", "metrics", "live", "chats_live", "chat_live", "own_chat_live"})


class _Answer:
    """The answer on its way out: its headers are completed, its status remembered."""

    def __init__(self, scope: Scope, send: Send, trace_id: str) -> None:
        state: dict[str, Any] = scope.setdefault("state", {})
        state |= {"trace_id": trace_id, "headers": {}}
        self._scope, self._send, self._state = scope, send, state
        self.trace_id = trace_id
        self.status = 0

    async def send(self, message: Message) -> None:
        """Pass on a message of the application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), *_encoded(self._extra())]
            message = {**message, "headers": headers}
        await self._send(message)

    async def refuse(self, error: ProblemError) -> None:
        """Answer a problem, unless an answer has begun."""
        if self.status:
            return
        status, headers, body = problem_response(self._scope, error)
        await self.send({"type": "http.response.start", "status": status, "headers": _encoded(headers)})
        await self.send({"type": "http.response.body", "body": body})

    def _extra(self) -> dict[str, str]:
        extra = {**SECURITY_HEADERS, "X-Trace-Id": self.trace_id, **self._state["headers"]}
        if self._scope["path"].startswith("/v1/"):
            extra |= {"Cache-Control": "no-store", "Vary": "Authorization, Accept-Language"}
        return extra


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def operation_of(scope: Scope) -> str:
    """The name of the operation that serves this request: one of a closed set."""
    route = scope.get("route")
    return getattr(route, "operation_id", None) or getattr(route, "name", None) or UNMATCHED


def problem_response(scope: Scope, error: ProblemError) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a problem: a page for a browser that asks for one, else JSON."""
    scope["state"]["problem"] = error.code
    if problem_page.wants_page(scope):
        scope["state"]["headers"]["Content-Language"] = problem_page.language_of(scope)
        html = problem_page.problem_page(scope, error, scope["state"]["trace_id"])
        told = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"}
        told |= {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(html))}
        return error.kind.status, {**told, **error.headers}, html
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    body = problems.render(error, raw.decode("latin-1"), scope["state"]["trace_id"])
    headers = {"Content-Type": problems.MEDIA_TYPE, "Content-Length": str(len(body)), **error.headers}
    return error.kind.status, headers, body


def as_problem(error: Exception) -> ProblemError:
    """Say what to answer to an error that nobody else has dealt with."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, ClientDisconnect):
        return ProblemError("body-too-slow")  # nobody hears it; it is no fault of ours, though
    if isinstance(error, DATABASE_ERRORS) and trouble(error) in (Trouble.PASSING, Trouble.REPEAT):
        return ProblemError("database-away", headers={"Retry-After": RETRY_SECONDS})
    if isinstance(error, _NUL):
        return ProblemError("request-invalid", "The character U+0000 is taken nowhere.")
    return ProblemError("internal-error")
