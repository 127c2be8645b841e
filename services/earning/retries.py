"""Receipts that were parked for want of a rate, or for a blocked member, judged anew once nothing is in the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from aiokafka.errors import KafkaError

from libs.contracts.codec import encode
from libs.contracts.events import PurchaseResolvedV1
from libs.contracts.headers import headers_of
from libs.intake.events import Prepared
from libs.judging.programmes import Programmes
from libs.judging.versions import RunningProgramme
from libs.runtime import logs
from libs.runtime.clock import elapsed_since, monotonic
from libs.runtime.keys import event_id
from libs.runtime.postgres import DATABASE_ERRORS
from services.earning import clock_store
from services.earning.charge import Charge
from services.earning.clock_store import ParkedKey, ReadyReceipt
from services.earning.due import WHAT
from services.earning.events import PURCHASES

log = logs.get(__name__)
_START = ParkedKey(0, 0, UUID(int=0))
_AT_ONCE = 5_000


class Retries:
    """Looks for such receipts, in one worker of many, and publishes `purchase.resolved` with `retry` for each.

    `look` is called every few seconds. It does its work once what programmes are judged by has changed, one call later,
    so that the other workers know it too; else every `every`. A receipt that is parked again all the same, since
    a worker did not know it yet, is found by the next run: it was parked at another time, so the event has another id.
    """

    def __init__(self, charge: Charge, every: timedelta) -> None:
        self._charge = charge
        self._every = every
        self._seen: Programmes | None = None
        self._place: ParkedKey | None = None
        self._began = monotonic()

    async def look(self) -> None:
        """Publish a page, if it is time; on trouble the next call goes on at the same place."""
        if not self._charge.in_charge():
            return
        programmes = self._charge.programmes()
        if programmes is not self._seen:
            self._seen, self._place = programmes, _START
            return
        if self._place is None:
            if elapsed_since(self._began) < self._every:
                return
            self._place = _START
        if self._place == _START:
            self._began = monotonic()
        try:
            self._place = await self._page(programmes, self._place)
        except (*DATABASE_ERRORS, KafkaError) as error:
            log.warning("retries.not_published", error=type(error).__name__)

    async def _page(self, programmes: Programmes, after: ParkedKey) -> ParkedKey | None:
        """Publish what comes behind a place, and say where to go on; None: that was all."""
        async with self._charge.pool.acquire() as connection:
            found = await clock_store.ready_receipts(connection, after, _AT_ONCE)
        if not found:
            return None
        events = retry_events(programmes.by_key(), found, self._charge.clock.now())
        await self._charge.sender.send(events)
        self._charge.metrics.retried.inc(len(events))
        return found[-1].key if len(found) == _AT_ONCE else None


def retry_events(
    known: Mapping[tuple[int, int], RunningProgramme], found: Iterable[ReadyReceipt], now: datetime
) -> list[Prepared]:
    """Return an event for each receipt that would be judged otherwise by the programmes that are known.

    A rate may be in the database before it is among them: its receipts would be parked again. The next run has them,
    which begins once the rate is known.
    """
    return [
        retry_event(programme, receipt, now)
        for receipt in found
        if (programme := known.get(receipt.key[:2])) is not None
        and (not receipt.rate_version or programme.rates.knows(receipt.currency, receipt.rate_version))
    ]


def retry_event(programme: RunningProgramme, receipt: ReadyReceipt, now: datetime) -> Prepared:
    """Return `purchase.resolved`: the same for a receipt, a version of the rate, and when it was parked."""
    version = receipt.rate_version
    reason = f"version {version} of the exchange rate is there" if version else "the member is not blocked any more"
    parked_at = receipt.recorded_at.isoformat()
    value = encode(
        type=PurchaseResolvedV1.event_type,
        source=programme.source(WHAT),
        id=event_id(programme.tenant, f"{receipt.receipt_key}@{parked_at}", "retry", "", receipt.rate_version),
        time=now,
        subject=None,
        tenant=None,
        programme=None,
        memberseq=None,
        partitionkey=receipt.receipt_number,
        data={
            "receipt_number": receipt.receipt_number,
            "store": receipt.store,
            "decision": "retry",
            "reason": reason,
            "decided_by": WHAT,
        },
    )
    return Prepared(PURCHASES, receipt.receipt_number.encode(), value, headers_of(value))
