"""What redemption does by the clock: holds that are over are released, gift cards lapse, games end, old answers go."""

from __future__ import annotations

from libs.runtime import logs
from libs.runtime.postgres import DATABASE_ERRORS
from services.redemption import store
from services.redemption.cards.desk import CardDesk
from services.redemption.carts import store as carts
from services.redemption.carts.desk import CartDesk
from services.redemption.codes import store as codes
from services.redemption.games.desk import GameDesk
from services.redemption.handlers import Desk
from services.redemption.metrics import RedemptionMetrics

log = logs.get(__name__)
_FORGOTTEN_AT_ONCE = 5_000
_LAPSED_AT_ONCE = 100
_ENDED_AT_ONCE = 20


async def release(desk: Desk, metrics: RedemptionMetrics) -> None:
    """Release holds that are over, until there are no more; what another process has is passed over.

    While the database is away they wait for the next look.
    """
    try:
        while (released := await desk.release_expired()) > 0:
            metrics.expired.inc(released)
    except DATABASE_ERRORS as error:
        log.warning("holds.not_released", error=type(error).__name__)


async def look_after_values(cards: CardDesk, held: CartDesk, desk: Desk, metrics: RedemptionMetrics) -> None:
    """Let gift cards and carts lapse that are over, count pools that have none left, and forget old tries."""
    try:
        while await cards.expire_due(_LAPSED_AT_ONCE) > 0:
            pass
        while await held.expire_due(_LAPSED_AT_ONCE) > 0:
            pass
        metrics.exhausted.set(await codes.exhausted(desk.pool))
        await codes.forget_misses(desk.pool, desk.clock.now() - 2 * desk.settings.code_window)
    except DATABASE_ERRORS as error:
        log.warning("values.not_looked_after", error=type(error).__name__)


async def end_games(games: GameDesk, metrics: RedemptionMetrics) -> None:
    """End games whose time is over; while the database is away they wait for the next look."""
    try:
        metrics.games.inc(await games.end_due(_ENDED_AT_ONCE))
    except DATABASE_ERRORS as error:
        log.warning("games.not_ended", error=type(error).__name__)


async def forget(desk: Desk) -> None:
    """Forget answers that need not be given again, and carts that came to nothing."""
    try:
        gone = await store.forget_requests(desk.pool, desk.clock.now(), _FORGOTTEN_AT_ONCE)
        await carts.forget(desk.pool, desk.clock.now() - store.KEPT, _FORGOTTEN_AT_ONCE)
    except DATABASE_ERRORS as error:
        log.warning("requests.not_forgotten", error=type(error).__name__)
    else:
        if gone:
            log.info("requests.forgotten", requests=gone)
