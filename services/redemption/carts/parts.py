"""The parts of a cart, had and given back by the desks of codes, cards and points, each under a name of its own.

Whatever is asked twice is done once, so a cart that was left halfway is gone on with, or undone, from its row alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from libs.contracts.carts import CartCode
from libs.contracts.codes import CodeAsk, ValueAnswer
from libs.contracts.gift_cards import CardAsk
from libs.contracts.redemption import Ask
from services.redemption.cards import store as cards
from services.redemption.cards.desk import CardDesk
from services.redemption.carts.model import CREDENTIAL, Back, Cart, HeldPoints
from services.redemption.codes.desk import CodeDesk
from services.redemption.domain import Refusal
from services.redemption.handlers import Desk
from services.redemption.values import NotDone


class _Redeemed(msgspec.Struct, frozen=True):
    redemption_id: UUID


_Follows = Literal["commit", "release", "cancel"]
_read_redeemed = msgspec.json.Decoder(_Redeemed).decode
_GONE = frozenset({"code-use-unknown", "redemption-unknown", "hold-ended", "hold-expired"})
"""What an undoing is refused for that has nothing left to undo."""
_SPENT = "cart-spent"


@dataclass(frozen=True, slots=True)
class PartDesk:
    """Asks for the parts of carts."""

    points: Desk
    codes: CodeDesk
    cards: CardDesk

    async def take(self, cart: Cart, *, hold: bool) -> Cart:
        """Have all parts of a cart: points held, or redeemed at once; return it with the name of their redemption.

        Raises:
            NotDone: one can't be had; those before it were.
        """
        for code in cart.parts.codes:
            _done(await self._use_code(cart, code))
        for card in cart.parts.cards:
            ask = CardAsk(
                "use",
                cart.tenant_id,
                CREDENTIAL,
                **_keyed(cart, "card-use", card.card_id),
                card_id=card.card_id,
                amount_minor=card.amount_minor,
                currency=cart.currency,
                reference=cart.receipt_number,
            )
            _done(await self.cards.serve(ask))
        return cart if cart.parts.points is None else await self._spend(cart, cart.parts.points, hold=hold)

    async def take_late(self, cart: Cart, *, codes: bool) -> tuple[Cart, tuple[str, ...]]:
        """Have again what can be had of a cart whose time was over; return it, and the codes of what is missing.

        `codes` is false where those of the cart do not count for its receipt: then none of them is used.
        """
        short = [] if codes else [_SPENT for _ in cart.parts.codes]
        wanted = cart if codes else replace(cart, parts=replace(cart.parts, codes=()))
        for part in _one_by_one(wanted):
            try:
                found = await self.take(part, hold=False)
            except NotDone as error:
                short.append(error.refusal.code)
            else:
                if found.parts.points is not None:
                    cart = replace(cart, parts=replace(cart.parts, points=found.parts.points))
        return cart, tuple(short)

    async def commit(self, cart: Cart) -> tuple[Cart, tuple[str, ...]]:
        """Redeem the points that are held; where they are free again already, redeem them anew."""
        points = cart.parts.points
        if points is None or points.redemption_id is None:
            return cart, ()
        answer = await self.points.serve(self._about_points(cart, "commit", points.redemption_id))
        if answer.refused is None:
            return cart, ()
        try:
            found = await self._spend(replace(cart, late=True), points, hold=False)
        except NotDone as error:
            return cart, (error.refusal.code,)
        return replace(cart, parts=found.parts), ()

    async def undo(self, cart: Cart) -> tuple[str, ...]:
        """Give all back that was had of a cart that is not bought; return the codes of what could not be."""
        refused = [await self._return_code(cart, code) for code in cart.parts.codes]
        refused += [await self._refund(cart, card.card_id, None) for card in cart.parts.cards]
        if cart.parts.points is not None:
            ask = self._about_points(cart, "release", cart.name_of("hold"))
            refused.append((await self.points.serve(ask)).refused)
        return _left(refused)

    async def give_back(self, cart: Cart, found: Back, returned_minor: int) -> tuple[str, ...]:
        """Give back what comes with a part of the receipt; return the codes of what could not be."""
        refused: list[str | None] = []
        points = cart.parts.points
        if points is not None and points.redemption_id is not None and found.bill_minor:
            ask = self._about_points(cart, "cancel", points.redemption_id, f" {returned_minor}")
            answer = await self.points.serve(replace(ask, returned_minor=found.bill_minor))
            refused.append(answer.refused)
        for card in found.cards:
            refused.append(await self._refund(cart, card.card_id, card.amount_minor, f" {returned_minor}"))
        refused += [await self._return_code(cart, code) for code in found.codes]
        return _left(refused)

    async def _use_code(self, cart: Cart, code: CartCode) -> ValueAnswer:
        ask = CodeAsk(
            "redeem",
            cart.tenant_id,
            CREDENTIAL,
            **_keyed(cart, "code-redeem", code.code_id),
            programme_id=cart.programme_id,
            member_id=cart.member_id,
            code_id=code.code_id,
            order=cart.parts.order,
            reference=cart.receipt_number,
            worth_minor=code.worth_minor,
        )
        return await self.codes.serve(ask)

    async def _return_code(self, cart: Cart, code: CartCode) -> str | None:
        use_id = cart.name_of("code-redeem", code.code_id)
        ask = CodeAsk("return", cart.tenant_id, CREDENTIAL, **_keyed(cart, "code-return", code.code_id), use_id=use_id)
        return (await self.codes.serve(ask)).refused

    async def _refund(self, cart: Cart, card_id: UUID, amount: int | None, part: str = "") -> str | None:
        """Put what a card paid back onto it, or so much of that; nothing where it paid nothing."""
        async with self.points.pool.acquire() as connection:
            paid = await cards.entry_of_cause(connection, cart.tenant_id, cart.name_of("card-use", card_id))
        if paid is None:
            return None
        keyed = _keyed(cart, f"card-refund{part}", card_id)
        ask = CardAsk(
            "refund",
            cart.tenant_id,
            CREDENTIAL,
            **keyed,
            card_id=card_id,
            amount_minor=amount,
            of_seq=paid[1].seq,
            reference=cart.receipt_number,
        )
        answer = await self.cards.serve(ask)
        return None if answer.refused == "refund-exceeded" and amount is None else answer.refused

    async def _spend(self, cart: Cart, points: HeldPoints, *, hold: bool) -> Cart:
        operation = "hold" if hold else "redeem"
        ask = Ask(
            "hold" if hold else "redeem",
            cart.tenant_id,
            CREDENTIAL,
            **_keyed(cart, operation, ""),
            programme_id=cart.programme_id,
            member_id=cart.member_id,
            points=points.points,
            bill_minor=points.bill_minor,
            currency=cart.currency,
            reference=cart.receipt_number,
        )
        answer = await self.points.serve(ask)
        if answer.refused is not None:
            raise NotDone(Refusal(answer.refused, answer.detail or ""))
        redemption_id = _read_redeemed(bytes(answer.body)).redemption_id
        return replace(cart, parts=replace(cart.parts, points=replace(points, redemption_id=redemption_id)))

    def _about_points(self, cart: Cart, operation: _Follows, redemption_id: UUID, part: str = "") -> Ask:
        keyed = _keyed(cart, f"{operation}{part}", "")
        return Ask(operation, cart.tenant_id, CREDENTIAL, **keyed, redemption_id=redemption_id)


def _one_by_one(cart: Cart) -> list[Cart]:
    """The cart cut into carts of one part each."""
    parts, nothing = cart.parts, replace(cart.parts, codes=(), cards=(), points=None)
    found = [replace(nothing, codes=(code,)) for code in parts.codes]
    found += [replace(nothing, cards=(card,)) for card in parts.cards]
    if parts.points is not None:
        found.append(replace(nothing, points=parts.points))
    return [replace(cart, parts=each) for each in found]


def _keyed(cart: Cart, what: str, of: UUID | str) -> dict[str, Any]:
    key = cart.key(what, of)
    return {"key": key, "fingerprint": key}


def _left(refused: Sequence[str | None]) -> tuple[str, ...]:
    """What was refused, but for what had nothing to undo any more."""
    return tuple(code for code in refused if code is not None and code not in _GONE)


def _done(answer: ValueAnswer) -> None:
    if answer.refused is not None:
        raise NotDone(Refusal(answer.refused, answer.detail or ""), answer.reasons, answer.retry_after)
