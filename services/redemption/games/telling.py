"""What games tell: answers to callers, and the events of what was won. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.codec import encode
from libs.contracts.events import AdjustmentRequestedV1, PrizeWonV1, RewardGrantedV1
from libs.contracts.games import AwardView, BadgeView, BidView, GameView, PrizeView, SpinView, TicketsView
from libs.games.auction import Standing, least
from libs.games.chance import holder_of
from libs.games.documents import Auction, Gives
from libs.runtime.batch import Outgoing
from libs.runtime.keys import kafka_partition_hash
from services.redemption import values
from services.redemption.domain import Rules
from services.redemption.games.store import Game
from services.redemption.telling import SOURCE

ACTIVITIES = "loyalty.activities"
_OF_GAME = (
    "game_id", "name", "programme", "kind", "version", "state", "opens_at", "closes_at", "tickets", "spins", "ended_at",
    "changed_at", "document",
)  # fmt: skip
_HASHES = ("commitment", "seed", "entries_digest")


def named(game: Game) -> dict[str, Any]:
    """What every event about a game says of it."""
    return {"game_id": game.game_id, "game": game.name, "game_kind": game.kind}


def game(found: Game, left: Mapping[str, int], standing: Standing | None = None, **changed: Any) -> bytes:
    """Tell a game as it stands, with what has just changed."""
    told = {**found.row, **changed}
    shown = {name: told[name] for name in _OF_GAME}
    hashes = {name: None if told[name] is None else bytes(told[name]).hex() for name in _HASHES}
    best = None if standing is None or standing.best is None else standing.best.points
    lowest = None
    if isinstance(found.what, Auction) and standing is not None and told["state"] == "open":
        lowest = least(found.what.rules, standing)
    view = GameView(**shown, **hashes, best=best, least=lowest, left=dict(left))
    return view.model_dump_json().encode()


def tickets(found: Game, row: Mapping[str, Any]) -> bytes:
    """Tell tickets of a member."""
    view = TicketsView(
        ticket_id=row["ticket_id"], game=found.name, member_id=row["member_id"], first=row["first"],
        count=row["count"], left=row["count"] - row["voided"] - row["used"], points=row["points"],
        campaign=row["campaign"], issued_at=row["issued_at"],
    )  # fmt: skip
    return view.model_dump_json().encode()


def spin(found: Game, row: Mapping[str, Any], gives: Gives | None, wallet: str) -> bytes:
    """Tell a turn of a wheel; `gives` is what was won there, None for nothing."""
    prize = None
    if gives is not None:
        prize = PrizeView(name=row["sector"], **_given(gives, wallet))
    view = SpinView(
        game=found.name, member_id=row["member_id"], number=row["number"],
        holder=holder_of(found.game_id, row["member_id"]), word=row["word"], sector=row["sector"], prize=prize,
        points=row["points"], at=row["at"],
    )  # fmt: skip
    return view.model_dump_json().encode()


def bid(found: Game, what: Auction, row: Mapping[str, Any], standing: Standing) -> bytes:
    """Tell a bid, and how the auction stands with it."""
    view = BidView(
        bid_id=row["bid_id"], game=found.name, member_id=row["member_id"], points=row["points"], state=row["state"],
        least=least(what.rules, standing), closes_at=standing.ends_at, at=row["at"],
    )  # fmt: skip
    return view.model_dump_json().encode()


def badge(name: str, programme: str, document: Mapping[str, Any], now: datetime) -> bytes:
    """Tell a badge."""
    view = BadgeView(name=name, programme=programme, document=dict(document), changed_at=now)
    return view.model_dump_json().encode()


def award(name: str, member_id: UUID, times: int, total: int, level: str | None, now: datetime) -> bytes:
    """Tell that a badge was given."""
    view = AwardView(badge=name, member_id=member_id, times=times, total=total, level=level, at=now)
    return view.model_dump_json().encode()


def won(
    found: Game, rules: Rules, member_id: UUID, prize: str, number: int, gives: Gives, now: datetime
) -> list[Outgoing]:
    """The events of a prize: that it was won, and what lets its reward, points and badge follow."""
    slugs, cause = (rules.tenant, rules.programme), values.part_of(found.game_id, UUID(int=number))
    given = _given(gives, next(iter(rules.scales)))
    data = {"member_id": member_id, **named(found), "prize": prize, "number": number, **given}
    events = [values.told(PrizeWonV1.event_type, slugs, cause, member_id, now, data)]
    for ordinal, kind in enumerate(("reward", "badge"), 1):
        if given[kind] is not None:
            grant = {
                "member_id": member_id, "kind": kind, "reference": given[kind], "quantity": gives.quantity,
                "campaign": found.name, "cause_source": SOURCE, "cause_id": f"{found.game_id}/{number}",
            }  # fmt: skip
            of = values.part_of(cause, UUID(int=ordinal << 64))
            events.append(values.told(RewardGrantedV1.event_type, slugs, of, member_id, now, grant))
    if gives.points is not None:
        events.append(_credited(found, rules, member_id, number, given, now))
    return events


def _credited(
    found: Game, rules: Rules, member_id: UUID, number: int, given: Mapping[str, Any], now: datetime
) -> Outgoing:
    """Points that were won: earning, which alone makes them, is asked for them once, under a name of the win's own."""
    member = str(member_id)
    data = {
        "member_id": member, "wallet": given["wallet"], "points": given["points"], "reason": "prize-won",
        "note": found.name, "requested_by": f"game:{found.name}",
    }  # fmt: skip
    value = encode(
        type=AdjustmentRequestedV1.event_type, source=f"/pointstream/{rules.tenant}/{rules.programme}/games",
        id=f"{found.game_id}/{number}", time=now, subject=member, tenant=None, programme=None, memberseq=None,
        partitionkey=member, data=data,
    )  # fmt: skip
    return Outgoing(ACTIVITIES, member.encode(), kafka_partition_hash(member.encode()), value, derived=True)


def _given(gives: Gives, wallet: str) -> dict[str, Any]:
    return {
        "reward": gives.reward,
        "quantity": gives.quantity,
        "points": gives.points,
        "wallet": None if gives.points is None else gives.wallet or wallet,
        "badge": gives.badge,
    }
