"""The pages on which redemption answers about codes and gift cards, to those with the word."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import faust
import msgspec
from faust.web import Request, Response, View

from libs.contracts.codes import ValueAnswer, write
from libs.runtime import logs
from libs.runtime.clock import monotonic
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from services.redemption.metrics import RedemptionMetrics

log = logs.get(__name__)
_JSON = {"Content-Type": "application/json"}


class _Asked(Protocol):
    @property
    def operation(self) -> str: ...


A = TypeVar("A", bound=_Asked)


def serve(
    app: faust.App,
    path: str,
    read: Callable[[bytes], A],
    answer: Callable[[A], Awaitable[ValueAnswer]],
    token: str,
    metrics: RedemptionMetrics,
    ready: Callable[[], bool],
) -> None:
    """Answer requests under a path; none before it is ready. They are counted under the path and what was asked."""

    @app.page(path)
    class Values(View):
        """One request, one answer."""

        async def post(self, request: Request) -> Any:
            """Serve it; 503 says that it is not known whether it was done."""
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                return self._tell(HTTPStatus.UNAUTHORIZED)
            try:
                ask = read(await request.read())
            except msgspec.DecodeError:
                return self._tell(HTTPStatus.BAD_REQUEST)
            if not ready():
                return self._tell(HTTPStatus.SERVICE_UNAVAILABLE)
            began, operation = monotonic(), f"{path[1:]}:{ask.operation}"
            try:
                made = await answer(ask)
            except DATABASE_ERRORS as error:
                if trouble(error) not in (Trouble.PASSING, Trouble.REPEAT):
                    raise
                log.warning("value.not_served", operation=operation, error=type(error).__name__)
                metrics.served(operation, "away", monotonic() - began)
                return self._tell(HTTPStatus.SERVICE_UNAVAILABLE)
            metrics.served(operation, _outcome(made), monotonic() - began)
            return self.bytes(write(made), headers=_JSON)

        def _tell(self, status: HTTPStatus) -> Response:
            return self.bytes(b"{}", status=int(status), headers=_JSON)


def _outcome(answer: ValueAnswer) -> str:
    if answer.refused is not None:
        return "refused"
    return "replayed" if answer.replayed else "done"
