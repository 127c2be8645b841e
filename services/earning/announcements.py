"""What earning tells the world: what became of each receipt, and every credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from libs.contracts.events import PointsCreditedV1, PurchaseEvaluatedV1
from libs.contracts.writer import EventWriter
from libs.ledger.model import Lot
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, kafka_partition_hash
from services.earning.programmes import RunningProgramme
from services.earning.receipts import Receipt
from services.earning.verdict import Standing, Verdict

POINTS = "loyalty.points"
SOURCE = "/pointstream/earning"
_CREDITED = PointsCreditedV1.event_type
_EVALUATED = PurchaseEvaluatedV1.event_type


class _Address(NamedTuple):
    """Where the events of a receipt go: the key, its hash, and the member, if anybody is known."""

    key: bytes
    spread: int
    member: str | None


class Announcer:
    """Writes the events of a batch; what all events of a type and programme share is written once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._writers: dict[tuple[str, str, str], EventWriter] = {}

    def announce(
        self, receipt: Receipt, standing: Standing | None, verdict: Verdict, lots: Sequence[tuple[Lot, bool]]
    ) -> list[Outgoing]:
        """The events of one receipt: what became of it, and each credit."""
        event, programme, evaluation = receipt.event, receipt.programme, verdict.evaluation
        if standing is None:
            key = event.id.encode()
            to = _Address(key, kafka_partition_hash(key), None)
        else:
            to = _Address(standing.key, standing.spread, standing.text)
        evaluated = {
            "receipt_source": event.source,
            "receipt_id": event.id,
            "receipt_number": event.data.receipt_number,
            "member_id": to.member,
            "outcome": verdict.outcome,
            "reason": verdict.reason,
            "points": sum([lot.amount for lot, _ in lots]),
            "campaigns": evaluation.campaigns if evaluation is not None and lots else (),
            "programme_version": None if evaluation is None else evaluation.version,
        }
        cause = receipt.key.hex
        told = [self._write(_EVALUATED, cause, programme, to, None, evaluated)]
        for ordinal, (lot, _) in enumerate(lots):
            credited = {
                "member_id": to.member,
                "wallet": lot.wallet,
                "points": lot.amount,
                "lot": lot.seq,
                "receipt_source": event.source,
                "receipt_id": event.id,
                "earned_at": lot.earned_at,
                "active_from": lot.active_from,
                "expires_at": lot.expires_at,
                "programme_version": lot.policy_version,
            }
            told.append(self._write(_CREDITED, cause, programme, to, lot.seq, credited, ordinal))
        return told

    def _write(
        self,
        kind: str,
        cause: str,
        programme: RunningProgramme,
        to: _Address,
        memberseq: int | None,
        data: Mapping[str, object],
        ordinal: int = 0,
    ) -> Outgoing:
        shared = (kind, programme.tenant, programme.programme)
        writer = self._writers.get(shared)
        if writer is None:
            writer = self._writers[shared] = EventWriter(
                type=kind, source=SOURCE, time=self._now, tenant=programme.tenant, programme=programme.programme
            )
        name = event_id(programme.tenant, cause, kind, to.member or "", ordinal)
        subject = None if to.member is None else to.key
        return Outgoing(
            POINTS,
            to.key,
            to.spread,
            writer.write(name, to.member, memberseq, data),
            writer.headers(name, subject, memberseq),
            True,
        )
