"""Those who come without a key: how often they may ask, by where they come from."""

from __future__ import annotations

from fastapi import Request

from libs.runtime.clock import monotonic
from services.gateway.door.access import parts_of
from services.gateway.door.problems import ProblemError
from services.gateway.door.quotas import POLICY


def count_visit(request: Request, whose: str | None = None) -> None:
    """Count a request against where its visitor comes from, or against what else it is counted for.

    Raises:
        ProblemError: there were too many of those.
    """
    visitors, host = parts_of(request).visitors, "" if request.client is None else request.client.host
    verdict = visitors.take(host if whose is None else whose, monotonic())
    if not verdict.allowed:
        told = f"Try again in {verdict.retry_after} s."
        raise ProblemError("quota-exceeded", told, headers=visitors.headers(verdict), violated=(POLICY,))
