"""Requests to spend points as shops publish them, and the batch that decides them, without a database."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.contracts.rejection import Rejection
from libs.ledger.boundary import ExpiryCalendar, NaturalPeriod, Period
from libs.ledger.zones import load_zone
from libs.lives.life import Life, MemberName
from libs.promotions.trades import Trades
from services.redemption.batches import Batch, Decided, InHand, Loaded
from services.redemption.commands import Command, command
from services.redemption.deciding import Known, Patience, RequestName
from services.redemption.domain import Redemption, Rules
from services.redemption.sources import Origin, Sources, sources_of
from tests.support.receipts import Record, event

REDEMPTIONS = "loyalty.redemptions"
TILL = "/acme/pos/7"
NOW = datetime(2024, 1, 2, tzinfo=UTC)
ROME = load_zone("Europe/Rome")
TRADES = Trades.model_validate(
    {
        "sale": {"rates": [{"points": 2, "minor": 3}]},
        "exchanges": [{"partner": "sky", "gives": [{"points": 5, "units": 1}], "takes": [{"points": 4, "units": 1}]}],
        "charities": [{"name": "reef", "title": "The reef", "points": 10, "minor": 5, "min_points": 10}],
        "pools": [
            {
                "name": "corals",
                "charity": "reef",
                "title": "Corals",
                "goal_points": 500,
                "until": "2024-01-03T00:00:00Z",
            }
        ],
        "lending": {
            "terms": [
                {"tiers": ["gold"], "most": 500, "repays_percent": 20, "days": 365},
                {"most": 110, "fee_percent": 10, "repays_percent": 50, "days": 30},
            ],
            "min_points": 10,
            "step": 10,
        },
        "limits": [{"kinds": ["buy"], "period": "day", "points": 60}, {"period": "ever", "times": 9}],
    }
)
RULES = Rules(
    "acme",
    "main",
    ROME,
    {"points": 0},
    {"points": ExpiryCalendar(ROME, NaturalPeriod(Period.QUARTER))},
    True,
    currency="EUR",
    trades=TRADES,
    version=4,
)
SOURCES: Sources = sources_of([("/acme/pos", (1, 1))], [Origin((1, 1), "acme", "main")])
PATIENCE = Patience(timedelta(minutes=15), timedelta(days=30))


def asked(name: str, member: UUID, operation: str, *, source: str = TILL, time: datetime = NOW, **data: Any) -> Record:
    """An event that asks for something."""
    payload = {"member_id": str(member), "operation": operation} | data
    kind = "org.pointstream.redemption.requested.v1"
    return event(REDEMPTIONS, kind, name, source, time, str(member), payload)


def traded(name: str, member: UUID, operation: str, *, source: str = TILL, time: datetime = NOW, **data: Any) -> Record:
    """An event that asks for a trade; its amount is given as what it counts: points, or units of elsewhere."""
    amount = data.pop("points" if "points" in data else "units")
    payload = {"member_id": str(member), "operation": operation, "amount": amount} | data
    return event(REDEMPTIONS, "org.pointstream.trade.requested.v1", name, source, time, str(member), payload)


def read(record: Record) -> Command | Rejection:
    """What redemption makes of a record."""
    found = SOURCES.decoder.decode(record.value, ())
    return found if isinstance(found, Rejection) else command(found, SOURCES)


def commands(*records: Record) -> list[Command]:
    """What redemption makes of records that are all good."""
    made = [read(record) for record in records]
    assert not [each for each in made if isinstance(each, Rejection)], made
    return [each for each in made if isinstance(each, Command)]


class Counter:
    """What a database would hold of redemptions: members, redemptions and keys, from batch to batch."""

    def __init__(self, members: Mapping[UUID, Life], leads: Mapping[UUID, UUID] | None = None) -> None:
        self.lives = dict(members)
        self.redemptions: dict[UUID, Redemption] = {}
        self.known: dict[RequestName, Known] = {}
        self.told: list[tuple[str, int | None]] = []
        self.used: dict[MemberName, Tally[str]] = {}
        self.leads: dict[MemberName, MemberName] = {
            (1, 1, member): (1, 1, other) for member, other in (leads or {}).items()
        }

    def batch(self, now: datetime, wanted: Sequence[Command]) -> Decided:
        """Decide commands together, and keep what came of them."""
        members = {(1, 1, each): InHand(life, 0) for each, life in self.lives.items()}
        batch = Batch(
            Loaded(members, self.redemptions, self.known, self.leads, self.used), lambda *_: RULES, now, PATIENCE
        )
        decided = batch.decide(wanted)
        self.redemptions |= decided.redemptions
        for name, more in decided.used.items():
            self.used.setdefault(name, Tally()).update(more)
        self.known |= batch.kept
        self.told += [told_as(each.headers) for events in decided.events for each in events]
        return decided


def told_as(headers: Sequence[tuple[str, bytes]]) -> tuple[str, int | None]:
    """The type of an event without its frame, and its number in the member's ledger."""
    named = dict(headers)
    seq = named.get("ce_memberseq")
    return named["ce_type"].decode().removeprefix("org.pointstream."), None if seq is None else int(seq)
