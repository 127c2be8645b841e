"""The page on which redemption answers, on the web port beside health and metrics. Only the gateway knows the word."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import faust
import msgspec
from faust.web import Request, Response, View

from libs.contracts import redemption as wire
from libs.runtime import logs
from libs.runtime.clock import monotonic
from libs.runtime.postgres import DATABASE_ERRORS, Trouble, trouble
from services.redemption.gathering import Gathering
from services.redemption.metrics import RedemptionMetrics

log = logs.get(__name__)
_JSON = {"Content-Type": "application/json"}


def serve(app: faust.App, desk: Gathering, token: str, metrics: RedemptionMetrics, ready: Callable[[], bool]) -> None:
    """Answer requests of the gateway under `wire.PATH`; none before it is ready."""

    @app.page(wire.PATH)
    class Redemptions(View):
        """One request, one answer."""

        async def post(self, request: Request) -> Any:
            """Serve it; 503 says that it is not known whether it was done."""
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                return self._tell(HTTPStatus.UNAUTHORIZED)
            try:
                ask = wire.read_ask(await request.read())
            except msgspec.DecodeError:
                return self._tell(HTTPStatus.BAD_REQUEST)
            if not ready():
                return self._tell(HTTPStatus.SERVICE_UNAVAILABLE)
            began = monotonic()
            try:
                answer = await desk.serve(ask)
            except DATABASE_ERRORS as error:
                if trouble(error) not in (Trouble.PASSING, Trouble.REPEAT):
                    raise
                log.warning("redemption.not_served", operation=ask.operation, error=type(error).__name__)
                metrics.served(ask.operation, "away", monotonic() - began)
                return self._tell(HTTPStatus.SERVICE_UNAVAILABLE)
            metrics.served(ask.operation, _outcome(answer), monotonic() - began)
            return self.bytes(wire.write(answer), headers=_JSON)

        def _tell(self, status: HTTPStatus) -> Response:
            return self.bytes(b"{}", status=int(status), headers=_JSON)


def _outcome(answer: wire.Answer) -> str:
    if answer.refused is not None:
        return "refused"
    return "replayed" if answer.replayed else "done"
