"""Points of several members, taken by one and given back to each: what `domain` decides, member by member. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from libs.ledger.give_back import Share, split
from libs.ledger.model import MemberLedger
from libs.ledger.spend import hold, redeem
from libs.ledger.together import Pooled, apart
from libs.lives.life import Life
from libs.lives.made import Cause
from services.redemption import domain
from services.redemption.domain import Changed, Doer, Portion, Quoted, Redemption, Refusal, Rules
from services.redemption.households.pool import ALONE, Beside

OWNER_GONE = Refusal(
    "member-merged",
    "Whose points these are was merged into another member: ask for that one; what follows on a redemption, over HTTP.",
)
LIMITED = Refusal("household-limit", "The member may spend no more of the others' points now.")


def quoted(beside: Beside, own: MemberLedger, points: int, wallets: Sequence[str], now: datetime) -> Quoted:
    """What would be taken of the household now; nothing is recorded."""
    common = beside.common(own, wallets)
    made = redeem(common.ledger, points, wallets, now)
    _, parts = apart(common, made.movements, _heads(own, beside))
    portions = tuple(_portion(*each[1:], owner=each.owner, spender=own.member_id) for each in parts)
    return Quoted(portions, made.spendable, _code(made.refused, common, points, made.spendable))


def taken(
    beside: Beside, life: Life, redemption_id: UUID, cause: Cause, points: int, wallets: Sequence[str], now: datetime,
    *, held_for: timedelta | None, rules: Rules, reference: str | None,
) -> Changed | Refusal:  # fmt: skip
    """Redeem points of the household at once, or hold them for so long; of one member's own where there is no pool."""
    if beside.pool is None:
        return domain.taken(
            life, redemption_id, cause, points, wallets, now,
            held_for=held_for, zone=rules.zone, reference=reference, rest=rules.rest,
        )  # fmt: skip
    common = beside.common(life.ledger, wallets)
    made = (redeem if held_for is None else hold)(common.ledger, points, wallets, now)
    if (refusal := domain.why_not(made, points)) is not None:
        limited = _code(made.refused, common, points, made.spendable) == LIMITED.code
        return LIMITED if limited else refusal
    involved = {common.origins[part.lot_seq][0] for each in made.movements for part in each.allocations
                if part.lot_seq in common.origins}  # fmt: skip
    for owner in sorted(involved):
        beside.lives[owner].catch_up(now, cause)
    own = life.name[2]
    movements, parts = apart(common, made.movements, _heads(life.ledger, beside))
    for owner, of_owner in movements.items():
        (life if owner == own else beside.lives[owner]).record(of_owner, cause, None if owner == own else "household")
    return Changed(
        Redemption(
            name=life.name,
            redemption_id=redemption_id,
            state="redeemed" if held_for is None else "held",
            points=points,
            portions=tuple(_portion(*each[1:], owner=each.owner, spender=own) for each in parts),
            asked_at=now,
            changed_at=now,
            hold_until=None if held_for is None else now + held_for,
            reference=reference,
            counted_on=now.astimezone(rules.zone).date() if held_for is None else None,
            household_id=beside.pool.household.household_id,
        )
    )


def committed(
    beside: Beside, life: Life, redemption: Redemption, cause: Cause, points: int | None, now: datetime, zone: ZoneInfo
) -> Changed | Refusal:
    """Redeem what is held of each, or a part of it and free the rest; what was held first is redeemed first."""
    wanted = redemption.points if points is None else points
    if not _joint(redemption) or wanted > redemption.points or domain.not_held(redemption, now) is not None:
        return domain.committed(life, redemption, cause, points, now, zone)
    first, _ = split(_shares(redemption), wanted)
    per_owner = _sums(redemption, first)

    def end(whose: Life, part: Redemption, owner: UUID | None) -> Changed | Refusal:
        if not per_owner.get(owner):
            return domain.released(whose, part, cause, now)
        return domain.committed(whose, part, cause, per_owner[owner], now, zone)

    made = _each(beside, life, redemption, cause, now, end)
    if isinstance(made, Refusal):
        return made
    whole = replace(
        redemption,
        state="redeemed",
        points=wanted,
        portions=_gathered(redemption, {own: part for own, part in made.items() if per_owner.get(own)}),
        changed_at=now,
        counted_on=now.astimezone(zone).date(),
    )
    return Changed(whole, sum(part.lapsed for part in made.values()))


def released(
    beside: Beside, life: Life, redemption: Redemption, cause: Cause, now: datetime, *, over: bool = False
) -> Changed | Refusal:
    """Free what is held of each."""
    if not _joint(redemption) or redemption.state != "held":
        return domain.released(life, redemption, cause, now, over=over)
    made = _each(
        beside, life, redemption, cause, now,
        lambda whose, part, _: domain.released(whose, part, cause, now, over=over),
    )  # fmt: skip
    if isinstance(made, Refusal):
        return made
    whole = replace(redemption, state="expired" if over else "released", changed_at=now)
    return Changed(whole, sum(part.lapsed for part in made.values()))


def cancelled(
    beside: Beside, life: Life, redemption: Redemption, cause: Cause, points: int | None, now: datetime,
    *, by: Doer, grace: timedelta, rules: Rules,
) -> Changed | Refusal:  # fmt: skip
    """Give what was redeemed back to each, or a part of it: what was taken last comes back first, whosever it is."""
    left = redemption.points - redemption.restored
    wanted = left if points is None else points
    if not _joint(redemption) or redemption.state != "redeemed" or wanted > left:
        return domain.cancelled(life, redemption, cause, points, now, by=by, grace=grace, rules=rules)
    last, _ = split(tuple(reversed(_shares(redemption))), wanted)
    per_owner = _sums(redemption, last)

    def end(whose: Life, part: Redemption, owner: UUID | None) -> Changed | Refusal:
        if not per_owner.get(owner):
            return Changed(part)
        return domain.cancelled(whose, part, cause, per_owner[owner], now, by=by, grace=grace, rules=rules)

    made = _each(beside, life, redemption, cause, now, end, wanted_of=per_owner)
    if isinstance(made, Refusal):
        return made
    restored = redemption.restored + wanted
    whole = replace(
        redemption,
        state="cancelled" if restored == redemption.points else "redeemed",
        restored=restored,
        portions=_gathered(redemption, made),
        changed_at=now,
    )
    own = made.get(None)
    return Changed(whole, sum(part.lapsed for part in made.values()), domain.NO_DATES if own is None else own.later)


def owners_of(redemption: Redemption) -> set[UUID]:
    """The others whose lots it took."""
    return {each.owner for each in redemption.portions if each.owner is not None}


def of_owners(redemption: Redemption, lives: Mapping[UUID, Life]) -> Beside | Refusal:
    """The others whose lots it took, out of lives in hand; one who is not there was merged into another member."""
    owners = owners_of(redemption)
    if not owners:
        return ALONE
    if not owners <= lives.keys():
        return OWNER_GONE
    return Beside({owner: lives[owner] for owner in sorted(owners)})


def _joint(redemption: Redemption) -> bool:
    return any(each.owner is not None for each in redemption.portions)


def _heads(own: MemberLedger, beside: Beside) -> Mapping[UUID, int]:
    return {own.member_id: own.seq, **{member: other.ledger.seq for member, other in beside.lives.items()}}


def _code(refused: str | None, common: Pooled, points: int, spendable: int) -> str | None:
    """Why not: where the points are there but may not be spent by this member, it is the limit."""
    if refused == "insufficient-points" and spendable + common.withheld >= points:
        return LIMITED.code
    return refused


def _portion(seq: int, wallet: str, lot_seq: int, amount: int, *, owner: UUID, spender: UUID) -> Portion:
    return Portion(seq, wallet, lot_seq, amount, owner=None if owner == spender else owner)


def _shares(redemption: Redemption) -> tuple[Share, ...]:
    """What is left to be given back; here the number of a share is the place of its portion."""
    return tuple(
        Share(place, each.wallet, each.lot_seq, each.amount - each.restored)
        for place, each in enumerate(redemption.portions)
        if each.amount > each.restored
    )


def _sums(redemption: Redemption, shares: Sequence[Share]) -> dict[UUID | None, int]:
    """How many points of shares are whose."""
    sums: dict[UUID | None, int] = {}
    for share in shares:
        owner = redemption.portions[share.seq].owner
        sums[owner] = sums.get(owner, 0) + share.amount
    return sums


def _each(
    beside: Beside,
    life: Life,
    redemption: Redemption,
    cause: Cause,
    now: datetime,
    end: Callable[[Life, Redemption, UUID | None], Changed | Refusal],
    wanted_of: Mapping[UUID | None, int] | None = None,
) -> dict[UUID | None, Changed] | Refusal:
    """Do it to each owner's part of a redemption, as if it were one of their own; to all of them, or to none."""
    parts = _parts(redemption)
    if wanted_of is not None:
        parts = {owner: part for owner, part in parts.items() if wanted_of.get(owner)}
    made: dict[UUID | None, Changed] = {}
    for owner in sorted(parts, key=str):
        whose = life if owner is None else beside.lives[owner]
        whose.catch_up(now, cause)
        done = end(whose, parts[owner], owner)
        if isinstance(done, Refusal):
            return done
        made[owner] = done
    return made


def _parts(redemption: Redemption) -> dict[UUID | None, Redemption]:
    """A redemption as if each owner had one of their own."""
    portions: dict[UUID | None, list[Portion]] = {}
    for each in redemption.portions:
        portions.setdefault(each.owner, []).append(each)
    tenant, programme, spender = redemption.name
    return {
        owner: replace(
            redemption,
            name=(tenant, programme, owner or spender),
            points=sum(each.amount for each in of_owner),
            restored=sum(each.restored for each in of_owner),
            portions=tuple(of_owner),
            order=None,
            bill=None,
        )
        for owner, of_owner in portions.items()
    }


def _gathered(redemption: Redemption, made: Mapping[UUID | None, Changed]) -> tuple[Portion, ...]:
    """The portions of all, as they are now, in the order in which they were taken; a member's lot is in one of them."""
    now = {
        (owner, each.lot_seq): each._replace(owner=owner)
        for owner, changed in made.items()
        for each in changed.redemption.portions
    }
    known = [(each.owner, each.lot_seq) for each in redemption.portions]
    was = {(each.owner, each.lot_seq): each for each in redemption.portions}
    kept = redemption.state == "redeemed"
    return tuple(now.get(name, was[name]) for name in known if name in now or kept)
