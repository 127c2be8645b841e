"""What a request to spend points comes to, whichever way it came. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from libs.contracts.redemption import Ask
from libs.contracts.trades import TRADES
from libs.ledger.model import MemberLedger
from libs.lives.life import Life, MemberName
from libs.lives.made import Cause
from libs.runtime.keys import event_id
from services.redemption import domain, lending, trading
from services.redemption.domain import Bill, Changed, Quoted, Redemption, Refusal, Rules
from services.redemption.households import jointly
from services.redemption.households.pool import ALONE, Beside
from services.redemption.paying import ABOUT_MEMBERS, in_part, paying_wallet, priced, returned

REUSED = Refusal("idempotency-key-reused", "The key stands for another request.")
UNKNOWN_MEMBER = Refusal("member-unknown", "Nobody has this id.")
BLOCKED = Refusal("member-blocked", "The member is blocked: nothing new is begun before somebody lifts that.")
UNKNOWN = Refusal("redemption-unknown", "Nothing of your company has this id.")
MERGED = jointly.OWNER_GONE
OF_AN_ORDER = Refusal("order-needs-request", "It pays for a reward: what becomes of the order is asked over HTTP.")
OF_A_GAME = Refusal("redemption-of-game", "It pays for a game, which alone decides what becomes of it.")
NO_VERSION = Refusal("version-unknown", "No version of the programme is in force yet.")
GIVES_BACK = frozenset({"release", "commit", "cancel", "advance"})
"""What may let points come back."""
_DATES = frozenset({"buy", "exchange_in", "lend", "cancel", "advance"})
NOTHING_USED: Mapping[str, int] = MappingProxyType({})
GAMES = "/pointstream/games/"
"""What references of redemptions begin with that games made; nobody else may use such a name."""
_write = msgspec.json.Encoder(order="deterministic").encode


class RequestName(NamedTuple):
    """Where a key counts: a credential of a tenant (an API key, or a source), one operation, the digest of the key."""

    tenant_id: int
    credential: str
    operation: str
    digest: bytes


class Known(NamedTuple):
    """A key that was used before: for which request, and what that was answered."""

    fingerprint: bytes
    answer: bytes


class Asked(NamedTuple):
    """A request as a batch takes it: its name, whose points it is about, and the ids that its redemption may have.

    `prints` are the digests under which the same request may have been kept, the first as it is kept now; `cause` says
    what a movement is told to come from, by the id of its redemption.
    """

    ask: Ask
    request: RequestName
    member: MemberName | None
    candidates: tuple[UUID, ...]
    prints: tuple[bytes, ...]
    cause: Callable[[UUID, Rules], Cause]


class Patience(NamedTuple):
    """How long points are held, and how long they live that come back past their date."""

    hold: timedelta
    grace: timedelta


def name_of(ask: Ask) -> RequestName:
    """The name of a request."""
    return RequestName(ask.tenant_id, ask.credential, ask.operation, ask.key)


def id_of(request: RequestName) -> UUID:
    """The id of the redemption that a request begins: the same for ever, so that none is made twice."""
    return UUID(event_id(str(request.tenant_id), request.digest.hex(), request.operation, request.credential, 0))


def dates(ask: Ask) -> bool:
    """Whether it may give points a date, which goes by whose they are."""
    return ask.operation in _DATES and (ask.operation != "cancel" or ask.by != "member")


def meaning(ask: Ask) -> bytes:
    """A digest of what a request asks for, the same by whichever way it comes: what makes it another under its key."""
    return sha256(_write(replace(ask, credential="", key=b"", fingerprint=b""))).digest()


def decide(
    ask: Ask,
    life: Life,
    redemption: Redemption | None,
    rules: Rules,
    cause: Cause,
    at: datetime,
    patience: Patience,
    tier: str | None = None,
    used: Mapping[str, int] = NOTHING_USED,
    beside: Beside = ALONE,
) -> Changed | Refusal:
    """Begin a redemption, or go on with one, and record it on the member in hand, and on the others `beside`.

    `tier` is the member's level, `used` what trades have counted of the member.
    """
    if redemption is None:
        if ask.redemption_id is not None:
            return UNKNOWN
        match ask.operation:
            case "lend":
                return lending.begun(ask, life, rules, cause, at, tier, used)
            case "buy" | "exchange_in" | "exchange_out" | "donate" as kind:
                return trading.begun(ask, kind, life, rules, cause, at, tier, used)
        return _take(ask, life, rules, cause, at, patience, tier, beside)
    if (bound := _bound(ask, redemption)) is not None:
        return bound
    match ask.operation:
        case "extend":
            made: Changed | Refusal = domain.extended(redemption, at, patience.hold)
        case "commit":
            made = _commit(ask, life, redemption, rules, cause, at, beside)
        case "release":
            made = jointly.released(beside, life, redemption, cause, at)
        case "cancel":
            made = _give_back(ask, life, redemption, rules, cause, at, patience, beside)
        case _:  # the answer under the key is forgotten, what was done under it is not
            made = Changed(redemption)
    return made


def _bound(ask: Ask, redemption: Redemption) -> Changed | Refusal | None:
    """What is answered about a redemption that an order, a trade or a game decides on; None for any other."""
    if redemption.order is not None:
        return OF_AN_ORDER
    if redemption.trade is not None:
        return Changed(redemption) if ask.operation in TRADES else trading.FINAL
    return OF_A_GAME if (redemption.reference or "").startswith(GAMES) else None


class QuotedFor(NamedTuple):
    """What a quote tells: so many points, what they would take, and what they would pay of a bill."""

    points: int
    made: Quoted
    bill: Bill | None = None


def quote(
    ask: Ask, rules: Rules, ledger: MemberLedger, tier: str | None, at: datetime, beside: Beside = ALONE
) -> QuotedFor | Refusal:
    """What would be taken now, or why nothing would; nothing is recorded. A Refusal is about the question itself."""

    def take(points: int, wallets: Sequence[str]) -> Quoted:
        if beside.pool is not None:
            return jointly.quoted(beside, ledger, points, wallets, at)
        return domain.quoted(ledger, points, wallets, at, rules.rest)

    if ask.bill_minor is None:
        assert ask.points is not None
        wallets = domain.wallets_of(rules, ask.wallet)
        return wallets if isinstance(wallets, Refusal) else QuotedFor(ask.points, take(ask.points, wallets))
    found = priced(ask, rules, _purse(ledger, beside, rules), tier, at)
    if isinstance(found, Refusal):
        if found.code not in ABOUT_MEMBERS:
            return found
        spendable = take(1, [paying_wallet(rules)]).spendable
        return QuotedFor(ask.points or 0, Quoted((), spendable, found.code))
    return QuotedFor(found.points, take(found.points, found.wallets), found.bill)


def counts(before: Redemption | None, after: Redemption) -> int:
    """Whether a redemption counts from now on (1), no longer (-1), or as it did (0); a trade is none that counts."""
    if after.trade is not None:
        return 0
    was = before is not None and before.state == "redeemed"
    return (after.state == "redeemed") - was


def _take(
    ask: Ask, life: Life, rules: Rules, cause: Cause, at: datetime, patience: Patience, tier: str | None, beside: Beside
) -> Changed | Refusal:
    bill, points = None, ask.points
    if ask.bill_minor is None:
        wallets = domain.wallets_of(rules, ask.wallet)
        if isinstance(wallets, Refusal):
            return wallets
    else:
        priced_at = priced(ask, rules, _purse(life.ledger, beside, rules), tier, at)
        if isinstance(priced_at, Refusal):
            return priced_at
        points, bill, wallets = priced_at.points, priced_at.bill, list(priced_at.wallets)
    assert points is not None
    hold = patience.hold if ask.operation == "hold" else None
    made = jointly.taken(
        beside, life, cause.key, cause, points, wallets, at, held_for=hold, rules=rules, reference=ask.reference
    )
    if bill is None or isinstance(made, Refusal):
        return made
    return made._replace(redemption=replace(made.redemption, bill=bill))


def _purse(own: MemberLedger, beside: Beside, rules: Rules) -> MemberLedger:
    """What pays a bill: the member's own, or with the others what may be spent of the household."""
    if beside.pool is None:
        return own
    return beside.common(own, [paying_wallet(rules)]).ledger


def _commit(
    ask: Ask, life: Life, redemption: Redemption, rules: Rules, cause: Cause, at: datetime, beside: Beside
) -> Changed | Refusal:
    made = jointly.committed(beside, life, redemption, cause, ask.points, at, rules.zone)
    if isinstance(made, Refusal):
        return made
    return made._replace(redemption=replace(made.redemption, bill=in_part(redemption.bill, made.redemption.points)))


def _give_back(
    ask: Ask, life: Life, redemption: Redemption, rules: Rules, cause: Cause, at: datetime, patience: Patience,
    beside: Beside,
) -> Changed | Refusal:  # fmt: skip
    """Give points back: as many as are asked for, or the share of what came back of a bill."""
    give_back = partial(
        jointly.cancelled, beside, life, redemption, cause, now=at, by=ask.by, grace=patience.grace, rules=rules
    )
    if ask.returned_minor is None:
        return give_back(ask.points)
    if redemption.state not in ("redeemed", "cancelled"):
        return domain.not_redeemed(redemption)
    back = returned(redemption, ask.returned_minor)
    if isinstance(back, Refusal):
        return back
    if not back.points:
        return Changed(replace(redemption, bill=back.bill, changed_at=at))
    made = give_back(back.points)
    return made if isinstance(made, Refusal) else made._replace(redemption=replace(made.redemption, bill=back.bill))
