"""From a wish to an order: the answers that its kind asks for, what is issued, and what it will take. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from libs.catalogue.facts import Asking
from libs.catalogue.kinds.base import Issued, Issuing
from libs.catalogue.kinds.registry import kind_of
from libs.catalogue.limits import period_name
from libs.catalogue.orders import Order
from libs.catalogue.pricing import Price
from libs.catalogue.reward import Reward


class Answered(NamedTuple):
    """What a member said with an order: what may be read by all who work on it, and what is sealed."""

    plain: Mapping[str, Any]
    personal: Mapping[str, Any]


class Unanswered(NamedTuple):
    """What the kind asks for was not said, or not so: where, and what was expected."""

    faults: tuple[tuple[str, str], ...]


def answered(reward: Reward, answers: Mapping[str, Any]) -> Answered | Unanswered:
    """Check what was said with an order against what its kind asks."""
    kind = kind_of(reward.what)
    try:
        asked = kind.asked.model_validate(answers)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        return Unanswered(tuple(("/" + "/".join(map(str, each["loc"])), each["msg"]) for each in faults))
    if kind.answers(reward.what, asked) is not None:
        return Unanswered((("/", f"{kind.name} asks for {', '.join(kind.asked.model_fields)}"),))
    told = asked.model_dump(mode="json", exclude_none=True)
    return Answered(
        {name: value for name, value in told.items() if name not in kind.personal},
        {name: value for name, value in told.items() if name in kind.personal},
    )


def placed(
    reward: Reward,
    version: int,
    order_id: UUID,
    price: Price,
    asking: Asking,
    said: Answered,
    now: datetime,
    zone: ZoneInfo,
) -> Order:
    """The order of a reward that is held."""
    kind = kind_of(reward.what)
    today = now.astimezone(zone).date()
    return Order(
        order_id=order_id,
        reference=reward.reference,
        version=version,
        kind=kind.name,
        category=reward.category,
        state="held",
        quantity=asking.quantity,
        price=price,
        asked_at=now,
        changed_at=now,
        store=asking.store,
        channel=asking.channel,
        stock_at={"unlimited": None, "global": "", "by_store": asking.store}[reward.stock],
        counted_in=None if reward.in_total is None else period_name(reward.in_total.per, today),
        starts_on=_begins(reward, said),
        answers=said.plain,
    )


def _begins(reward: Reward, said: Answered) -> date | None:
    """The day on which it takes place; of a gift whose day nobody has said yet, none."""
    kind = kind_of(reward.what)
    try:
        asked = kind.asked.model_validate({**said.plain, **said.personal})
    except ValidationError:
        return None
    return kind.begins(reward.what, asked)


_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without what looks alike: no 0, 1, I or O."""


class Pooled(NamedTuple):
    """A code that was handed out for a piece, and until when it counts by itself."""

    code_id: UUID
    expires_at: datetime | None


def piece_of(order_id: UUID, piece: int) -> UUID:
    """The name of a piece of an order, for which a code is handed out once."""
    return UUID(bytes=blake2b(order_id.bytes + piece.to_bytes(8, "big"), digest_size=16).digest())


def issue(
    reward: Reward,
    order_id: UUID,
    quantity: int,
    secret: bytes,
    now: datetime,
    zone: ZoneInfo,
    pooled: Sequence[Pooled] = (),
) -> tuple[Issued, ...]:
    """What the member can use at once, one for each piece; the same for the same order, and not to be guessed.

    `secret` is 20 random-looking bytes that nobody outside can know; `pooled` are the codes of a reward with a pool.
    """
    if reward.codes is not None:
        assert len(pooled) == quantity, "codes are had before anything is issued"
        return tuple(Issued("pooled", str(each.code_id), _last_day(each.expires_at, zone)) for each in pooled)
    kind = kind_of(reward.what)
    today = now.astimezone(zone).date()
    made = [
        kind.issue(reward.what, Issuing(order_id, piece, today, _letters(secret, piece))) for piece in range(quantity)
    ]
    return tuple(each for each in made if each is not None)


def _last_day(expires_at: datetime | None, zone: ZoneInfo) -> date | None:
    return None if expires_at is None else (expires_at - timedelta(microseconds=1)).astimezone(zone).date()


def _letters(secret: bytes, piece: int) -> str:
    number = int.from_bytes(blake2b(piece.to_bytes(8, "big"), key=secret, digest_size=10).digest(), "big")
    letters = "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -5, -5))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:12]}-{letters[12:]}"
