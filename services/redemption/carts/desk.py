"""Requests about carts, and what becomes of carts: held whole or not at all, bought with a receipt, let go, over.

A cart's row is locked while its parts are had or given back by the desks that these belong to. What was done is known
by names that follow from the cart's, so whatever stops halfway is gone on with.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from libs.codes.keeping import CodeKeeper
from libs.codes.pattern import Random
from libs.codes.proof import CartProofs
from libs.contracts.carts import CartAsk, CartView
from libs.contracts.codes import ValueAnswer
from libs.runtime import logs
from services.redemption import store as requests
from services.redemption.cards.desk import CardDesk
from services.redemption.carts import store
from services.redemption.carts.model import Cart, HeldPoints, Parts, Stands, back, returned
from services.redemption.carts.parts import PartDesk
from services.redemption.codes.desk import CodeDesk
from services.redemption.deciding import BLOCKED, REUSED, RequestName, id_of
from services.redemption.domain import Refusal
from services.redemption.handlers import Desk, again
from services.redemption.values import NotDone, Tools

log = logs.get(__name__)
GRACE = timedelta(minutes=10)
"""How long a cart waits beyond its time for a receipt that is on its way."""
_AT_ONCE = 3
_Ended = Literal["released", "expired"]
_UNKNOWN = Refusal("cart-unknown", "Nothing of your company has this id.")
_ENDED = Refusal("cart-ended", "The cart is not held any more.")
_TAKEN = Refusal("receipt-has-cart", "Another cart is set aside for this receipt, or was bought with it.")


@dataclass(frozen=True, slots=True)
class CartDesk:
    """Where carts are served. `short` hears how much of carts could not be had or given back."""

    tools: Tools
    parts: PartDesk
    proofs: CartProofs
    short: Callable[[int], None]
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    """So many at once: each needs a connection while its parts need others of the same pool."""

    @classmethod
    def over(
        cls, points: Desk, missed: Callable[[str], None], short: Callable[[int], None], random: Random
    ) -> CartDesk:
        """The desk of carts with those of codes and cards, over the one of points."""
        key = points.settings.seal_key.get_secret_value()
        keeper = CodeKeeper.from_base64(key)
        tools = Tools(
            points.pool, points.programmes, points.clock, points.settings, keeper, points.committed, missed, random
        )
        parts = PartDesk(points, CodeDesk(tools), CardDesk(tools))
        return cls(tools, parts, CartProofs.from_seal_key(base64.b64decode(key)), short)

    async def serve(self, ask: CartAsk) -> ValueAnswer:
        """Serve one request.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists: it is not known whether it was done.
        """
        try:
            match ask.operation:
                case "known":
                    return await self._known(ask)
                case "hold":
                    return await self._hold(ask)
                case "release":
                    return await self._release(ask)
        except NotDone as error:
            return error.answer

    async def settle(self, tenant_id: int, cart_id: UUID, stands: Stands) -> None:
        """Commit a cart with its receipt, and give back what came back of that; the same as often as it is told.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists: it is to be told again.
        """
        now = self.tools.clock.now()
        async with self._alone(tenant_id, cart_id) as (connection, kept):
            if kept is None:
                log.warning("cart.unknown", cart_id=str(cart_id))
                return
            if kept.state == "returned":
                return
            cart, ended = await self._bought(connection, kept, stands.total_minor), not stands.anything
            back_now = returned(cart, stands)
            if back_now > cart.returned_minor or ended:
                self._missed(cart, await self.parts.give_back(cart, back(cart, back_now, ended=ended), back_now))
                cart = replace(cart, returned_minor=max(back_now, cart.returned_minor))
            if ended:
                cart = replace(cart, state="returned")
                await store.say(connection, cart, "returned", now)
            await store.change(connection, cart, now)

    async def expire_due(self, most: int) -> int:
        """Give back what carts keep whose time is over, so many at most; return how many they were.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        now = self.tools.clock.now()
        due = await store.over(self.tools.pool, now - GRACE, most)
        for tenant_id, cart_id in due:
            await self._give_up(tenant_id, cart_id, "expired", now)
        return len(due)

    async def _known(self, ask: CartAsk) -> ValueAnswer:
        """The answer under a key, where there is one; null where it is new.

        What was begun under the key and left halfway is gone on with, as it was asked for then: whoever asks again
        could not quote it any more, for the cart itself has some of it.
        """
        cart = await store.look(self.tools.pool, ask.tenant_id, _name(ask))
        if cart is None or (not cart.whole and cart.state != "held"):
            return ValueAnswer()
        return await self._whole(cart, ask)

    async def _hold(self, ask: CartAsk) -> ValueAnswer:
        now = self.tools.clock.now()
        assert ask.programme_id is not None
        rules = self.tools.programmes.of((ask.tenant_id, ask.programme_id), now)
        if rules is not None and ask.member_id in rules.blocked:
            raise NotDone(BLOCKED)
        wanted = _cart(ask, now + self.tools.settings.hold)
        kept = await again(partial(store.begin, self.tools.pool, wanted, now))
        if kept is None:
            raise NotDone(_TAKEN)
        return await self._whole(kept, ask)

    async def _whole(self, kept: Cart, ask: CartAsk) -> ValueAnswer:
        """Have all of a cart that was begun, or let go what was had of it."""
        if kept.whole:
            return self._replayed(kept, ask)
        now = self.tools.clock.now()
        async with self._alone(kept.tenant_id, kept.cart_id) as (connection, begun):
            if begun is None or begun.fingerprint != ask.fingerprint:
                raise NotDone(REUSED)
            if begun.whole:
                return self._replayed(begun, ask)
            if begun.state != "held":
                raise NotDone(_ENDED)
            try:
                cart = replace(await self.parts.take(begun, hold=True), whole=True)
            except NotDone as error:
                await self._end(connection, begun, "released", now)
                return error.answer
            await store.change(connection, cart, now)
            await store.offer(connection, cart, now)
        return ValueAnswer(self._told(cart, cart.told), made=True)

    def _replayed(self, cart: Cart, ask: CartAsk) -> ValueAnswer:
        if cart.fingerprint != ask.fingerprint:
            raise NotDone(REUSED)
        return ValueAnswer(self._told(cart, cart.told), made=True, replayed=True)

    async def _found(self, ask: CartAsk) -> Cart:
        assert ask.cart_id is not None
        cart = await store.look(self.tools.pool, ask.tenant_id, ask.cart_id)
        if cart is None:
            raise NotDone(_UNKNOWN)
        return cart

    async def _release(self, ask: CartAsk) -> ValueAnswer:
        now = self.tools.clock.now()
        await self._found(ask)
        assert ask.cart_id is not None
        cart = await self._give_up(ask.tenant_id, ask.cart_id, "released", now)
        if cart is None or cart.state != "released":
            raise NotDone(_ENDED)
        return ValueAnswer(self._told(cart, None))

    async def _give_up(self, tenant_id: int, cart_id: UUID, state: _Ended, now: datetime) -> Cart | None:
        """Give up a cart, and all that was had of it; return it as it is then, None when its receipt was first."""
        while await store.give_up(self.tools.pool, tenant_id, cart_id, state, now):
            async with self._alone(tenant_id, cart_id) as (connection, cart):
                if cart is None or cart.state != "held":
                    return cart
                if await store.word_of(connection, tenant_id, cart_id) != "held":  # else it was had only now
                    return await self._end(connection, cart, state, now)
        return None

    async def _end(self, connection: asyncpg.Connection, cart: Cart, state: _Ended, now: datetime) -> Cart:
        self._missed(cart, await self.parts.undo(cart))
        cart = replace(cart, state=state)
        await store.change(connection, cart, now)
        return cart

    async def _bought(self, connection: asyncpg.Connection, cart: Cart, total_minor: int) -> Cart:
        """The cart once its receipt was bought: its points are redeemed, or all is had again that was given back.

        Of a member who was merged since it is whoever they are now that pays.
        """
        if cart.state == "bought":
            return cart
        if cart.member_id is not None:
            whose = (cart.tenant_id, cart.programme_id, cart.member_id)
            cart = replace(cart, member_id=await requests.leads_to(connection, whose))
        if cart.state == "held":
            cart, short = await self.parts.commit(cart)
        else:
            spent = await store.word_of(connection, cart.tenant_id, cart.cart_id) == "spent"
            cart, short = await self.parts.take_late(replace(cart, late=True), codes=not spent)
        self._missed(cart, short)
        return replace(cart, state="bought", total_minor=total_minor)

    def _alone(
        self, tenant_id: int, cart_id: UUID
    ) -> AbstractAsyncContextManager[tuple[asyncpg.Connection, Cart | None]]:
        return store.alone(self.tools.pool, self.turns, tenant_id, cart_id)

    def _missed(self, cart: Cart, short: tuple[str, ...]) -> None:
        if short:
            log.warning("cart.short", cart_id=str(cart.cart_id), codes=short)
            self.short(len(short))

    def _told(self, cart: Cart, quote: str | None) -> msgspec.Raw:
        parts, points = cart.parts, cart.parts.points
        view = CartView(
            cart_id=cart.cart_id,
            token=self.proofs.sign(cart.receipt_key, cart.signed),
            state=cart.state,
            held_until=cart.held_until,
            receipt_number=cart.receipt_number,
            store=cart.store,
            currency=cart.currency,
            total_minor=cart.total_minor,
            codes=tuple(msgspec.to_builtins(parts.codes)),
            points=None if points is None else {"points": points.points, "paid_minor": points.paid_minor},
            gift_cards=tuple(msgspec.to_builtins(parts.cards)),
            returned_minor=cart.returned_minor,
            quote=None if quote is None else msgspec.json.decode(quote),
        )
        return msgspec.Raw(view.model_dump_json().encode())


def _name(ask: CartAsk) -> UUID:
    return id_of(RequestName(ask.tenant_id, ask.credential, "cart-hold", ask.key))


def _cart(ask: CartAsk, until: datetime) -> Cart:
    assert ask.programme_id is not None
    assert ask.receipt_key is not None
    points = ask.points
    return Cart(
        tenant_id=ask.tenant_id,
        programme_id=ask.programme_id,
        cart_id=_name(ask),
        member_id=ask.member_id,
        receipt_key=ask.receipt_key,
        receipt_number=ask.receipt_number,
        store=ask.store,
        state="held",
        fingerprint=ask.fingerprint,
        held_until=until,
        currency=ask.currency,
        total_minor=ask.total_minor,
        parts=Parts(
            ask.codes,
            ask.cards,
            None if points is None else HeldPoints(points.points, points.paid_minor, points.bill_minor),
            ask.order,
        ),
        told=bytes(ask.told).decode(),
    )
