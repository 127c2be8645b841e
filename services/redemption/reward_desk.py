"""Rewards as requests deal with them: loaded in the request's transaction, offered, ordered, and saved with stock."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.catalogue.orders import Order
from libs.catalogue.pricing import Price
from libs.catalogue.rows import seal_context
from libs.codes.keeping import CodeKeeper
from libs.contracts.choices import CREDENTIAL as CHOICES
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Ask
from libs.ledger.model import MemberLedger
from libs.lives.life import Life, MemberName
from libs.lives.made import Cause
from libs.runtime.batch import Outgoing
from libs.runtime.seal import Seal
from services.redemption import domain, issuing, order_store, ordering, telling
from services.redemption.deciding import Patience, id_of, name_of
from services.redemption.domain import Redemption, Refusal, Rules
from services.redemption.households import jointly
from services.redemption.households.pool import ALONE, Beside
from services.redemption.order_store import Written
from services.redemption.ordering import Done, Goods
from services.redemption.settings import RedemptionSettings

_NO_ORDER = OrderAsk()
_ISSUES = frozenset({"redeem", "grant", "commit"})
"""What issues what is usable at once."""
_CHOICE_OVER = Refusal("choice-over", "What granted it was taken back.")
_SCARCE = {
    "sold-out": Refusal("reward-sold-out", "Others were faster: there is not so much left."),
    "total-limit": Refusal("reward-limit", "Others were faster: all of this time are taken."),
}


@dataclass(frozen=True, slots=True)
class RewardDesk:
    """What orders are made with: how long holds last, and the key of what is sealed and issued."""

    terms: Patience
    seal: Seal
    key: bytes
    keeper: CodeKeeper

    @classmethod
    def of(cls, settings: RedemptionSettings) -> RewardDesk:
        """Make one from the settings."""
        key = settings.seal_key.get_secret_value()
        raw = base64.b64decode(key)
        patience = Patience(settings.hold, settings.grace)
        return cls(patience, Seal.from_base64(key), raw, CodeKeeper.from_seal_key(raw))

    async def quote(
        self,
        connection: asyncpg.Connection,
        ask: Ask,
        name: MemberName,
        ledger: MemberLedger,
        rules: Rules,
        at: datetime,
        beside: Beside = ALONE,
    ) -> bytes | Refusal:
        """Tell what a reward would take of a member, or of the household, or what bars it."""
        goods = await self.goods(connection, ask, name, None, rules, at)
        if not isinstance(goods, Goods):
            return goods or unknown_reward()
        assert ask.order is not None
        goods = goods._replace(facts=ordering.seen_by(goods.facts, ledger, rules, at, beside))
        found = ordering.offered(goods, ask.order, ask.points, at, rules)
        made = None
        if found.price is not None:
            made = self._quoted(found.price, ledger, rules, at, beside)
        return telling.offer_quote(name[2], rules, found, made, ledger, ask.language, beside)

    def _quoted(
        self, price: Price, ledger: MemberLedger, rules: Rules, at: datetime, beside: Beside
    ) -> domain.Quoted | None:
        wallets = domain.wallets_of(rules, price.wallet)
        if isinstance(wallets, Refusal):
            return None
        points = max(price.points, 1)
        if beside.pool is None:
            made = domain.quoted(ledger, points, wallets, at, rules.rest)
        else:
            made = jointly.quoted(beside, ledger, points, wallets, at)
        return made if price.points else made._replace(portions=())

    async def goods(
        self,
        connection: asyncpg.Connection,
        ask: Ask,
        name: MemberName,
        redemption: Redemption | None,
        rules: Rules,
        at: datetime,
    ) -> Goods | Refusal | None:
        """Load the reward that a request is about, and what decides who may have it; None when it is about none."""
        order = None if redemption is None else redemption.order
        kept = await order_store.load_reward(connection, name, ask.order, order)
        if kept is None:
            asked = redemption is None and ask.order is not None and ask.order.reward is not None
            return unknown_reward() if asked else None
        if order is not None:
            goods = Goods(kept.reward, kept.version, secret=self._secret(order.order_id))
        else:
            chosen = ask.operation == "grant" and ask.credential == CHOICES
            if chosen and not await order_store.may_choose(connection, name, id_of(name_of(ask))):
                return _CHOICE_OVER
            store = None if ask.order is None else ask.order.store
            goods = await order_store.load_goods(connection, name, kept, store, at, rules.zone)
        if kept.reward.codes is None or ask.operation not in _ISSUES:
            return goods
        return await self._with_codes(connection, ask, name, order, goods, at)

    async def _with_codes(
        self,
        connection: asyncpg.Connection,
        ask: Ask,
        name: MemberName,
        order: Order | None,
        goods: Goods,
        at: datetime,
    ) -> Goods:
        """Hand out the codes that the order is about to issue; where it is refused, that is undone with it."""
        pool, asked = goods.reward.codes, ask.order or _NO_ORDER
        assert pool is not None
        order_id, pieces = id_of(name_of(ask)), asked.quantity or 1
        if order is not None:
            if order.state != "held":
                return goods
            order_id, pieces = order.order_id, order.quantity
        pooled = await issuing.hand_out(connection, self.keeper, name, pool, order_id, pieces, at)
        return goods._replace(pooled=pooled)

    def decide(
        self,
        ask: Ask,
        life: Life,
        redemption: Redemption | None,
        goods: Goods,
        rules: Rules,
        cause: Cause,
        at: datetime,
        beside: Beside = ALONE,
    ) -> Done | Refusal:
        """Decide a request about a reward on the member's ledger, on which time is recorded."""
        if redemption is not None:
            if ask.points is not None:
                return Refusal("points-not-divisible", "A reward is committed whole and given back by the piece.")
            made = ordering.followed(
                ask.operation, life, redemption, goods, ask.order or _NO_ORDER, ask.by, cause, at, rules, self.terms,
                beside,
            )  # fmt: skip
            return made if isinstance(made, Refusal) else Done(made)
        assert ask.order is not None
        goods = goods._replace(
            facts=ordering.seen_by(goods.facts, life.ledger, rules, at, beside), secret=self._secret(cause.key)
        )
        hold = self.terms.hold if ask.operation == "hold" else None
        return ordering.begun(life, goods, ask.order, ask.points, cause, at, rules, hold, ask.reference, beside)

    async def save(
        self,
        connection: asyncpg.Connection,
        before: Order | None,
        after: Redemption,
        goods: Goods,
        personal: Mapping[str, Any],
        now: datetime,
        by: str,
    ) -> list[Outgoing] | Refusal:
        """Save an order, move its stock, and make codes void that were given up; a refusal says that it was too late.

        Returns what is to be told of codes.
        """
        assert after.order is not None
        told: list[Outgoing] = []
        if before is not None and goods.reward.codes is not None:
            void = await issuing.take_back(connection, after.name[0], before, after.order, now, own=by == "member")
            if isinstance(void, Refusal):
                return void
            told = void
        refused = await order_store.save(connection, [self.written(before, after, goods, personal)])
        return told if refused is None else _SCARCE[refused]

    def written(self, before: Order | None, after: Redemption, goods: Goods, personal: Mapping[str, Any]) -> Written:
        """An order as it is saved, with what was said with it that is sealed."""
        assert after.order is not None
        sealed = None
        if personal:
            sealed = self.seal.close(orjson.dumps(personal), seal_context(after.order.order_id))
        return Written(after.name, before, after.order, goods.reward, sealed)

    async def opened(self, connection: asyncpg.Connection, tenant_id: int, body: bytes) -> bytes:
        """An answer with the texts of codes, for whoever ordered."""
        return await issuing.with_texts(connection, self.keeper, tenant_id, body)

    def _secret(self, order_id: UUID) -> bytes:
        """Twenty bytes of an order that nobody outside can know."""
        return hmac.new(self.key, b"pointstream reward " + order_id.bytes, sha256).digest()[:20]


def unknown_reward() -> Refusal:
    """Why what the catalogue does not have is not ordered."""
    return Refusal("reward-unknown", "The catalogue has no reward of this name.")
