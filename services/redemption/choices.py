"""Choices that campaigns grant: kept until the member chooses; what one became is an order.

The order of a choice goes by an id that follows from the choice, so that no two can be made of one.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from libs.contracts.choices import CREDENTIAL, choice_key
from libs.promotions.choices import Choice
from libs.runtime import sql
from libs.runtime.keys import event_id
from services.redemption import store
from services.redemption.deciding import RequestName, id_of
from services.redemption.gifts import Given
from services.redemption.handlers import Desk

_QUERIES = sql.load("services.redemption", "choices.sql")


def of(desk: Desk, scope: tuple[int, int], reference: str) -> Choice | None:
    """The choice of this name that the programme in force has; None where it is none."""
    rules = desk.programmes.of(scope, desk.clock.now())
    return None if rules is None else next((each for each in rules.choices if each.name == reference), None)


async def keep(desk: Desk, scope: tuple[int, int], choice: Choice, event: str, number: int, given: Given) -> None:
    """Keep a choice that an event grants; the same event keeps the same choice."""
    choice_id = UUID(event_id(str(scope[0]), event, "choice", str(given.member_id), number))
    order_id = id_of(RequestName(scope[0], CREDENTIAL, "grant", choice_key(choice_id)))
    now = desk.clock.now()
    async with desk.pool.acquire() as connection, connection.transaction():
        await store.see(connection, scope[0])
        await connection.execute(
            _QUERIES["keep"], *scope, given.member_id, choice_id, choice.name, choice.title, list(choice.rewards),
            now, now + timedelta(days=choice.within_days), order_id, given.campaign, given.cause_id,
        )  # fmt: skip


async def revoke(desk: Desk, scope: tuple[int, int], event: str, given: Given) -> list[UUID]:
    """Take choices of a campaign back, the youngest first; return the orders that they became, or would have.

    The same event takes the same choices back.
    """
    whose = (*scope, given.member_id)
    async with desk.pool.acquire() as connection, connection.transaction():
        await store.see(connection, scope[0])
        now = desk.clock.now()
        await connection.execute(
            _QUERIES["revoke"], *whose, given.reference, given.campaign, given.quantity, now, event
        )
        rows = await connection.fetch(_QUERIES["revoked"], *whose, event)
    return [row["order_id"] for row in rows]
