"""What redemption does by the clock: holds that are over are released, answers that are old are forgotten."""

from __future__ import annotations

from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.redemption import store
from services.redemption.handlers import Desk
from services.redemption.metrics import RedemptionMetrics

log = logs.get(__name__)
_FORGOTTEN_AT_ONCE = 5_000


async def release(desk: Desk, metrics: RedemptionMetrics) -> None:
    """Release holds that are over, until there are no more; what another process has is passed over.

    While the database is away they wait for the next look.
    """
    try:
        while (released := await desk.release_expired()) > 0:
            metrics.expired.inc(released)
    except DATABASE_ERRORS as error:
        log.warning("holds.not_released", error=type(error).__name__)


async def forget(desk: Desk) -> None:
    """Forget answers that need not be given again."""
    try:
        gone = await store.forget_requests(desk.pool, desk.clock.now(), _FORGOTTEN_AT_ONCE)
    except DATABASE_ERRORS as error:
        log.warning("requests.not_forgotten", error=type(error).__name__)
    else:
        if gone:
            log.info("requests.forgotten", requests=gone)
